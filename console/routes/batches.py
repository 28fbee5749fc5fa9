"""A batch in one view: what it is, how its caps stand, its packages and reports."""

from collections import Counter
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batch import Batch
from codegen.pipeline import get_counted_batch
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.rendering import render
from console.visits import StaffVisit
from core.auth import Role
from printer_export.domain.life import PackageFilter
from printer_export.pipeline.packages import list_packages
from printer_export.pipeline.unit_accounts import add_up_units
from printer_export.routes.packages import view_package
from printer_export.store import reports as report_store

VIEWERS: Final = (Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
PRINTED: Final = "printed"
_SHOWN: Final = 20


@room(HttpMethod.GET, "/batches/{batch_id:int}", *VIEWERS)
async def show_batch(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show a batch; `?watch` is for a screen on the wall, which reads it again."""
    async with desk.engine.connect() as conn:
        batch_id = request.path_params["batch_id"]
        batch = await get_counted_batch(conn, batch_id, visit.staff)
        facts = await _facts(conn, desk, visit, batch)
    return render(
        desk,
        visit,
        "batch.html",
        batch=batch,
        watching="watch" in request.query_params,
        **facts,
    )


async def _facts(
    conn: AsyncConnection, desk: ConsoleDesk, visit: StaffVisit, batch: Batch
) -> dict[str, Any]:
    batch_id = batch.batch_id
    packages = await list_packages(
        conn, visit.staff, PackageFilter(batch_id=batch_id), limit=_SHOWN
    )
    reasons = await report_store.load_tallies(conn, batch_id)
    grades = Counter[str]()
    for each in reasons:
        if each["status"] == PRINTED:
            grades[each["grade"]] += each["quantity"]
    return {
        "counts": await report_store.load_counts(conn, batch_id, batch.quantity),
        "losses": [each for each in reasons if each["status"] != PRINTED],
        # Those without a grade come last.
        "grades": sorted(grades.items(), key=lambda each: (not each[0], each[0])),
        "units": await add_up_units(conn, batch_id),
        "reports": await report_store.list_reports(
            conn, batch_id, before_id=None, limit=_SHOWN
        ),
        "packages": [view_package(each, visit.staff, desk.now) for each in packages],
    }
