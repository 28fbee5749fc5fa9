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
from core.clock import Clock, utc_datetime
from core.fields import Sentence
from core.ids import TimeIds
from rewards.domain.messages import message
from rewards.domain.plans import RewardKind
from rewards.domain.programme import Clawback
from rewards.domain.reversals import Fate, Note
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.rebuilding import FindRegions
from rewards.pipeline.reversals import reverse_scan as take_back
from rewards.routes.fields import read_number


class ScanReversal(Body, frozen=True, kw_only=True):
    """Why what a scan earned is taken back, and how far."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["the cap was stolen"])]
    policy: Clawback


class RewardTakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one reward: so much of its amount was taken, or is owed.

    `note` says why it was kept, as `redeemed` or `paid`, or of a card's set that was
    complete, whether it is open again (`set_reopened`) or was paid and stays so.
    """

    award_id: str
    kind: RewardKind
    campaign_id: str
    amount: int
    taken: int
    owed: int
    fate: Fate
    note: Note | None


class ScanReversed(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back: points, and what is owed beside them; how many of each kind.

    `voided` counts rewards that still waited for a review, `kept` names the kinds of
    which something is left to the member; `awards` tells of each reward.
    """

    reversal_id: str
    points: int
    debt: int
    coupons_voided: int
    gifts_voided: int
    red_packets_cancelled: int
    tickets_voided: int
    cards_taken: int
    voided: int
    kept: tuple[RewardKind, ...]
    awards: tuple[RewardTakenBack, ...]


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
    find_regions: SkipValidation[FindRegions],
) -> Response[ScanReversed]:
    """Take back what a scan earned, once; its code stays claimed."""
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(scan_id, message("nothing_earned"))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ScanReversed:
        reversal_id, done = await take_back(
            conn,
            number,
            policy=data.policy,
            reason=data.reason,
            staff=staff,
            ends=PayoutEnds(ids, clock, timezone),
            find_regions=find_regions,
            now=now,
        )
        told = {"reversal_id": str(reversal_id)} | done.tell()
        return msgspec.convert(told, ScanReversed)

    return await once.perform(request, staff, effect)
