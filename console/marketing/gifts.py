"""Gifts that members claim: what there is of each, adding one, and what waits."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import read_id
from core.errors import Conflict, FieldError, InvalidInput
from core.pages import read_form
from rewards.domain.gifts import MAX_GIFT_STOCK, NewGift
from rewards.pipeline.gifts import catalogue
from rewards.pipeline.gifts.claims import MOST_COUNTED, count_waiting_gifts

PATH: Final = f"{HOME}/gifts"
_SHOWN: Final = 50
_FIELDS: Final = ("gift_id", "name", "stock")


@staff_page(HttpMethod.GET, "/gifts", Role.MARKETER)
async def show_gifts(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List gifts with their stock, newest first, and what is still to be sent."""
    before = read_id(request.query_params.get("before", ""))
    return await _show(context, page, {}, {}, before=before)


@staff_page(HttpMethod.POST, "/gifts", Role.MARKETER)
async def add_new_gift(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add a gift with its stock."""
    form = await read_form(request, page, *_FIELDS)
    reader = Reader()
    new = NewGift(
        reader.text("gift_id", form.get("gift_id", "")),
        reader.text("name", form.get("name", "")),
        reader.needed("stock", form.get("stock", ""), 0, MAX_GIFT_STOCK),
    )
    faults = reader.faults or await _add(context, page, new)
    if not faults:
        return TEMPLATES.redirect(page, PATH)
    return await _show(context, page, form, faults)


async def _add(context: ConsoleContext, page: StaffRequest, new: NewGift) -> Faults:
    """Add the gift; tells by field why not."""
    try:
        async with context.engine.begin() as conn:
            await catalogue.add_gift(conn, new, page.staff, now=context.now)
    except InvalidInput as fault:
        return place_errors(fault, {})
    except Conflict as fault:
        return {"gift_id": [FieldError("gift_id", fault.code, fault.detail)]}
    return {}


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    given: Mapping[str, str],
    faults: Faults,
    *,
    before: int | None = None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        found = await catalogue.list_gifts(
            conn, page.staff, before=before, limit=_SHOWN
        )
        waiting = await count_waiting_gifts(conn, page.staff)
    return render(
        context,
        page,
        "gifts.html",
        status=422 if faults else 200,
        gifts=found,
        waiting=waiting,
        most_counted=MOST_COUNTED,
        more=found[-1].gift.gift_no if len(found) == _SHOWN else None,
        given=given,
        faults=faults,
        focus=next(iter(faults), ""),
        may_send=page.may(Role.SUPPORT),
    )
