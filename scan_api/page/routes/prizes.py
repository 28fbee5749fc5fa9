"""A prize that a member won in a draw: claimed by a form, until its time is over."""

from typing import Final

from litestar import Response, post, route

from core.errors import Conflict
from core.messages import say
from core.pages import read_form
from rewards.domain.prizes import tell_given
from rewards.pipeline.draws.own import view_prizes
from rewards.pipeline.draws.prizes import WonPrize, find_own_prize
from scan_api.page.context import PageContext
from scan_api.page.delivery import FIELDS, Delivery
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH

_PATH: Final = WALLET_PATH + "/prizes/{won_id:str}"


@route(_PATH, http_method=LOOK, include_in_schema=False)
async def show_prize(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a prize, and ask where it shall go while it can be claimed."""
    return await answer(request, context, _show)


@post(_PATH, include_in_schema=False)
async def take_prize(request: AnyRequest, context: Context) -> Response[bytes]:
    """Claim a prize: take an address for it, or note that it is collected."""
    return await answer(request, context, _take)


async def _show(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    prize = await _find(request, context, page.member.member_id)
    return _render(context, page, prize)


async def _take(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    form = await read_form(request, page, *FIELDS)
    if page.member is None:
        return TEMPLATES.redirect(page, page.path)
    member_id = page.member.member_id
    prize = await _find(request, context, member_id)
    delivery = Delivery.of(form)
    if not delivery.fits:
        return _render(context, page, prize, refused=delivery, status=422)
    claiming, won_id = context.wallet.prize_claiming, prize.won.won_id
    try:
        number = await claiming.take_number(won_id, member_id, now=context.now)
        async with context.engine.begin() as conn:
            await claiming.claim(
                *(conn, won_id, member_id, number),
                address=delivery.address,
                now=context.now,
            )
    except Conflict:
        # Claimed meanwhile, or too late: the page tells how it stands. What it gives
        # may be gone just now; then it waits.
        prize = await _find(request, context, member_id)
        if prize.judge(context.now) is None:
            return _render(context, page, prize, status=Conflict.status)
    return TEMPLATES.redirect(page, page.path)


async def _find(request: AnyRequest, context: PageContext, member_id: str) -> WonPrize:
    async with context.engine.connect() as conn:
        return await find_own_prize(conn, request.path_params["won_id"], member_id)


def _render(
    context: PageContext,
    page: MemberRequest,
    prize: WonPrize,
    *,
    refused: Delivery | None = None,
    status: int = 200,
) -> Response[bytes]:
    [shown] = view_prizes([prize], now=context.now)
    return render(
        context,
        page,
        "prize.html",
        status=status,
        brand=prize.draw.brand,
        prize=shown,
        gives=shown.gives and say(page.language, tell_given(shown.gives)),
        refused=refused,
        waits=status == Conflict.status,
    )
