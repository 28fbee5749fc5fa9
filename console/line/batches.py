"""A batch in one view: what it is, how its caps stand, its packages and reports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batch import Batch
from codegen.pipeline import get_counted_batch
from console.frame.context import ConsoleContext
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.frame.watching import read_watch
from core.auth import Role
from printer_export.domain.packages.package_state import PackageFilter
from printer_export.domain.reconciliation import ReasonCount
from printer_export.domain.reports.statuses import STATUSES
from printer_export.pipeline.packages.orders import list_packages
from printer_export.pipeline.packages.views import view_package
from printer_export.pipeline.reports.unit_accounts import add_up_units
from printer_export.store.packages import orders as package_store
from printer_export.store.reports import records as report_store

VIEWERS: Final = (Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
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
    counts = await report_store.load_counts(conn, batch_id, batch.quantity)
    reasons = await report_store.load_tallies(conn, batch_id)
    rows: list[ReasonCount | Correction]
    rows = [*reasons, *_corrections(counts, reasons)]
    grades = Counter[str | None]()
    for each in rows:
        if each.status == PRINTED:
            grade = None if isinstance(each, Correction) else each.grade
            grades[grade] += each.quantity
    return {
        "is_trial": bool(await package_store.find_samples_among(conn, [batch_id])),
        "counts": counts,
        "losses": [each for each in rows if each.status != PRINTED],
        # Those without a grade come last.
        "grades": sorted(grades.items(), key=lambda each: (not each[0], each[0] or "")),
        "pace": await _pace(conn, batch_id, context.now),
        "units": await add_up_units(conn, batch_id),
        "reports": await report_store.list_reports(
            conn, batch_id, before_id=None, limit=_SHOWN
        ),
        "packages": [view_package(each, page.staff, context.now) for each in packages],
    }


@dataclass(frozen=True, slots=True)
class Correction:
    """By how much the reasons of a status are too few, or too many below zero."""

    status: str
    quantity: int
    grade: str = ""


def _corrections(
    counts: Mapping[str, int], reasons: Sequence[ReasonCount]
) -> list[Correction]:
    """Tell what reasons and grades have too much or too little, so that they add up.

    A cap that was printed with a grade may be spoilt later, or have been told twice.
    """
    told = Counter[str]()
    for each in reasons:
        told[each.status] += each.quantity
    return [
        Correction(status, more)
        for status in STATUSES[1:]
        if told[status] and (more := counts[status] - told[status])
    ]


async def _pace(
    conn: AsyncConnection, batch_id: int, now: datetime
) -> dict[str, int | None]:
    """Tell how long ago the last report came, and what the last hour printed."""
    latest = await report_store.list_reports(conn, batch_id, before_id=None, limit=1)
    since = now - timedelta(hours=1)
    return {
        "minutes": int((now - latest[0].at).total_seconds() // 60) if latest else None,
        "printed": await report_store.count_printed(conn, batch_id, since),
    }
