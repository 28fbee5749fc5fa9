"""The SQL of what all campaigns gave by business day, as it was counted."""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_GIVEN: Final = text(
    """
    SELECT c.campaign_id, o.kind, d.day, sum(d.amount)::bigint AS amount
    FROM offer_days AS d JOIN offers AS o ON o.offer_no = d.offer_no
    JOIN campaigns AS c ON c.campaign_no = o.campaign_no
    WHERE d.day BETWEEN :first AND :last AND o.kind IN ('points', 'red_packet')
    GROUP BY c.campaign_id, o.kind, d.day ORDER BY 1, 2, 3
    """
)


class CountedDay(NamedTuple):
    """Points or money (in the smallest coin) that a campaign gave on a day."""

    campaign_id: str
    kind: str
    day: date
    amount: int


async def load_given(
    conn: AsyncConnection, *, first: date, last: date
) -> list[CountedDay]:
    """Load what campaigns gave from one day to another."""
    rows = await conn.execute(_GIVEN, {"first": first, "last": last})
    return [CountedDay(*row) for row in rows]
