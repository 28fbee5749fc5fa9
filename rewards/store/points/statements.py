"""The SQL of statements: what moved a member's points, newest first."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.transfers import Transfer, TransferKind

_COLUMNS: Final = """
    SELECT t.origin_id, t.transfer_id, t.kind, t.debit_account, t.credit_account,
        t.unit, t.amount, nullif(t.expires_on, 'infinity') AS expires_on
    FROM transfers AS t WHERE t.shard = 0 AND t.unit = :unit
        AND t.transfer_id < :before
"""
# Each by an index of its own, whose conditions these are; scans' rewards are in none.
_MOVED: Final = text(
    f"""
    SELECT * FROM (
        ({_COLUMNS} AND t.credit_account = :member_no AND t.kind IN ('post', 'void',
            'grant', 'spend_return', 'adjustment', 'purchase', 'merge')
        ORDER BY t.transfer_id DESC LIMIT :limit)
        UNION ALL ({_COLUMNS} AND t.credit_account = :member_no AND t.kind IN ('unpost',
            'unvoid', 'repost', 'revoid')
        ORDER BY t.transfer_id DESC LIMIT :limit)
        UNION ALL ({_COLUMNS} AND t.debit_account = :member_no AND t.kind IN ('spend',
            'expiry', 'adjustment', 'reversal', 'debt', 'return', 'merge')
        ORDER BY t.transfer_id DESC LIMIT :limit)
        UNION ALL ({_COLUMNS} AND t.debit_account = -:member_no AND t.kind IN ('spend',
            'expiry', 'adjustment', 'reversal', 'debt', 'return', 'merge')
        ORDER BY t.transfer_id DESC LIMIT :limit)
    ) AS moved
    ORDER BY transfer_id DESC LIMIT :limit
    """  # noqa: S608 - made of constants
)
_WORTH: Final = text(
    """
    SELECT coalesce(sum(available - debt), 0)::bigint FROM balances
    WHERE shard = 0 AND member_no = :member_no AND unit = :unit
    """
)
# What is told of why, by origin.
_BECAUSE: Final = text(
    """
    SELECT s.spend_id, s.because FROM spends AS s
    WHERE s.shard = 0 AND s.spend_id = ANY (CAST(:ids AS bigint[]))
    UNION ALL SELECT r.origin_id, r.reason FROM reversals AS r
    WHERE r.shard = 0 AND r.origin_id = ANY (CAST(:ids AS bigint[]))
        AND r.policy IS NOT NULL
    UNION ALL SELECT a.adjustment_id, a.reason FROM adjustments AS a
    WHERE a.adjustment_id = ANY (CAST(:ids AS bigint[]))
    """
)
_PAYERS: Final = text(
    """
    SELECT c.campaign_no, c.campaign_id FROM campaigns AS c
    WHERE c.campaign_no = ANY (CAST(:ids AS bigint[]))
    """
)


async def load_moved(
    conn: AsyncConnection, member_no: int, *, unit: int, before: int, limit: int
) -> list[Transfer]:
    """Load what moved a unit of a member but scans' rewards, newest first."""
    values = {"member_no": member_no, "unit": unit, "before": before, "limit": limit}
    return [
        Transfer(origin_id, transfer_id, TransferKind(kind), *rest)
        for origin_id, transfer_id, kind, *rest in await conn.execute(_MOVED, values)
    ]


async def load_worth(conn: AsyncConnection, member_no: int, *, unit: int) -> int:
    """Add up all of a member's lots less the debt: what transfers have come to."""
    values = {"member_no": member_no, "unit": unit}
    return int((await conn.execute(_WORTH, values)).scalar_one())


async def load_reasons(
    conn: AsyncConnection, origin_ids: Collection[int]
) -> dict[int, str]:
    """Load why spends, reversals and adjustments were made, by their numbers."""
    rows = await conn.execute(_BECAUSE, {"ids": write_numbers(origin_ids)})
    return {row[0]: row[1] for row in rows}


async def load_payers(conn: AsyncConnection, accounts: Sequence[int]) -> dict[int, str]:
    """Load which campaign's each account is; others are left out."""
    rows = await conn.execute(_PAYERS, {"ids": write_numbers(accounts)})
    return {row[0]: row[1] for row in rows}
