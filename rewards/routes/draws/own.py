"""HTTP of what a member has of draws: tickets and prizes."""

from litestar import get
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, require_member
from core.clock import Clock, utc_datetime
from core.errors import NotFound
from core.fields import Limit
from rewards.domain.draws.terms import parse_pair
from rewards.domain.messages import message
from rewards.pipeline.draws import own
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.draws.views import OwnPrizeList, OwnTicketList


@get("/v1/me/tickets", summary="List one's tickets", tags=["members"])
async def list_own_tickets(
    principal: Principal,
    engine: AsyncEngine,
    draw_secrets: SkipValidation[DrawSecrets],
    cursor: str | None = None,
    limit: Limit = 20,
) -> OwnTicketList:
    """List a member's tickets with their codes, newest first."""
    member = require_member(principal)
    before = _read_cursor(cursor)
    async with engine.connect() as conn:
        return await own.list_own_tickets(
            conn, draw_secrets, member.member_id, before=before, limit=limit
        )


@get("/v1/me/prizes", summary="List one's prizes", tags=["members"])
async def list_own_prizes(
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    cursor: str | None = None,
    limit: Limit = 20,
) -> OwnPrizeList:
    """List what a member has won, the newest draw first."""
    member = require_member(principal)
    before = _read_cursor(cursor)
    now = utc_datetime(clock.now_ms())
    async with engine.connect() as conn:
        return await own.list_own_prizes(
            conn, member.member_id, before=before, limit=limit, now=now
        )


def _read_cursor(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    pair = parse_pair(cursor)
    if pair is None:
        raise NotFound(message("no_cursor"))
    return pair
