"""The SQL of what dealers' codes are claimed where, by day."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.dealers import DealerDay, DealerShare

_ADD: Final = text(
    """
    INSERT INTO dealer_days AS d (day, dealer, codes, outside)
    SELECT * FROM unnest(CAST(:days AS date[]), CAST(:dealers AS text[]),
        CAST(:codes AS bigint[]), CAST(:outside AS bigint[]))
    ON CONFLICT (day, dealer) DO UPDATE SET codes = d.codes + excluded.codes,
        outside = d.outside + excluded.outside
    """
)


async def add_days(conn: AsyncConnection, days: Sequence[DealerDay]) -> None:
    """Add to what was counted of dealers by day."""
    await conn.execute(
        _ADD,
        {
            "days": [each.day for each in days],
            "dealers": [each.dealer for each in days],
            "codes": [each.codes for each in days],
            "outside": [each.outside for each in days],
        },
    )


async def load_shares(
    conn: AsyncConnection, dealers: Collection[str], *, first: date, last: date
) -> list[DealerShare]:
    """Add up what was counted of dealers from one day to another."""
    d = t.dealer_days.c
    rows = await conn.execute(
        select(d.dealer, func.sum(d.codes), func.sum(d.outside))
        .where(d.dealer.in_(dealers), d.day.between(first, last))
        .group_by(d.dealer)
        .order_by(d.dealer)
    )
    return [DealerShare(dealer, int(n), int(outside)) for dealer, n, outside in rows]


async def forget_days(conn: AsyncConnection, *, before: date) -> None:
    """Forget what was counted before a day."""
    await conn.execute(delete(t.dealer_days).where(t.dealer_days.c.day < before))
