"""The odds of a campaign's chances, as anybody may read them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.chances import WHOLE
from rewards.domain.terms import TierTerms, TwoNames
from rewards.store.campaigns import find_campaign


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
    """The chances of the version that a campaign pays by, or paid by last."""

    campaign_id: str
    brand: str | None
    name: TwoNames
    version: int
    starts_at: datetime
    ends_at: datetime | None
    chances: tuple[ChanceOdds, ...]


async def load_odds(conn: AsyncConnection, campaign_id: str) -> CampaignOdds | None:
    """Load the odds of a campaign that has chances; of a draft nobody is told."""
    kept = await find_campaign(conn, campaign_id)
    if kept is None or kept.active is None:
        return None
    terms = kept.active.terms
    chances = tuple(ChanceOdds(each.table) for each in terms.offers if each.table)
    if not chances:
        return None
    return CampaignOdds(
        campaign_id,
        kept.brand,
        terms.name,
        kept.active.version,
        kept.starts_at,
        kept.ends_at,
        chances,
    )
