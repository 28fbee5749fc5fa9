"""HTTP of what campaigns paid to whom."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.clock import Clock, utc_datetime
from core.fields import Limit
from core.ids import time_of_id
from rewards.domain.entries import EntryKey, PaidEntry, PaidKind
from rewards.domain.plans import RewardKind
from rewards.pipeline.entries import load_entries

PageCursor = Annotated[str | None, QueryParameter(max_length=40)]


class PaidView(msgspec.Struct, frozen=True, kw_only=True):
    """What one offer gave a member in a scan, or what came of it.

    `hold` waits, and ends as `hold_posted` or `hold_voided`; `reversal` and `debt` were
    taken back or are owed. `amount` counts points, minor units, tickets or pieces.
    """

    entry_id: str
    scan_id: str
    at: datetime
    kind: PaidKind
    member_id: str
    offer_id: str
    tier_id: str | None
    reward: RewardKind
    amount: int


class PaidList(msgspec.Struct, frozen=True):
    """A page, newest scans first; it may be short, and even empty, and still go on."""

    items: tuple[PaidView, ...]
    next_cursor: str | None


@get(
    "/v1/campaigns/{campaign_id:str}/entries",
    summary="Look at what a campaign paid to whom",
    tags=["campaigns"],
)
async def list_campaign_entries(
    campaign_id: str,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
    cursor: PageCursor = None,
    limit: Limit = 20,
) -> PaidList:
    """List who got what, when and from which offer, the newest scans first."""
    staff = require_role(principal, Role.MARKETER, Role.ANALYST, Role.SUPPORT)
    async with engine.connect() as conn:
        found = await load_entries(
            conn,
            campaign_id,
            staff,
            cursor=None if cursor is None else EntryKey.read(cursor),
            limit=limit,
            timezone=timezone,
            now=utc_datetime(clock.now_ms()),
        )
    following = found.following
    return PaidList(
        tuple(map(_view, found.entries)),
        None if following is None else following.write(),
    )


def _view(entry: PaidEntry) -> PaidView:
    return PaidView(
        entry_id=str(entry.entry_id),
        scan_id=str(entry.scan_id),
        at=utc_datetime(time_of_id(entry.happened_id)),
        kind=entry.kind,
        member_id=entry.member_id,
        offer_id=entry.offer_id,
        tier_id=entry.tier_id or None,
        reward=RewardKind(entry.reward),
        amount=entry.amount,
    )
