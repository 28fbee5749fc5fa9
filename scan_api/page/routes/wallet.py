"""What a member has, and a coupon of theirs for the till; nobody else sees either."""

from litestar import Response, route

from core.bounds import read_id
from core.errors import NotFound
from scan_api.domain.messages import message
from scan_api.page.belongings import find_coupon, load_belongings
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.sign_in import WALLET_PATH


@route(WALLET_PATH, http_method=LOOK, include_in_schema=False)
async def show_wallet(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a member everything that they have."""
    return await answer(request, context, _show_wallet)


@route(
    WALLET_PATH + "/coupons/{coupon_id:str}", http_method=LOOK, include_in_schema=False
)
async def show_coupon(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a coupon as a till reads it."""
    return await answer(request, context, _show_coupon)


def ask_to_sign_in(context: PageContext, page: MemberRequest) -> Response[bytes]:
    """Let who is nobody yet sign in, and come back."""
    link = context.sign_in.link(page.path)
    if link is not None:
        return TEMPLATES.redirect(page, link)
    return render(context, page, "notice.html", status=401, notice="notice_app")


async def _show_wallet(
    _request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    has = await load_belongings(context, page.member.member_id)
    return render(context, page, "wallet.html", has=has)


async def _show_coupon(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    number = read_id(request.path_params["coupon_id"])
    card = None
    if number is not None:
        card = await find_coupon(context, page.member.member_id, number)
    if card is None:
        raise NotFound(message("no_such_reward"))
    brand = card.coupon.pool.brand
    return render(context, page, "coupon.html", brand=brand, card=card)
