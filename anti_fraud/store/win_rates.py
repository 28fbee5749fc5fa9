"""The SQL of how often tiers of chances were won in regions, by day."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.win_rates import RegionTier, TierDay

_ADD: Final = text(
    """
    INSERT INTO tier_days AS d (day, campaign_id, offer_id, tier_id, region, claims,
        wins, promised)
    SELECT * FROM unnest(CAST(:days AS date[]), CAST(:campaigns AS text[]),
        CAST(:offers AS text[]), CAST(:tiers AS text[]), CAST(:regions AS text[]),
        CAST(:claims AS bigint[]), CAST(:wins AS bigint[]),
        CAST(:promised AS bigint[]))
    ON CONFLICT (day, campaign_id, offer_id, tier_id, region) DO UPDATE SET
        claims = d.claims + excluded.claims, wins = d.wins + excluded.wins,
        promised = d.promised + excluded.promised
    """
)


async def add_days(conn: AsyncConnection, days: Sequence[TierDay]) -> None:
    """Add to what was counted of tiers by day."""
    await conn.execute(
        _ADD,
        {
            "days": [each.day for each in days],
            "campaigns": [each.tier.campaign_id for each in days],
            "offers": [each.tier.offer_id for each in days],
            "tiers": [each.tier.tier_id for each in days],
            "regions": [each.tier.region for each in days],
            "claims": [each.claims for each in days],
            "wins": [each.wins for each in days],
            "promised": [each.promised for each in days],
        },
    )


async def load_days(
    conn: AsyncConnection, tiers: Collection[RegionTier], *, first: date, last: date
) -> list[TierDay]:
    """Load what was counted of tiers from one day to another."""
    d = t.tier_days.c
    name = (d.campaign_id, d.offer_id, d.tier_id, d.region)
    rows = await conn.execute(
        select(*name, d.day, d.claims, d.wins, d.promised).where(
            tuple_(*name).in_([tuple(each) for each in tiers]),
            d.day.between(first, last),
        )
    )
    return [TierDay(RegionTier(*row[:4]), *row[4:]) for row in rows]


async def forget_days(conn: AsyncConnection, *, before: date) -> None:
    """Forget what was counted before a day."""
    await conn.execute(delete(t.tier_days).where(t.tier_days.c.day < before))
