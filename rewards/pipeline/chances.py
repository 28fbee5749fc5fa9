"""The odds of a campaign's chances, as anybody may read them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.cards import CardSet
from rewards.domain.chances import WHOLE
from rewards.domain.terms import TierTerms, TwoNames
from rewards.store.campaigns import find_campaign
from rewards.store.cards import load_sets


@dataclass(frozen=True, slots=True)
class ChanceOdds:
    """A chance of a campaign, best tier first."""

    tiers: tuple[TierTerms, ...]

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
    chances = tuple(ChanceOdds(each.table) for each in terms.offers if each.table)
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
