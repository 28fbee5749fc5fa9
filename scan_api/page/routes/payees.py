"""Where a member's red packets go, said by the member."""

from typing import Final

from litestar import Response, post, route

from core.pages import read_form
from rewards.domain.payouts import PayeeProvider, is_account
from rewards.pipeline.payouts.payees import find_payee, put_payee
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH

_PATH: Final = WALLET_PATH + "/payee"


@route(_PATH, http_method=LOOK, include_in_schema=False)
async def show_payee(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show where red packets go, and ask for where they shall."""
    return await answer(request, context, _show)


@post(_PATH, include_in_schema=False)
async def name_payee(request: AnyRequest, context: Context) -> Response[bytes]:
    """Keep where red packets go from now on."""
    return await answer(request, context, _name)


async def _show(
    _request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    return await _render(context, page, page.member.member_id)


async def _name(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    form = await read_form(request, page, "account")
    if page.member is None:
        return TEMPLATES.redirect(page, page.path)
    account = form.get("account", "").strip()
    if not is_account(account):
        return await _render(context, page, page.member.member_id, refused=account)
    payouts = context.wallet.payouts
    async with context.engine.begin() as conn:
        await put_payee(
            conn,
            payouts.open_box(),
            payouts.ends.ids,
            page.member.member_id,
            provider=PayeeProvider.WECHAT,
            account=account,
            staff=None,
            now=context.now,
        )
    return TEMPLATES.redirect(page, page.path)


async def _render(
    context: PageContext,
    page: MemberRequest,
    member_id: str,
    *,
    refused: str | None = None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        known = await find_payee(conn, context.wallet.payouts.open_box(), member_id)
    return render(
        context,
        page,
        "payee.html",
        status=200 if refused is None else 422,
        known=known,
        refused=refused,
    )
