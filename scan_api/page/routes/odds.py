"""The odds of a campaign, for everybody: no sign-in, and nothing is kept."""

from litestar import Response, route

from core.errors import NotFound
from core.messages import say
from rewards.domain.prizes import tell_given, tell_odds
from rewards.pipeline.chances import load_odds
from scan_api.domain.messages import message
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer


@route("/odds/{campaign_id:str}", http_method=LOOK, include_in_schema=False)
async def show_odds(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show what a campaign's chances may win, and how likely each is."""
    return await answer(request, context, _show)


async def _show(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    campaign_id = request.path_params["campaign_id"]
    async with context.engine.connect() as conn:
        found = await load_odds(conn, campaign_id)
    if found is None:
        raise NotFound(message("no_odds"))
    return render(
        context,
        page,
        "odds.html",
        brand=found.brand,
        odds=found,
        name=getattr(found.name, page.language),
        tell_odds=tell_odds,
        tell_given=lambda given: say(page.language, tell_given(given)),
    )
