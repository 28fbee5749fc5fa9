"""What happened to points, told from their transfers when somebody reads."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.event_types import EventType, Happening

# The kind of row of the outbox that numbers transfers of points which expired.
EXPIRED: Final = "expiries"

_TELL_EXPIRED: Final = text(
    """
    SELECT t.transfer_id, t.amount, t.expires_on, m.member_id
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = u.id AND transfer_id = u.id OFFSET 0) AS t
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = t.debit_account OFFSET 0) AS m
    """
)


async def tell_expired(
    conn: AsyncConnection, transfer_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell of points that expired, by the number of their transfer."""
    rows = await conn.execute(_TELL_EXPIRED, {"ids": write_numbers(transfer_ids)})
    return {
        row.transfer_id: Happening(
            EventType.POINTS_EXPIRED,
            {
                "member_id": row.member_id,
                "amount": row.amount,
                "expires_on": row.expires_on.isoformat(),
            },
        )
        for row in rows
    }
