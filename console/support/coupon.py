"""One coupon, for support: whether it is good, and what may be done about it."""

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
from core.bounds import MAX_INTEGER
from core.pages import read_form
from rewards.pipeline.coupons import taking_back
from rewards.pipeline.coupons.till_texts import tell_benefit

PLACE: Final = f"{HOME}/coupon"


@staff_page(HttpMethod.GET, "/coupon/{coupon_no:int}", Role.SUPPORT)
async def show_coupon(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a coupon, and offer to void it or to take its use back."""
    number = _number(request)
    async with context.engine.connect() as conn:
        coupon = await taking_back.find_coupon(conn, number, page.staff)
        owner = await taking_back.find_owner(conn, coupon)
    return render(
        context,
        page,
        "coupon.html",
        coupon=coupon,
        owner=owner,
        benefit_of=tell_benefit,
        last_day=coupon.last_day(context.settings.timezone),
        is_over=coupon.valid_until is not None and coupon.valid_until <= context.now,
    )


@staff_page(HttpMethod.POST, "/coupon/{coupon_no:int}/void", Role.SUPPORT)
async def void_coupon(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Make a coupon void, for good."""
    reason = await _read_reason(request, page)
    number = _number(request)
    async with context.engine.begin() as conn:
        await taking_back.void_coupon(
            conn, number, reason=reason, staff=page.staff, now=context.now
        )
    return TEMPLATES.redirect(page, f"{PLACE}/{number}")


@staff_page(HttpMethod.POST, "/coupon/{coupon_no:int}/return", Role.SUPPORT)
async def return_coupon(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Take the use of a coupon back, so that it can be used again."""
    reason = await _read_reason(request, page)
    number = _number(request)
    async with context.engine.begin() as conn:
        coupon = await taking_back.find_coupon(conn, number, page.staff)
        if coupon.use is not None:
            await taking_back.reverse_redemption(
                conn,
                coupon.use.redemption_id,
                reason=reason,
                staff=page.staff,
                timezone=context.settings.timezone,
                now=context.now,
            )
    return TEMPLATES.redirect(page, f"{PLACE}/{number}")


def _number(request: AnyRequest) -> int:
    """Give the number in the address; one that none has stands for one too large."""
    number: int = request.path_params["coupon_no"]
    return number if 0 <= number <= MAX_INTEGER else MAX_INTEGER


async def _read_reason(request: AnyRequest, page: StaffRequest) -> str:
    reason = (await read_form(request, page, "reason")).get("reason", "").strip()
    check_reason(reason)
    return reason
