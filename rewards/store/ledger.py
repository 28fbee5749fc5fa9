"""The SQL of what members have, beside the commit of a scan."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.ledger import POINTS_UNIT, Wallet

# What the hot path reads again when an answer was lost on its way.
BALANCES_OF: Final = """
    SELECT member_no, available FROM balances
    WHERE shard = 0 AND unit = 0 AND member_no = ANY(%b::bigint[])
"""


async def load_wallet(conn: AsyncConnection, member_id: str) -> Wallet:
    """Read a member's points; nothing yet is an empty wallet."""
    b, i = t.balances.c, t.identities.c
    row = (
        await conn.execute(
            select(b.available, b.pending)
            .join_from(t.balances, t.identities, i.member_no == b.member_no)
            .where(
                i.shard == SHARD,
                i.member_id == member_id,
                b.shard == SHARD,
                b.unit == POINTS_UNIT,
            )
        )
    ).one_or_none()
    return Wallet(row.available, row.pending) if row else Wallet(0, 0)
