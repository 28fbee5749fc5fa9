"""HTTP of cancelling red packets."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Sentence
from rewards.domain.messages import message
from rewards.domain.payouts import PayoutState
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.routes.fields import read_number


class PayoutCancellation(Body, frozen=True, kw_only=True):
    """Why a payout is cancelled."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["won by mistake"])]


class PayoutChanged(msgspec.Struct, frozen=True):
    """A payout and how it stands by now."""

    payout_id: str
    state: PayoutState


@post(
    "/v1/payouts/{payout_id:str}/cancellations",
    summary="Cancel a payout",
    tags=["payouts"],
)
async def cancel_payout(
    request: Request[Any, Any, Any],
    payout_id: str,
    data: PayoutCancellation,
    principal: Principal,
    once: Once,
    clock: Clock,
    payouts: SkipValidation[PayoutTerms],
) -> Response[PayoutChanged]:
    """Cancel a red packet; one that was sent is, unless its member confirmed it first.

    Of one that was sent the answer tells how it stands; its provider has the last word.
    """
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(payout_id, message("no_payout", payout_id=payout_id))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> PayoutChanged:
        state = await payouts.ends.cancel(
            conn, number, reason=data.reason, staff=staff, now=now
        )
        return PayoutChanged(payout_id, state)

    return await once.perform(request, staff, effect)
