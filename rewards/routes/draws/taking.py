"""HTTP of taking part in a draw."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post

from core.auth import Principal, require_member
from core.auth.requests import read_key, written, written_before
from core.bounds import Body
from core.errors import Conflict
from core.fields import Text64
from rewards.domain.draws.terms import TakeOutcome
from rewards.pipeline.draws.taking import TakeRequest, TicketTaking, tell_outcome
from rewards.pipeline.draws.views import TakenTicket


class TakePart(Body, frozen=True, kw_only=True):
    """Which draw a member takes part in."""

    draw_id: Annotated[Text64, msgspec.Meta(examples=["spring-2027"])]


@post("/v1/me/tickets", summary="Take part in a draw", tags=["members"])
async def take_ticket(
    request: Request[Any, Any, Any],
    data: TakePart,
    principal: Principal,
    ticket_taking: TicketTaking,
) -> Response[TakenTicket]:
    """Give a member one ticket for taking part, where that is open."""
    member = require_member(principal)
    key = await read_key(request, member)
    taken = await ticket_taking.ask(TakeRequest(data.draw_id, member.member_id, key))
    if taken.outcome is not TakeOutcome.TAKEN:
        raise Conflict(tell_outcome(taken.outcome), code=taken.outcome.value)
    return written_before(taken.body) if taken.replayed else written(taken.body)
