"""The SQL of who had a cap last, by the carton that it was in."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers

# Where its carton was received last; where it never was, where it was shipped to. What
# moves a pallet names its cartons too.
_DEALERS: Final = text(
    """
    SELECT u.code_id, d.biz_location
    FROM unnest(CAST(:codes AS bigint[])) AS u (code_id)
    CROSS JOIN LATERAL (
        SELECT e.biz_location FROM carton_contents AS c
        JOIN logistic_event_units AS m ON m.sscc = c.sscc
        JOIN logistic_events AS e ON e.event_id = m.event_id
        WHERE int8range(c.first_code_id, c.last_code_id, '[]') @> u.code_id
            AND e.kind IN ('receiving', 'shipping') AND e.biz_location IS NOT NULL
        ORDER BY e.kind = 'receiving' DESC, e.event_no DESC LIMIT 1) AS d
    """
)


async def find_dealers(
    conn: AsyncConnection, code_ids: Collection[int]
) -> dict[int, str]:
    """Tell by code_id who had it last; codes that nobody is known to are left out."""
    rows = await conn.execute(_DEALERS, {"codes": write_numbers(code_ids)})
    return {row.code_id: row.biz_location for row in rows}
