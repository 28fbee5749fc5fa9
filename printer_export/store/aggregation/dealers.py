"""The SQL of who had a cap last, by the carton that it was in."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers

# A dealer's cartons are read back to so many.
_MOST_CARTONS: Final = 50_000
# Events are read until they name so many cartons.
_EVENTS_AT_ONCE: Final = 500
_CARTONS_AT_ONCE: Final = 20_000

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
# The same of all codes of cartons, and of others that the same codes were in before or
# after: the later a carton came where it is, the later it stands.
_HELD: Final = text(
    """
    WITH named AS (
        SELECT DISTINCT o.sscc FROM carton_contents AS c
        JOIN carton_contents AS o ON int8range(o.first_code_id, o.last_code_id, '[]')
            && int8range(c.first_code_id, c.last_code_id, '[]')
        WHERE c.sscc = ANY(CAST(:ssccs AS text[]))
    )
    SELECT d.biz_location, c.first_code_id, c.last_code_id FROM named
    JOIN carton_contents AS c ON c.sscc = named.sscc
    LEFT JOIN LATERAL (
        SELECT e.biz_location, e.kind = 'receiving' AS is_received, e.event_no
        FROM logistic_event_units AS m
        JOIN logistic_events AS e ON e.event_id = m.event_id
        WHERE m.sscc = named.sscc
            AND e.kind IN ('receiving', 'shipping') AND e.biz_location IS NOT NULL
        ORDER BY is_received DESC, e.event_no DESC LIMIT 1) AS d ON true
    ORDER BY d.is_received NULLS FIRST, d.event_no NULLS FIRST, c.sscc, c.first_code_id
    """
)
_OF_DEALER: Final = text(
    """
    SELECT m.sscc FROM logistic_events AS e
    JOIN logistic_event_units AS m ON m.event_id = e.event_id
    WHERE e.biz_location = :dealer AND e.kind IN ('receiving', 'shipping')
    ORDER BY e.event_no DESC LIMIT :most
    """
)
_NEWEST: Final = text(
    """
    SELECT event_no FROM logistic_events WHERE recorded_at <= :settled_at
    ORDER BY event_no DESC LIMIT 1
    """
)
_EVENTS: Final = text(
    """
    SELECT e.event_no, array_agg(m.sscc) AS ssccs FROM (
        SELECT event_no, event_id FROM logistic_events WHERE event_no > :after
        ORDER BY event_no LIMIT :most) AS e
    JOIN logistic_event_units AS m ON m.event_id = e.event_id
    GROUP BY e.event_no ORDER BY e.event_no
    """
)


class HeldCodes(NamedTuple):
    """Codes of a carton, and where it is; None where nobody is known to have it."""

    dealer: str | None
    first_code_id: int
    last_code_id: int


class MovedCartons(NamedTuple):
    """Cartons that events name, up to the last event that no earlier one follows."""

    end: int
    ssccs: frozenset[str]
    has_more: bool


async def find_dealers(
    conn: AsyncConnection, code_ids: Collection[int]
) -> dict[int, str]:
    """Tell by code_id who had it last; codes that nobody is known to are left out."""
    rows = await conn.execute(_DEALERS, {"codes": write_numbers(code_ids)})
    return {row.code_id: row.biz_location for row in rows}


async def find_cartons(conn: AsyncConnection, dealer: str) -> frozenset[str]:
    """Find what was shipped to a dealer or received there last."""
    values = {"dealer": dealer, "most": _MOST_CARTONS}
    return frozenset((await conn.execute(_OF_DEALER, values)).scalars())


async def find_held(conn: AsyncConnection, ssccs: Collection[str]) -> list[HeldCodes]:
    """Tell who has the codes of cartons; where they differ, the later one counts."""
    rows = await conn.execute(_HELD, {"ssccs": sorted(ssccs)})
    return [HeldCodes(*row) for row in rows]


async def read_moved_cartons(
    conn: AsyncConnection, after: int | None, settled_at: datetime
) -> MovedCartons:
    """Read which cartons events name after one, in pieces; of none, only the end.

    An event may be written after one with a higher number, but not later than
    `settled_at`; so those that are younger are read now and again.
    """
    newest = await conn.execute(_NEWEST, {"settled_at": settled_at})
    settled = newest.scalar_one_or_none() or 0
    if after is None:
        return MovedCartons(settled, frozenset(), has_more=False)
    read = await conn.execute(_EVENTS, {"after": after, "most": _EVENTS_AT_ONCE})
    events = read.all()
    ssccs: set[str] = set()
    last, has_more = after, len(events) == _EVENTS_AT_ONCE
    for event_no, named in events:
        if len(ssccs) >= _CARTONS_AT_ONCE:
            has_more = True
            break
        ssccs.update(named)
        last = event_no
    if not has_more:
        return MovedCartons(max(after, settled), frozenset(ssccs), has_more=False)
    # What is younger than settled would come again at once, for ever.
    return MovedCartons(min(last, settled), frozenset(ssccs), last < settled)
