"""The SQL of lots: what members have."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.lots import Holding, Lot

_COLUMNS: Final = """
    SELECT b.member_no, nullif(b.expires_on, 'infinity') AS expires_on, b.available,
        b.pending, b.debt
    FROM balances AS b
"""
_LOCK: Final = text(
    _COLUMNS
    + """
    WHERE b.shard = 0 AND b.member_no = ANY (CAST(:members AS bigint[]))
        AND b.unit = :unit AND (b.available > 0 OR b.debt > 0)
    ORDER BY b.unit, b.expires_on, b.member_no FOR UPDATE
    """
)
_OF_MEMBER: Final = text(
    _COLUMNS
    + """
    JOIN identities AS i ON i.shard = 0 AND i.member_id = :member_id
        AND i.member_no = b.member_no
    WHERE b.shard = 0 AND b.unit = :unit ORDER BY b.expires_on
    """
)


async def lock_lots(
    conn: AsyncConnection, member_nos: Collection[int], *, unit: int
) -> dict[int, Holding]:
    """Lock what members have of a unit, in the order of lots; nothing is left out."""
    values = {"members": write_numbers(sorted(set(member_nos))), "unit": unit}
    found: dict[int, Holding] = {}
    for row in await conn.execute(_LOCK, values):
        _add(found.setdefault(row.member_no, Holding()), row)
    return found


async def load_holding(conn: AsyncConnection, member_id: str, *, unit: int) -> Holding:
    """Read what a member has of a unit; nothing yet is an empty one."""
    holding = Holding()
    values = {"member_id": member_id, "unit": unit}
    for row in await conn.execute(_OF_MEMBER, values):
        _add(holding, row)
    return holding


def _add(holding: Holding, row: Row[Any]) -> None:
    holding.lots.append(Lot(row.expires_on, row.available))
    holding.pending += row.pending
    holding.debt += row.debt
