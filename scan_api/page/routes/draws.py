"""A draw, for everybody: what it promises, what came of it, and taking part in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Response, post, route
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Member
from core.bounds import read_id
from core.messages import Message, say
from core.pages import Sender, read_form
from rewards.domain.draws.terms import Draw, DrawPhase, Entry, TakeOutcome
from rewards.domain.prizes import tell_given
from rewards.pipeline.draws import own
from rewards.pipeline.draws.draws import show_draw as find_draw
from rewards.pipeline.draws.taking import TakeRequest, tell_outcome
from rewards.pipeline.draws.views import OwnPrize, OwnTickets, view_draw
from scan_api.page.belongings import SHOWN
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.leaving import lead_to_sign_in
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer

_PATH: Final = "/draws/{draw_id:str}"
# Who won further prizes stands in the published file.
WINNERS_SHOWN: Final = 300
# Of the address: below which number a page of one's own tickets begins.
BEFORE: Final = "before"


@route(_PATH, http_method=LOOK, include_in_schema=False)
async def show_public_draw(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show anybody a draw, and members their tickets in it."""
    return await answer(request, context, _show)


@post(_PATH, include_in_schema=False)
async def take_part(request: AnyRequest, context: Context) -> Response[bytes]:
    """Give the member who asks a ticket, where the draw is open for all."""
    return await answer(request, context, _ask_to_take_part)


async def _show(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    looks = page.sender is not Sender.UNSEEN
    if looks and page.member is not None and page.wished_key is not None:
        return await _take_part(request, context, page, page.member)
    return await _render(request, context, page)


async def _ask_to_take_part(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    """Let who is signed in take part; others sign in first, and do by then."""
    await read_form(request, page)
    if page.member is None:
        page.keep_wish()
        return lead_to_sign_in(context, page)
    return await _take_part(request, context, page, page.member)


async def _take_part(
    request: AnyRequest, context: PageContext, page: MemberRequest, member: Member
) -> Response[bytes]:
    """Take part, which one does once: who asks again is shown the same page."""
    asked = TakeRequest(request.path_params["draw_id"], member.member_id)
    taken = await context.wallet.ticket_taking.ask(asked)
    page.forget_wish()
    if taken.outcome in {TakeOutcome.TAKEN, TakeOutcome.ALREADY}:
        return TEMPLATES.redirect(page, page.path)
    return await _render(request, context, page, why=tell_outcome(taken.outcome))


@dataclass(frozen=True, slots=True)
class OwnShare:
    """What a member has of a draw: a page of tickets, prizes, a ticket for entering."""

    tickets: Sequence[OwnTickets] = ()
    prizes: Sequence[OwnPrize] = ()
    has_entered: bool = False

    @property
    def older(self) -> int | None:
        """The number below which the next page of tickets begins, if there is one."""
        return self.tickets[-1].first_no if len(self.tickets) == SHOWN else None


async def _load_own(
    context: PageContext, conn: AsyncConnection, page: MemberRequest, draw: Draw
) -> OwnShare:
    """Load what a member has of a draw; nobody has nothing."""
    if page.member is None:
        return OwnShare()
    member_id, secrets = page.member.member_id, context.wallet.ticket_taking.secrets
    before = read_id(page.marks.get(BEFORE, ""))
    return OwnShare(
        await own.list_own_in(
            conn, secrets, member_id, draw, before=before, limit=SHOWN
        ),
        await own.list_own_prizes_in(
            conn, member_id, draw, limit=SHOWN, now=context.now
        ),
        await own.takes_part(conn, member_id, draw),
    )


async def _render(
    request: AnyRequest,
    context: PageContext,
    page: MemberRequest,
    *,
    why: Message | None = None,
) -> Response[bytes]:
    now = context.now
    if BEFORE in request.query_params:
        page.marks = {BEFORE: request.query_params[BEFORE]}
    async with context.engine.connect() as conn:
        shown = await find_draw(
            conn, request.path_params["draw_id"], most=WINNERS_SHOWN
        )
        share = await _load_own(context, conn, page, shown.draw)
    draw = view_draw(shown, now=now)
    is_open = draw.entry is Entry.OPEN and draw.state is DrawPhase.OPEN
    return render(
        context,
        page,
        "draw.html",
        status=200 if why is None else 409,
        brand=shown.draw.brand,
        draw=draw,
        winners={
            prize.prize_id: [
                each.ticket_no
                for each in draw.winners
                if each.prize_id == prize.prize_id
            ]
            for prize in draw.prizes
        },
        more=shown.draw.quantity > WINNERS_SHOWN,
        share=share,
        enterable=is_open and not share.has_entered,
        why=why,
        tell_given=lambda given: say(page.language, tell_given(given)),
    )
