"""The first room: what waits for the visitor, and the batches they work with."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batch import BatchFilter
from codegen.pipeline import list_batches
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.rendering import HOME, render
from console.routes.batches import VIEWERS
from console.visits import StaffVisit
from core.auth import Role
from printer_export.pipeline.packages import may_see
from printer_export.routes.packages import PackageView, view_package
from printer_export.store import packages as package_store
from printer_export.store import reports as report_store

_BATCHES: Final = 20
_PACKAGES: Final = 100


@room(HttpMethod.GET, "", *Role)
async def show_home(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show packages that wait for somebody, and batches, newest first."""
    cursor = request.query_params.get("cursor", "")
    before_id = int(cursor) if cursor.isascii() and cursor.isdigit() else None
    async with desk.engine.connect() as conn:
        packages = await _packages(conn, desk, visit)
        batches = await _batches(conn, visit, before_id)
    full = len(batches) == _BATCHES
    return render(
        desk,
        visit,
        "home.html",
        packages=packages,
        waiting=[p for p in packages if p.state == "ordered"],
        late=[p for p in packages if p.overdue],
        batches=batches,
        older=f"{HOME}?cursor={batches[-1][0].batch_id}" if full else None,
    )


async def _packages(
    conn: AsyncConnection, desk: ConsoleDesk, visit: StaffVisit
) -> list[PackageView]:
    if not visit.may(Role.LINE, Role.ISSUER, Role.PRINTHOUSE):
        return []
    of_house = visit.staff.role is Role.PRINTHOUSE
    records = await package_store.list_packages(
        conn,
        batch_id=None,
        printhouse=visit.staff.person if of_house else None,
        overdue_at=None,
        before_id=None,
        limit=_PACKAGES,
    )
    return [view_package(r, desk.now) for r in records if may_see(r, visit.staff)]


async def _batches(
    conn: AsyncConnection, visit: StaffVisit, before_id: int | None
) -> list[tuple[Any, dict[str, int]]]:
    """Load a page of batches, each with how its caps stand."""
    if not visit.may(*VIEWERS):
        return []
    batches = await list_batches(
        conn, visit.staff, BatchFilter(), before_id=before_id, limit=_BATCHES
    )
    counts = await report_store.load_counts_of(
        conn, {batch.batch_id: batch.quantity for batch in batches}
    )
    return [(batch, counts[batch.batch_id]) for batch in batches]
