"""The odds of a campaign's chances, as anybody may read them; tiers that pay nothing.

A tier is frozen where a prize is under attack: who wins it gets the next one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import Conflict, NotFound
from core.event_types import EventType, Happening
from core.fence import take_fence
from core.outbox import write_events
from rewards.domain.campaigns import KeptCampaign
from rewards.domain.cards import CardSet
from rewards.domain.chances import WHOLE
from rewards.domain.messages import message
from rewards.domain.terms import TierTerms, TwoNames
from rewards.store.campaigns import find_campaign, lock_campaign, renew_campaign
from rewards.store.cards import load_sets
from rewards.store.offers import load_frozen_tiers, set_frozen


@dataclass(frozen=True, slots=True)
class ChanceOdds:
    """A chance of a campaign, best tier first; of `frozen` ones the next is given."""

    tiers: tuple[TierTerms, ...]
    frozen: frozenset[str] = frozenset()

    @property
    def nothing(self) -> int:
        """Say how many times in a million it wins nothing."""
        return WHOLE - sum(tier.per_million for tier in self.tiers)


@dataclass(frozen=True, slots=True)
class CampaignOdds:
    """The chances of the version that a campaign pays by, or paid by last.

    Which card of a set a cap gives is a chance too.
    """

    campaign_id: str
    brand: str | None
    name: TwoNames
    version: int
    starts_at: datetime
    ends_at: datetime | None
    chances: tuple[ChanceOdds, ...]
    sets: tuple[CardSet, ...]


async def load_odds(conn: AsyncConnection, campaign_id: str) -> CampaignOdds | None:
    """Load the odds of a campaign that has chances; of a draft nobody is told."""
    kept = await find_campaign(conn, campaign_id)
    if kept is None or kept.active is None:
        return None
    terms = kept.active.terms
    frozen = await load_frozen_tiers(conn, kept.campaign_no)
    chances = tuple(
        ChanceOdds(
            each.table,
            frozenset(tier for offer, tier in frozen if offer == each.offer_id),
        )
        for each in terms.offers
        if each.table
    )
    named = {given.set_id for _, given, _ in terms.given if given.set_id is not None}
    found = await load_sets(conn, named) if named else {}
    sets = tuple(found[set_id] for set_id in sorted(named))
    if not chances and not sets:
        return None
    return CampaignOdds(
        campaign_id,
        kept.brand,
        terms.name,
        kept.active.version,
        kept.starts_at,
        kept.ends_at,
        chances,
        sets,
    )


class TierName(NamedTuple):
    """Which tier of which chance of which campaign."""

    campaign_id: str
    offer_id: str
    tier_id: str


async def find_tier(conn: AsyncConnection, tier: TierName, staff: Staff) -> None:
    """Raise NotFound for a tier that no version has of a campaign one may change."""
    await _find(conn, tier, staff)


async def freeze_tier(
    conn: AsyncConnection, tier: TierName, staff: Staff, *, reason: str, now: datetime
) -> None:
    """Let a tier of a chance pay nothing: whoever wins it gets the next one's.

    Whoever scans after this is committed wins nothing of it. Raises NotFound, and
    Conflict where it is frozen.
    """
    await _set(conn, tier, staff, is_frozen=True, reason=reason, now=now)


async def thaw_tier(
    conn: AsyncConnection, tier: TierName, staff: Staff, *, reason: str, now: datetime
) -> None:
    """Let a tier pay again; raises NotFound, and Conflict where it is not frozen."""
    await _set(conn, tier, staff, is_frozen=False, reason=reason, now=now)


async def _set(
    conn: AsyncConnection,
    tier: TierName,
    staff: Staff,
    *,
    is_frozen: bool,
    reason: str,
    now: datetime,
) -> None:
    await take_fence(conn)
    await lock_campaign(conn, tier.campaign_id)
    kept = await _find(conn, tier, staff)
    moved = await set_frozen(
        *(conn, kept.campaign_no, tier.offer_id, tier.tier_id), is_frozen=is_frozen
    )
    if not moved:
        told = message("tier_is_so", tier_id=tier.tier_id)
        raise Conflict(told, code="illegal_state")
    await renew_campaign(conn, kept.campaign_no)
    change = "tier_frozen" if is_frozen else "tier_thawed"
    await record_action(
        conn,
        staff,
        action=f"campaign.{change}",
        subject=f"campaign:{tier.campaign_id}",
        detail=tier._asdict() | {"reason": reason},
        now=now,
    )
    data = {"campaign_id": tier.campaign_id, "change": change}
    await write_events(conn, [Happening(EventType.CAMPAIGN_CHANGED, data)])


async def _find(conn: AsyncConnection, tier: TierName, staff: Staff) -> KeptCampaign:
    """Find the campaign of a tier."""
    kept = await find_campaign(conn, tier.campaign_id)
    if kept is None or not kept.is_changed_by(staff.brand):
        raise NotFound(message("no_campaign", campaign_id=tier.campaign_id))
    named = {name[:2] for version in kept.versions for name in version.terms.tier_names}
    if (tier.offer_id, tier.tier_id) not in named:
        told = message("no_tier", campaign_id=kept.campaign_id, tier_id=tier.tier_id)
        raise NotFound(told)
    return kept
