"""The SQL of what waits in cases, looked through a piece at a time."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# By the index of what waits alone. What is only looked at waits for a person.
_SOME: Final = text(
    """
    SELECT scan_id, case_id FROM case_scans
    WHERE entry_id IS NULL AND held AND scan_id > :after
    ORDER BY scan_id LIMIT :limit
    """
)


async def load_some_waiting(
    conn: AsyncConnection, *, after: int, limit: int
) -> list[tuple[int, int]]:
    """Read (scan_id, case_id) of held scans that wait, after one and in order."""
    rows = await conn.execute(_SOME, {"after": after, "limit": limit})
    return [(row.scan_id, row.case_id) for row in rows]
