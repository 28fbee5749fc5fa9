"""What a scan would earn and why not more: asked by staff, and nothing is written.

Of a chance nobody is told what it comes to. Who asks for a code is written down.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import business_day, next_business_day, to_ms, utc_datetime
from core.errors import NotFound
from core.ids import time_of_id
from rewards.domain.active_campaigns import Campaign, Campaigns
from rewards.domain.campaigns import (
    CampaignState,
    KeptCampaign,
    Version,
    VersionState,
)
from rewards.domain.claim_facts import ClaimEvidence, read_claim_facts
from rewards.domain.limits import number_region
from rewards.domain.messages import message
from rewards.domain.plans import Claim
from rewards.domain.previews import Expected, Holder, Withheld, preview_claim
from rewards.domain.terms import Terms
from rewards.pipeline.campaigns import show_campaign
from rewards.store.active_campaigns import load_campaigns, make_ready
from rewards.store.claim_facts import find_claim_count, load_claim_counter
from rewards.store.limits import load_uses
from rewards.store.members import find_member_no

# What a campaign is called that nobody has kept yet; an id has a character at least.
NEW: Final = ""


@dataclass(frozen=True, slots=True)
class PreviewWish:
    """Of what a preview is asked: a code, or goods; by whom, when and where."""

    code: str | None = None
    gtin: str | None = None
    batch_id: int | None = None
    lot: str | None = None
    member_id: str | None = None
    at: datetime | None = None
    channel: str | None = None
    region: str | None = None


# Who knows scans counts those of a member that earned something.
CountClaims = Callable[[AsyncConnection, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Goods:
    """What is known of a code, or of goods that have none yet.

    `count_claims` tells how often a member has claimed whom nobody counts.
    """

    code_id: int
    bound: str | None
    evidence: ClaimEvidence
    count_claims: CountClaims


# Who knows codes tells what a wish is of, for who may see it; None is none of ours.
FindGoods = Callable[
    [AsyncConnection, PreviewWish, Staff, datetime], Awaitable[Goods | None]
]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a scan would earn, and what it would not."""

    awards: Sequence[Expected]
    not_awarded: Sequence[Withheld]


async def preview_scan(
    conn: AsyncConnection,
    campaign_id: str,
    wish: PreviewWish,
    staff: Staff,
    *,
    find_goods: FindGoods,
    timezone: ZoneInfo,
    now: datetime,
) -> Preview:
    """Tell what a scan would earn of all campaigns; raises NotFound.

    The campaign that is asked for is taken by its newest version, as if that were
    active, so that a draft can be looked at before anybody approves it.
    """
    kept = await show_campaign(conn, campaign_id, staff)
    return await preview_version(
        conn,
        kept,
        kept.versions[0],
        wish,
        staff,
        find_goods=find_goods,
        timezone=timezone,
        now=now,
    )


async def preview_terms(
    conn: AsyncConnection,
    terms: Terms,
    kept: KeptCampaign | None,
    wish: PreviewWish,
    staff: Staff,
    *,
    find_goods: FindGoods,
    timezone: ZoneInfo,
    now: datetime,
) -> Preview:
    """Tell what a scan would earn if a campaign, or a new one, said this."""
    version = Version(0, VersionState.DRAFT, terms, staff.person, now)
    if kept is None:
        kept = KeptCampaign(
            *(0, NEW, staff.brand, CampaignState.DRAFT, None),
            *(terms.starts_at, terms.ends_at, None, None, (version,)),
        )
    return await preview_version(
        conn,
        kept,
        version,
        wish,
        staff,
        find_goods=find_goods,
        timezone=timezone,
        now=now,
    )


async def preview_version(
    conn: AsyncConnection,
    kept: KeptCampaign,
    version: Version,
    wish: PreviewWish,
    staff: Staff,
    *,
    find_goods: FindGoods,
    timezone: ZoneInfo,
    now: datetime,
) -> Preview:
    """Tell what a scan would earn of all campaigns, of one by any version of it."""
    campaign_id = kept.campaign_id
    at = wish.at or now
    goods = await find_goods(conn, wish, staff, at.astimezone(timezone))
    if goods is None:
        raise NotFound(message("no_goods"))
    member_no = 0
    if wish.member_id is not None:
        member_no = await find_member_no(conn, wish.member_id) or 0
    since = utc_datetime(time_of_id(member_no)) if member_no else None
    evidence = replace(
        goods.evidence,
        channel=wish.channel,
        member_since=since,
        claim_no=await number_claim(conn, member_no, goods.count_claims),
    )
    campaigns = {
        **await load_campaigns(conn),
        campaign_id: await _as_active(conn, kept, version),
    }
    candidates = Campaigns.of(campaigns).candidates(goods.bound, evidence.brand)
    holder = Holder(
        member_no,
        number_region(evidence.scan_region),
        business_day(to_ms(at), timezone),
    )
    rows = {
        holder.row(limit)
        for campaign in candidates
        for reward in campaign.rewards
        for limit in reward.limits
    }
    claim = Claim(
        goods.code_id,
        lambda: read_claim_facts(evidence),
        lambda *_: 0,
        # Which card it is nobody is told either.
        lambda cards: cards.cards[0],
    )
    awards, withheld = preview_claim(
        candidates,
        claim,
        now=at,
        tomorrow=next_business_day(to_ms(at), timezone),
        holder=holder,
        used=await load_uses(conn, rows),
    )
    if wish.code is not None:
        await record_action(
            conn,
            staff,
            action="campaign.preview",
            subject=f"campaign:{campaign_id}",
            detail={"code_id": goods.code_id, "member_id": wish.member_id},
            now=now,
        )
    return Preview(awards, withheld)


async def number_claim(
    conn: AsyncConnection, member_no: int, count_claims: CountClaims
) -> int:
    """Tell which of a member's claims the next would be; of who is new the first."""
    if not member_no:
        return 1
    counter = await load_claim_counter(conn)
    counted = None
    if counter is not None:
        counted = await find_claim_count(conn, counter, member_no)
    return 1 + (await count_claims(conn, member_no) if counted is None else counted)


async def _as_active(
    conn: AsyncConnection, kept: KeptCampaign, version: Version
) -> Campaign:
    """Make a campaign ready by a version, as if it were active."""
    campaign = await make_ready(conn, kept, version)
    stopped = kept.state is CampaignState.STOPPED
    state = CampaignState.STOPPED if stopped else CampaignState.ACTIVE
    return replace(campaign, state=state)
