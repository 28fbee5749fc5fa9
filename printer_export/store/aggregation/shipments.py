"""The SQL of codes that become active when their carton ships.

Reports and shipments of a batch meet under the lock of its row in line_counts:
whichever comes second sees the first, and activates.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import Interval

BatchIntervals = dict[int, list[Interval]]


async def await_shipment(
    conn: AsyncConnection, batch_id: int, codes: Sequence[Interval]
) -> list[Interval]:
    """Note codes to activate with their carton; returns those that shipped before."""
    rows = await conn.execute(
        text(
            """
            WITH reported AS (
                SELECT range_agg(int8range(first, last, '[]')) AS codes FROM unnest(
                    CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])
                ) AS r (first, last)
            ), noted AS (
                INSERT INTO awaiting_shipment AS a (batch_id, codes)
                SELECT :batch_id, codes FROM reported
                ON CONFLICT (batch_id)
                    DO UPDATE SET codes = a.codes + excluded.codes
            ), shipped AS (
                SELECT range_agg(
                    int8range(c.first_code_id, c.last_code_id, '[]')) AS codes
                FROM reported AS r, unnest(r.codes) AS piece
                JOIN carton_contents AS c
                    ON int8range(c.first_code_id, c.last_code_id, '[]') && piece
                WHERE EXISTS (
                    SELECT FROM logistic_event_units AS u
                    JOIN logistic_events AS e USING (event_id)
                    WHERE u.sscc = c.sscc AND e.kind = 'shipping')
            )
            SELECT lower(piece) AS first, upper(piece) - 1 AS last
            FROM reported AS r, shipped AS s, unnest(r.codes * s.codes) AS piece
            ORDER BY 1
            """
        ),
        {
            "batch_id": batch_id,
            "firsts": [first for first, _ in codes],
            "lasts": [last for _, last in codes],
        },
    )
    return [(row.first, row.last) for row in rows]


async def find_awaiting(conn: AsyncConnection, ssccs: Iterable[str]) -> BatchIntervals:
    """List the codes in these cartons that wait for their shipment, by batch."""
    rows = await conn.execute(
        text(
            """
            SELECT a.batch_id, lower(piece) AS first, upper(piece) - 1 AS last
            FROM (
                SELECT batch_id, range_agg(
                    int8range(first_code_id, last_code_id, '[]')) AS codes
                FROM carton_contents
                WHERE sscc = ANY(CAST(:ssccs AS text[])) AND unpacked_at IS NULL
                GROUP BY batch_id
            ) AS c
            JOIN awaiting_shipment AS a USING (batch_id),
                unnest(a.codes * c.codes) AS piece
            ORDER BY 1, 2
            """
        ),
        {"ssccs": list(ssccs)},
    )
    found: BatchIntervals = {}
    for row in rows:
        found.setdefault(row.batch_id, []).append((row.first, row.last))
    return found
