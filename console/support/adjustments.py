"""Points that one person asks to give or take, and that wait for another one."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import read_id
from core.errors import NotFound
from core.pages import read_form
from rewards.domain.messages import message
from rewards.pipeline.points import adjusting

PATH: Final = f"{HOME}/adjustments"
_SHOWN: Final = 50
_REJECTED: Final = 20


@staff_page(HttpMethod.GET, "/adjustments", Role.SUPPORT)
async def show_adjustments(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List what waits for a second person, newest first."""
    before = read_id(request.query_params.get("before", ""))
    async with context.engine.connect() as conn:
        found = await adjusting.list_waiting(
            conn, page.staff, before=before, limit=_SHOWN
        )
        rejected = await adjusting.list_rejected(conn, page.staff, limit=_REJECTED)
    return render(
        context,
        page,
        "adjustments.html",
        waiting=found,
        rejected=rejected,
        more=found[-1].adjustment.adjustment_id if len(found) == _SHOWN else None,
    )


@staff_page(HttpMethod.POST, "/adjustments/approve", Role.SUPPORT)
async def post_adjustment(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Post points that somebody else asked for."""
    form = await read_form(request, page, "adjustment_id")
    number = read_id(form.get("adjustment_id", ""))
    if number is None:
        raise NotFound(message("no_adjustment"))
    async with context.engine.begin() as conn:
        await adjusting.approve_adjustment(
            conn, number, staff=page.staff, today=context.today, now=context.now
        )
    return TEMPLATES.redirect(page, PATH)


@staff_page(HttpMethod.POST, "/adjustments/reject", Role.SUPPORT)
async def refuse_adjustment(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Refuse points that somebody else asked for, and say why."""
    form = await read_form(request, page, "adjustment_id", "reason")
    number = read_id(form.get("adjustment_id", ""))
    if number is None:
        raise NotFound(message("no_adjustment"))
    reason = form.get("reason", "").strip()
    check_reason(reason)
    async with context.engine.begin() as conn:
        await adjusting.reject_adjustment(
            conn, number, reason=reason, staff=page.staff, now=context.now
        )
    return TEMPLATES.redirect(page, PATH)
