"""HTTP of taking back what a scan earned."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, business_day, utc_datetime
from core.fields import Sentence
from core.ids import TimeIds
from rewards.domain.messages import message
from rewards.domain.plans import RewardKind
from rewards.domain.programme import Clawback
from rewards.pipeline.reversals import reverse_scan as take_back
from rewards.routes.fields import read_number


class ScanReversal(Body, frozen=True, kw_only=True):
    """Why what a scan earned is taken back, and how far."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["the cap was stolen"])]
    policy: Clawback


class ScanReversed(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back: points, and what is owed beside them; unused coupons.

    `voided` counts rewards that still waited for a review, `kept` names the kinds of
    those that could not be taken back.
    """

    reversal_id: str
    points: int
    debt: int
    coupons_voided: int
    voided: int
    kept: tuple[RewardKind, ...]


@post(
    "/v1/scans/{scan_id:str}/reversals",
    summary="Take back what a scan earned",
    tags=["points"],
)
async def reverse_scan(
    request: Request[Any, Any, Any],
    scan_id: str,
    data: ScanReversal,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
    ids: SkipValidation[TimeIds],
) -> Response[ScanReversed]:
    """Take back what a scan earned, once; its code stays claimed."""
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(scan_id, message("nothing_earned"))
    now_ms = clock.now_ms()

    async def effect(conn: AsyncConnection) -> ScanReversed:
        reversal_id, done = await take_back(
            conn,
            number,
            policy=data.policy,
            reason=data.reason,
            staff=staff,
            next_id=lambda: ids.next_id(now_ms),
            today=business_day(now_ms, timezone),
            now=utc_datetime(now_ms),
        )
        return ScanReversed(
            reversal_id=str(reversal_id),
            points=done.points,
            debt=done.debt,
            coupons_voided=done.coupons,
            voided=done.voided,
            kept=tuple(done.kept),
        )

    return await once.perform(request, staff, effect)
