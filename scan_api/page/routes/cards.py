"""The cards that a member collects, each set with its gaps."""

from litestar import Response, route

from core.messages import say
from rewards.domain.prizes import tell_given
from rewards.pipeline.cards import list_own_sets
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.routes.wallet import ask_to_sign_in
from scan_api.page.sign_in import WALLET_PATH


@route(WALLET_PATH + "/cards", http_method=LOOK, include_in_schema=False)
async def show_cards(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show a member the sets that they collect."""
    return await answer(request, context, _show)


async def _show(
    _request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.member is None:
        return ask_to_sign_in(context, page)
    async with context.engine.connect() as conn:
        sets = await list_own_sets(conn, page.member.member_id)
    return render(
        context,
        page,
        "cards.html",
        sets=sets,
        tell_given=lambda given: say(page.language, tell_given(given)),
    )
