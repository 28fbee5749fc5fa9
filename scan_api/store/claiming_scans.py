"""The SQL of scans that claimed their codes, each of which does so once."""

from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# So many are read at once.
_AT_MOST: Final = 20_000
_CLAIMING: Final = text(
    """SELECT scan_id, code_id, facts FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
        AND outcome IN ('rewarded', 'held', 'no_reward')
    ORDER BY scan_id LIMIT :most"""
)


class ClaimingScan(NamedTuple):
    """A scan that claimed its code, with what was kept of it."""

    scan_id: int
    code_id: int
    facts: bytes


async def read_claiming(
    conn: AsyncConnection, after: int, upto: int
) -> tuple[int, list[ClaimingScan]]:
    """Read some of the scans after one, up to another at most, and tell up to which."""
    values = {"after": after, "upto": upto, "most": _AT_MOST}
    found = [ClaimingScan(*row) for row in await conn.execute(_CLAIMING, values)]
    return (found[-1].scan_id if len(found) == _AT_MOST else upto), found
