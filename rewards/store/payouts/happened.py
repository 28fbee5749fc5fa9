"""What happened to payouts that ended unpaid, told from their rows when somebody reads.

How one ended is final. Numbered, they can be counted too: what they had paid is taken
off what their campaigns came to.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.event_types import EventType, Happening

# The kind of row of the outbox that numbers payouts which ended unpaid.
UNPAID: Final = "unpaid"

_TELL: Final = text(
    """
    SELECT p.payout_id, m.member_id, c.campaign_id, d.draw_id, s.set_id, p.minor,
        p.currency, p.state, p.fault
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM payouts
        WHERE shard = 0 AND payout_id = u.id OFFSET 0) AS p
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = p.member_no OFFSET 0) AS m
    LEFT JOIN campaigns AS c ON c.campaign_no = p.campaign_no
    LEFT JOIN draws AS d ON d.draw_no = p.campaign_no
    LEFT JOIN card_sets AS s ON s.set_no = p.campaign_no
    """
)


async def tell_unpaid(
    conn: AsyncConnection, payout_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell of payouts that ended unpaid, by their numbers."""
    rows = await conn.execute(_TELL, {"ids": write_numbers(payout_ids)})
    return {
        row.payout_id: Happening(
            EventType.PAYOUT_CHANGED, row._asdict() | {"payout_id": str(row.payout_id)}
        )
        for row in rows
    }
