"""The first room: what waits for the visitor, and the batches they work with."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batch import BatchFilter
from codegen.pipeline import list_batches
from console.answering import AnyRequest, open_room, room
from console.desk import ConsoleDesk
from console.rendering import HOME, render
from console.routes.batches import VIEWERS
from console.visits import StaffVisit
from core.auth import Role
from core.bounds import read_id
from core.errors import NotFound
from printer_export.domain.life import PackageFilter
from printer_export.pipeline.packages import list_packages
from printer_export.routes.packages import PackageView, view_package
from printer_export.store import packages as package_store
from printer_export.store import reports as report_store

_SHOWN: Final = 20


@room(HttpMethod.GET, "", *Role)
async def show_home(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show packages that wait for somebody, and batches, newest first."""
    before_id = read_id(request.query_params.get("cursor", ""))
    async with desk.engine.connect() as conn:
        late = await _packages(conn, desk, visit, PackageFilter(overdue_at=desk.now))
        return render(
            desk,
            visit,
            "home.html",
            waiting=await _packages(conn, desk, visit, PackageFilter(waiting=True)),
            late=[package for package in late if package.overdue],
            packages=await _packages(conn, desk, visit, PackageFilter()),
            **await _batches(conn, visit, before_id),
        )


async def _packages(
    conn: AsyncConnection, desk: ConsoleDesk, visit: StaffVisit, wanted: PackageFilter
) -> list[PackageView]:
    if not visit.may(Role.LINE, Role.ISSUER, Role.PRINTHOUSE):
        return []
    records = await list_packages(conn, visit.staff, wanted, limit=_SHOWN)
    return [view_package(record, visit.staff, desk.now) for record in records]


async def _batches(
    conn: AsyncConnection, visit: StaffVisit, before_id: int | None
) -> dict[str, Any]:
    """Load a page of batches, each with how its caps stand, and where older ones are.

    Samples are left out: no line ever sees them.
    """
    if not visit.may(*VIEWERS):
        return {"batches": [], "older": None}
    found = await list_batches(
        conn, visit.staff, BatchFilter(), before_id=before_id, limit=_SHOWN
    )
    samples = await package_store.find_samples_among(
        conn, [batch.batch_id for batch in found]
    )
    batches = [batch for batch in found if batch.batch_id not in samples]
    counts = await report_store.load_counts_of(
        conn, {batch.batch_id: batch.quantity for batch in batches}
    )
    full = len(found) == _SHOWN
    return {
        "batches": [(batch, counts[batch.batch_id]) for batch in batches],
        "older": f"{HOME}?cursor={found[-1].batch_id}" if full else None,
    }


@open_room(HttpMethod.GET, "/{rest:path}")
async def show_nothing(
    _request: AnyRequest, _desk: ConsoleDesk, _visit: StaffVisit
) -> Response[bytes]:
    """Say that there is no such room, as a page with a way back."""
    raise NotFound("There is no such room.")
