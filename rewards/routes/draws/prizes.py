"""HTTP of claiming what was won in a draw."""

from typing import Any, ClassVar

from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Principal, require_member
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Sentence
from rewards.pipeline.draws.prizes import PrizeClaiming
from rewards.pipeline.draws.views import ClaimedPrize


class PrizeClaim(Body, frozen=True, kw_only=True):
    """Where a prize is to be sent, if it is."""

    prose: ClassVar = frozenset({"address"})

    address: Sentence | None = None


@post("/v1/me/prizes/{won_id:str}/claims", summary="Claim a prize", tags=["members"])
async def claim_own_prize(
    request: Request[Any, Any, Any],
    won_id: str,
    data: PrizeClaim,
    principal: Principal,
    once: Once,
    clock: Clock,
    prize_claiming: SkipValidation[PrizeClaiming],
) -> Response[ClaimedPrize]:
    """Claim what a member has won, before it lapses; what it gives is there at once."""
    member = require_member(principal)
    now = utc_datetime(clock.now_ms())
    number = await prize_claiming.take_number(won_id, member.member_id, now=now)

    async def effect(conn: AsyncConnection) -> ClaimedPrize:
        claimed = await prize_claiming.claim(
            conn, won_id, member.member_id, number, address=data.address, now=now
        )
        return ClaimedPrize(
            won_id=claimed.won.won_id,
            draw_id=claimed.draw.draw_id,
            prize_id=claimed.prize.prize_id,
            name=claimed.prize.name,
            claimed_at=now,
            gives=claimed.prize.gives,
        )

    return await once.perform_own(request, member, effect)
