"""Sets of cards side by side, and one of them: its shares, and who collects it."""

from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import COLLECTORS, HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.marketing.plots import lay_out_shares
from core.auth import Role
from core.bounds import read_id
from rewards.domain.prizes import tell_given, tell_odds
from rewards.pipeline import cards as pipeline

PATH: Final = f"{HOME}/card-sets"
_SHOWN: Final = 50


@staff_page(HttpMethod.GET, "/card-sets", *COLLECTORS)
async def show_card_sets(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List sets of cards, newest first."""
    before = read_id(request.query_params.get("before", ""))
    async with context.engine.connect() as conn:
        found = await pipeline.list_sets(conn, page.staff, before=before, limit=_SHOWN)
    return render(
        context,
        page,
        "card_sets.html",
        sets=found,
        given=tell_given,
        more=found[-1].set_no if len(found) == _SHOWN else None,
        may_write=page.may(Role.MARKETER),
    )


@staff_page(HttpMethod.GET, "/card-sets/{set_id:str}", *COLLECTORS)
async def look_at_one_card_set(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a set: how often each card comes, who holds it, and who has them all."""
    set_id = request.path_params["set_id"]
    async with context.engine.connect() as conn:
        found, figures = await pipeline.look_at_set(conn, set_id, page.staff)
    holders = [figures.holders.get(card.unit, 0) for card in found.cards]
    bars = lay_out_shares([card.per_million for card in found.cards])
    return render(
        context,
        page,
        "card_set.html",
        set=found,
        figures=figures,
        cards=list(zip(found.cards, bars, holders, strict=True)),
        odds=lambda card: tell_odds(card.per_million, found.whole),
        given=tell_given(found.completes),
        most_counted=pipeline.MOST_COUNTED,
    )
