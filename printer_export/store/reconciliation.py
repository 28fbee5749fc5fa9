"""The SQL that adds up batches by plant and line; it only reads."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.reconciliation import (
    Grouping,
    PlaceCounts,
    Reason,
    Span,
    spoilage_rate,
)

MAX_PLACES: Final = 1_000
MAX_REASONS: Final = 10

# The batches in question, each with the place that its ranges name. Samples are void
# from birth and go to no line.
_PLACED: Final = """
WITH chosen AS (
    SELECT batch_id, quantity FROM batches AS b
    WHERE (CAST(:brand AS text) IS NULL OR brand IS NULL OR brand = :brand)
      AND (CAST(:line AS text) IS NULL OR line IS NULL OR line = :line)
      AND (CAST(:first AS date) IS NULL
           OR issued_at >= CAST(:first AS timestamp) AT TIME ZONE :timezone)
      AND (CAST(:last AS date) IS NULL
           OR issued_at < CAST(CAST(:last AS date) + 1 AS timestamp)
                AT TIME ZONE :timezone)
      AND NOT EXISTS (SELECT FROM sample_batches AS s WHERE s.batch_id = b.batch_id)
), placed AS (
    SELECT batch_id, quantity,
        coalesce(array_agg(DISTINCT r.plant) FILTER (WHERE r.plant <> ''),
            '{}') AS plants,
        CASE WHEN :by_line THEN
            coalesce(array_agg(DISTINCT r.line) FILTER (WHERE r.line <> ''), '{}')
        END AS lines
    FROM chosen JOIN ranges AS r USING (batch_id)
    GROUP BY batch_id, quantity
)
"""
_COUNTS: Final = """
SELECT plants, lines, count(*) AS batches, sum(quantity) AS issued,
    coalesce(sum(c.printed), 0) AS printed,
    coalesce(sum(c.rejected), 0) AS rejected,
    coalesce(sum(c.wasted), 0) AS wasted,
    coalesce(sum(c.missing), 0) AS missing,
    coalesce(sum(c.indeterminate), 0) AS indeterminate
FROM placed LEFT JOIN line_counts AS c USING (batch_id)
GROUP BY plants, lines ORDER BY issued DESC, plants, lines LIMIT :limit
"""
_REASONS: Final = """
SELECT plants, lines, status, reason, quantity FROM (
    SELECT plants, lines, t.status, t.reason, sum(t.quantity) AS quantity,
        row_number() OVER (PARTITION BY plants, lines
            ORDER BY sum(t.quantity) DESC, t.status, t.reason) AS place
    FROM placed JOIN line_reports AS r USING (batch_id)
    JOIN line_report_tallies AS t USING (report_id)
    WHERE t.status <> 'printed'
    GROUP BY plants, lines, t.status, t.reason
) AS ranked WHERE place <= :limit ORDER BY place
"""
_COUNTED: Final = ("printed", "rejected", "wasted", "missing", "indeterminate")
_Place = tuple[tuple[str, ...], tuple[str, ...] | None]


async def add_up_places(
    conn: AsyncConnection,
    by: Grouping,
    span: Span,
    *,
    timezone: ZoneInfo,
    of_brand: str | None,
    of_line: str | None,
) -> list[PlaceCounts]:
    """Add up batches by place, the MAX_PLACES largest first, with usual reasons.

    `of_brand` and `of_line` leave out what is another's; batches of nobody stay.
    """
    chosen = {
        "brand": of_brand,
        "line": of_line,
        "first": span.first,
        "last": span.last,
        "timezone": timezone.key,
        "by_line": by is Grouping.LINE,
    }
    rows = await conn.execute(text(_PLACED + _COUNTS), chosen | {"limit": MAX_PLACES})
    told = await conn.execute(text(_PLACED + _REASONS), chosen | {"limit": MAX_REASONS})
    reasons: dict[_Place, list[Reason]] = {}
    for row in told:
        found = Reason(row.status, row.reason, int(row.quantity))
        reasons.setdefault(_place_of(row), []).append(found)
    return [_counts_of(row, tuple(reasons.get(_place_of(row), ()))) for row in rows]


def _place_of(row: Any) -> _Place:
    return tuple(row.plants), None if row.lines is None else tuple(row.lines)


def _counts_of(row: Any, reasons: tuple[Reason, ...]) -> PlaceCounts:
    counts = {name: int(getattr(row, name)) for name in _COUNTED}
    issued = int(row.issued)
    counts |= {"issued": issued, "unprinted": issued - sum(counts.values())}
    plants, lines = _place_of(row)
    return PlaceCounts(
        plants=plants,
        lines=lines,
        batches=row.batches,
        **counts,
        spoilage_rate=spoilage_rate(counts),
        reasons=reasons,
    )
