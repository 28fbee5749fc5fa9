"""Gifts on their way to members: what is to be sent, and what is handed over."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import read_id
from core.errors import NotFound
from core.pages import read_form
from rewards.domain.gifts import GIFT_STEPS, WAITING, GiftState, GiftStep, Parcel
from rewards.domain.messages import message
from rewards.pipeline.gifts import claims

PATH: Final = f"{HOME}/parcels"
_SHOWN: Final = 50


@staff_page(HttpMethod.GET, "/parcels", Role.SUPPORT)
async def show_parcels(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List members' gifts that wait, by what for; first those to send."""
    asked = request.query_params
    states = {each.value: each for each in WAITING}
    state = states.get(asked.get("state", ""), GiftState.TO_SEND)
    before = read_id(asked.get("before", ""))
    return await _show(context, page, state, {}, before=before)


@staff_page(HttpMethod.POST, "/parcels/ship", Role.SUPPORT)
async def send_parcel(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Note that a gift is on its way to the address that its member gave."""
    form = await read_form(request, page, "award_id", "carrier", "tracking_no")
    number, reader = _read_number(form), Reader()
    parcel = Parcel(
        reader.text(f"carrier-{number}", form.get("carrier", "")),
        reader.text(f"tracking-{number}", form.get("tracking_no", "")),
    )
    if reader.faults:
        return await _show(context, page, GiftState.TO_SEND, reader.faults)
    async with context.engine.begin() as conn:
        await claims.ship_gift(conn, number, parcel, page.staff, now=context.now)
    return TEMPLATES.redirect(page, PATH)


@staff_page(HttpMethod.POST, "/parcels/hand-over", Role.SUPPORT)
async def hand_over_parcel(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Note that a member was given their gift."""
    form = await read_form(request, page, "award_id")
    number = _read_number(form)
    async with context.engine.begin() as conn:
        await claims.hand_gift_over(conn, number, page.staff, now=context.now)
    return TEMPLATES.redirect(page, f"{PATH}?state={GiftState.TO_COLLECT.value}")


def _read_number(form: dict[str, str]) -> int:
    given = form.get("award_id", "")
    number = read_id(given)
    if number is None:
        raise NotFound(message("no_gift", gift_id=given[:20]))
    return number


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    state: GiftState,
    faults: Faults,
    *,
    before: int | None = None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        found = await claims.list_gifts_in(
            conn, state, page.staff, before=before, limit=_SHOWN
        )
    return render(
        context,
        page,
        "parcels.html",
        status=422 if faults else 200,
        gifts=[(g, context.addresses.open(g.address, g.transfer_id)) for g in found],
        states=WAITING,
        state=state,
        state_name=claims.tell_gift_state,
        may_ship=state in GIFT_STEPS[GiftStep.SHIP][0],
        may_hand_over=state in GIFT_STEPS[GiftStep.HAND_OVER][0],
        knows_members=page.staff.brand is None,
        more=found[-1].transfer_id if len(found) == _SHOWN else None,
        faults=faults,
        focus=next(iter(faults), ""),
    )
