"""A gift that a member won or may claim: where it goes, and how far it has come."""

from contextlib import suppress
from typing import Final

from litestar import Response, post, route

from core.bounds import read_id
from core.errors import Conflict, NotFound
from core.pages import read_form
from rewards.domain.gifts import Gift, MemberGift
from rewards.pipeline.gifts.catalogue import find_claimable
from scan_api.domain.messages import message
from scan_api.page.belongings import find_gift
from scan_api.page.context import PageContext
from scan_api.page.delivery import FIELDS, Delivery
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH

_PATH: Final = WALLET_PATH + "/gifts/{gift_id:str}"
# Of gifts for everybody: their ids are words, and those of won ones numbers.
_OFFER: Final = WALLET_PATH + "/claimable-gifts/{gift_id:str}"


@route(_PATH, http_method=LOOK, include_in_schema=False)
async def show_gift(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a gift, and ask where it shall go while nobody has said."""
    return await answer(request, context, _show_gift)


@post(_PATH, include_in_schema=False)
async def take_gift(request: AnyRequest, context: Context) -> Response[bytes]:
    """Take an address for a gift, or note that it is collected."""
    return await answer(request, context, _take_gift)


@route(_OFFER, http_method=LOOK, include_in_schema=False)
async def show_claimable(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a gift that is there for everybody, and ask where it shall go."""
    return await answer(request, context, _show_claimable)


@post(_OFFER, include_in_schema=False)
async def take_claimable(request: AnyRequest, context: Context) -> Response[bytes]:
    """Give a member a gift that is there for everybody."""
    return await answer(request, context, _take_claimable)


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
    form = await read_form(request, page, *FIELDS)
    if page.member is None:
        return TEMPLATES.redirect(page, page.path)
    gift = await _find(request, context, page.member.member_id)
    delivery = Delivery.of(form)
    if not delivery.fits:
        return _render(context, page, gift, refused=delivery)
    # Claimed meanwhile, from another tab perhaps: the page tells how it stands.
    with suppress(Conflict):
        await _claim(
            context, page.member.member_id, str(gift.transfer_id), delivery.address
        )
    return TEMPLATES.redirect(page, page.path)


async def _find(
    request: AnyRequest, context: PageContext, member_id: str
) -> MemberGift:
    number = read_id(request.path_params["gift_id"])
    gift = None if number is None else await find_gift(context, member_id, number)
    if gift is None:
        raise NotFound(message("no_such_reward"))
    return gift


async def _claim(
    context: PageContext, member_id: str, gift_id: str, address: str | None
) -> MemberGift:
    async with context.engine.begin() as conn:
        return await context.wallet.gift_claiming.claim(
            conn, gift_id, member_id, address=address, now=context.now
        )


def _render(
    context: PageContext,
    page: MemberRequest,
    gift: MemberGift,
    *,
    refused: Delivery | None = None,
) -> Response[bytes]:
    return render(
        context,
        page,
        "gift.html",
        status=422 if refused else 200,
        brand=gift.brand,
        gift=gift,
        refused=refused,
    )


async def _show_claimable(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    return _render_claimable(context, page, await _find_claimable(request, context))


async def _find_claimable(request: AnyRequest, context: PageContext) -> Gift:
    async with context.engine.connect() as conn:
        return await find_claimable(conn, request.path_params["gift_id"])


async def _take_claimable(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    """Claim it, and lead to it: from there on it is a gift like any other."""
    form = await read_form(request, page, *FIELDS)
    if page.member is None:
        return TEMPLATES.redirect(page, page.path)
    gift = await _find_claimable(request, context)
    delivery = Delivery.of(form)
    if not delivery.fits:
        return _render_claimable(context, page, gift, refused=delivery)
    try:
        claimed = await _claim(
            context, page.member.member_id, gift.gift_id, delivery.address
        )
    except Conflict as fault:
        return _render_claimable(context, page, gift, fault=fault)
    return TEMPLATES.redirect(page, f"{WALLET_PATH}/gifts/{claimed.transfer_id}")


def _render_claimable(
    context: PageContext,
    page: MemberRequest,
    gift: Gift,
    *,
    refused: Delivery | None = None,
    fault: Conflict | None = None,
) -> Response[bytes]:
    return render(
        context,
        page,
        "claimable_gift.html",
        status=fault.status if fault else 422 if refused else 200,
        brand=gift.brand,
        gift=gift,
        refused=refused,
        fault=fault,
    )
