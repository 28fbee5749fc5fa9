"""Draws side by side, and one of them: its tickets, its prizes, and who won."""

from datetime import datetime
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import DRAWERS, HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.marketing.plots import lay_out_curve
from core.auth import Role
from core.bounds import read_id
from rewards.domain.draws.terms import Draw, DrawPhase
from rewards.domain.prizes import tell_given
from rewards.pipeline.draws import draws as pipeline
from rewards.pipeline.draws.figures import look_at_draw
from rewards.pipeline.draws.prizes import WonPrize
from rewards.pipeline.draws.views import view_winners

PATH: Final = f"{HOME}/draws"
_SHOWN: Final = 50


@staff_page(HttpMethod.GET, "/draws", *DRAWERS)
async def show_draws(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List draws, newest first, each with how far it is."""
    before = read_id(request.query_params.get("before", ""))
    async with context.engine.connect() as conn:
        found = await pipeline.list_draws(conn, page.staff, before=before, limit=_SHOWN)
    return render(
        context,
        page,
        "draws.html",
        draws=found,
        now=context.now,
        more=found[-1].draw_no if len(found) == _SHOWN else None,
        may_write=page.may(Role.MARKETER),
    )


@staff_page(HttpMethod.GET, "/draws/{draw_id:str}", *DRAWERS)
async def look_at_one_draw(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what a draw promises, what becomes of it, and what happens next."""
    draw_id = request.path_params["draw_id"]
    after = read_id(request.query_params.get("after", "")) or 0
    async with context.engine.connect() as conn:
        figures = await look_at_draw(conn, draw_id, page.staff, now=context.now)
        draw, found = await pipeline.list_winners(
            conn, draw_id, page.staff, after=after, limit=_SHOWN
        )
    winners = view_winners(draw, found, page.staff, context.addresses)
    judged = [WonPrize(each.won, draw) for each in found]
    return render(
        context,
        page,
        "draw.html",
        draw=draw,
        figures=figures,
        phase=draw.phase(context.now),
        next_step=_next_step(draw, context.now),
        curve=lay_out_curve(
            figures.given,
            (draw.opens_at, draw.closes_at),
            context.now.astimezone(context.settings.timezone),
        ),
        winners=[
            (shown, won.prize.name, won.judge(context.now))
            for shown, won in zip(winners, judged, strict=True)
        ],
        more=found[-1].won.place + 1 if len(found) == _SHOWN else None,
        may_look_up=page.may(Role.SUPPORT),
        given=tell_given,
    )


def _next_step(draw: Draw, now: datetime) -> str:
    """Name the text that says what happens next."""
    phase = draw.phase(now)
    if phase is DrawPhase.CLOSED and now >= draw.draws_at:
        return "draw_next_due"
    if draw.result is not None and now >= draw.result.claims_until:
        return "draw_next_over"
    return f"draw_next_{phase.value}"
