"""The first page: what waits for the visitor, and the batches they work with."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import BatchFilter
from codegen.pipeline import list_batches
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME, VIEWERS
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, list_pages, render
from console.frame.responses import AnyRequest, open_page, staff_page
from core.auth import Role
from core.bounds import read_id
from core.errors import NotFound
from printer_export.domain.packages.package_state import PackageFilter
from printer_export.pipeline.packages.orders import list_packages
from printer_export.pipeline.packages.views import PackageView, view_package
from printer_export.pipeline.reports.progress import count_batches

_SHOWN: Final = 20


@staff_page(HttpMethod.GET, "", *Role)
async def show_home(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show packages that wait for somebody, one's pages, and batches, newest first.

    A cashier's work is the till, and nothing here.
    """
    if page.staff.role is Role.CASHIER:
        return TEMPLATES.redirect(page, f"{HOME}/till")
    before_id = read_id(request.query_params.get("cursor", ""))
    async with context.engine.connect() as conn:
        late = await _packages(
            conn, context, page, PackageFilter(overdue_at=context.now)
        )
        return render(
            context,
            page,
            "home.html",
            rooms=[each for each in list_pages(page) if each[1] != HOME],
            waiting=await _packages(conn, context, page, PackageFilter(waiting=True)),
            late=[package for package in late if package.overdue],
            packages=await _packages(conn, context, page, PackageFilter()),
            **await _batches(conn, page, before_id),
        )


async def _packages(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    wanted: PackageFilter,
) -> list[PackageView]:
    if not page.may(Role.LINE, Role.ISSUER, Role.PRINTHOUSE):
        return []
    records = await list_packages(conn, page.staff, wanted, limit=_SHOWN)
    return [view_package(record, page.staff, context.now) for record in records]


async def _batches(
    conn: AsyncConnection, page: StaffRequest, before_id: int | None
) -> dict[str, Any]:
    """Load a page of batches, each with how its caps stand, and where older ones are.

    Samples are left out: no line ever sees them.
    """
    if not page.may(*VIEWERS):
        return {"batches": [], "older": None}
    found = await list_batches(
        conn, page.staff, BatchFilter(), before_id=before_id, limit=_SHOWN
    )
    full = len(found) == _SHOWN
    return {
        "batches": await count_batches(conn, found),
        "older": f"{HOME}?cursor={found[-1].batch_id}" if full else None,
    }


@open_page(HttpMethod.GET, "/{rest:path}")
async def show_nothing(
    _request: AnyRequest, _context: ConsoleContext, _page: StaffRequest
) -> Response[bytes]:
    """Say that there is no such page, as one with a way back."""
    raise NotFound(message("no_page"))
