"""A batch in one view: what it is, how its caps stand, its packages and reports."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.pipeline import get_counted_batch
from console.frame.context import ConsoleContext
from console.frame.navigation import VIEWERS
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.line.watching import read_watch
from printer_export.domain.packages.package_state import PackageFilter
from printer_export.domain.reconciliation import ReasonCount
from printer_export.domain.reports.taking import TakenReport
from printer_export.pipeline.packages.orders import list_packages
from printer_export.pipeline.packages.views import view_package
from printer_export.pipeline.reports.progress import Correction, load_progress

PRINTED: Final = "printed"
_SHOWN: Final = 20
# What a refused report brings back to its form.
_REFILLED: Final = ("file", "on_error", "activate", "again")


@staff_page(HttpMethod.GET, "/batches/{batch_id:int}", *VIEWERS)
async def show_batch(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a batch; `?watch` is for a screen on the wall, which reads it again."""
    async with context.engine.connect() as conn:
        batch_id = request.path_params["batch_id"]
        batch = await get_counted_batch(conn, batch_id, page.staff)
        facts = await _facts(conn, context, page, batch)
    return render(
        context,
        page,
        "batch.html",
        batch=batch,
        watching=read_watch(request).value,
        form={name: request.query_params.get(name, "") for name in _REFILLED},
        **facts,
    )


async def _facts(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, batch: Batch
) -> dict[str, Any]:
    batch_id = batch.batch_id
    packages = await list_packages(
        conn, page.staff, PackageFilter(batch_id=batch_id), limit=_SHOWN
    )
    lately = context.now - timedelta(hours=1)
    stand = await load_progress(conn, batch, lately=lately, limit=_SHOWN)
    rows: list[ReasonCount | Correction] = [*stand.reasons, *stand.corrections]
    grades = Counter[str | None]()
    for each in rows:
        if each.status == PRINTED:
            grade = None if isinstance(each, Correction) else each.grade
            grades[grade] += each.quantity
    return {
        "is_trial": stand.is_trial,
        "counts": stand.counts,
        "losses": [each for each in rows if each.status != PRINTED],
        # Those without a grade come last.
        "grades": sorted(grades.items(), key=lambda each: (not each[0], each[0] or "")),
        "minutes": _minutes_since(stand.reports, context.now),
        "printed_lately": stand.printed_lately,
        "units": stand.units,
        "reports": stand.reports,
        "packages": [view_package(each, page.staff, context.now) for each in packages],
    }


def _minutes_since(reports: Sequence[TakenReport], now: datetime) -> int | None:
    """Tell how long ago the newest report came; None without any."""
    return int((now - reports[0].at).total_seconds() // 60) if reports else None
