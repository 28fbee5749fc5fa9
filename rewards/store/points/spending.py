"""The SQL of spends and of their returns, each once."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.points.spending import Return, Spend

_LOAD: Final = text(
    """
    SELECT s.spend_id, s.member_no, s.amount, s.because, s.unit
    FROM spends AS s WHERE s.shard = 0 AND s.spend_id = ANY (CAST(:ids AS bigint[]))
    """
)
_INSERT: Final = text(
    """
    INSERT INTO spends (shard, unit, spend_id, member_no, amount, because)
    SELECT 0, u, s, m, a, b
    FROM unnest(CAST(:units AS smallint[]), CAST(:ids AS bigint[]),
        CAST(:members AS bigint[]), CAST(:amounts AS bigint[]),
        CAST(:reasons AS text[])) AS u (u, s, m, a, b)
    """
)
_TAKE: Final = text(
    """
    INSERT INTO reversals (shard, origin_id, reversal_id, points, debt, policy, person,
        reason)
    SELECT 0, o, r, a, 0, NULL, p, why
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reversals AS bigint[]),
        CAST(:amounts AS bigint[]), CAST(:persons AS text[]), CAST(:reasons AS text[]))
        AS u (o, r, a, p, why)
    ORDER BY o
    ON CONFLICT (shard, origin_id) DO NOTHING
    RETURNING origin_id
    """
)


async def load_spends(
    conn: AsyncConnection, spend_ids: Sequence[int]
) -> dict[int, Spend]:
    """Load the spends that there are of these numbers."""
    rows = await conn.execute(_LOAD, {"ids": write_numbers(spend_ids)})
    return {row.spend_id: Spend(*row) for row in rows}


async def insert_spends(conn: AsyncConnection, spends: Sequence[Spend]) -> None:
    """Write spends down; raises IntegrityError for a number that there is."""
    values = {
        "units": write_numbers(each.unit for each in spends),
        "ids": write_numbers(each.spend_id for each in spends),
        "members": write_numbers(each.member_no for each in spends),
        "amounts": write_numbers(each.amount for each in spends),
        "reasons": [each.because for each in spends],
    }
    await conn.execute(_INSERT, values)


async def take_reversals(
    conn: AsyncConnection, returns: Sequence[Return], known: dict[int, Spend]
) -> frozenset[int]:
    """Write down that spends are returned; gives those that were not before."""
    values = {
        "ids": write_numbers(each.spend_id for each in returns),
        "reversals": write_numbers(each.reversal_id for each in returns),
        "amounts": write_numbers(known[each.spend_id].amount for each in returns),
        "persons": [each.person for each in returns],
        "reasons": [each.reason for each in returns],
    }
    return frozenset((await conn.execute(_TAKE, values)).scalars())
