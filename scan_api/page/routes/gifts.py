"""A gift that a member won: where it goes, and how far it has come."""

from typing import Final

from litestar import Response, post, route

from core.bounds import MAX_SENTENCE, check_prose, read_id
from core.clock import utc_datetime
from core.errors import Conflict, NotFound
from core.pages import read_form
from rewards.domain.gifts import MemberGift
from scan_api.domain.messages import message
from scan_api.page.belongings import find_gift
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH

_PATH: Final = WALLET_PATH + "/gifts/{gift_id:str}"
_LEAST_ADDRESS: Final = 5


@route(_PATH, http_method=LOOK, include_in_schema=False)
async def show_gift(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a gift, and ask where it shall go while nobody has said."""
    return await answer(request, context, _show_gift)


@post(_PATH, include_in_schema=False)
async def take_gift(request: AnyRequest, context: Context) -> Response[bytes]:
    """Take an address for a gift, or note that it is collected."""
    return await answer(request, context, _take_gift)


async def _show_gift(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    gift = await _find(request, context, page.member.member_id)
    return _render(context, page, gift)


async def _take_gift(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    form = await read_form(request, page, "how", "address")
    if page.member is None:
        return TEMPLATES.redirect(page, page.path)
    gift = await _find(request, context, page.member.member_id)
    address = None
    if form.get("how") != "collect":
        address = form.get("address", "").strip().replace("\r\n", "\n")
        faults = [*check_prose("/address", address, most=MAX_SENTENCE)]
        if faults or len(address) < _LEAST_ADDRESS:
            return _render(context, page, gift, given=address, status=422)
    try:
        async with context.engine.begin() as conn:
            await context.wallet.gift_claiming.claim(
                conn,
                str(gift.transfer_id),
                page.member.member_id,
                address=address,
                now=utc_datetime(context.clock.now_ms()),
            )
    except Conflict:
        # Claimed meanwhile, from another tab perhaps: the page tells how it stands.
        pass
    return TEMPLATES.redirect(page, page.path)


async def _find(
    request: AnyRequest, context: PageContext, member_id: str
) -> MemberGift:
    number = read_id(request.path_params["gift_id"])
    gift = None if number is None else await find_gift(context, member_id, number)
    if gift is None:
        raise NotFound(message("no_such_reward"))
    return gift


def _render(
    context: PageContext,
    page: MemberRequest,
    gift: MemberGift,
    *,
    given: str | None = None,
    status: int = 200,
) -> Response[bytes]:
    return render(
        context,
        page,
        "gift.html",
        status=status,
        brand=gift.brand,
        gift=gift,
        given=given or "",
        refused=given is not None,
    )
