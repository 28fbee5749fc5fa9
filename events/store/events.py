"""The SQL of reading the outbox, and of forgetting what is old in it."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.outbox import outbox_state
from events.domain.events import EventId, OutboxRow

# Whoever still runs may write at its own xid or above, and nowhere below.
_READABLE: Final = """
    SELECT era, xid, place, at, kind, ids, events FROM outbox
    WHERE shard = 0 AND (era < (SELECT era FROM outbox_state) OR xid
        < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint))
"""
_READ: Final = text(
    _READABLE
    + " AND (era, xid, place) >= (:era, :xid, :place)"
    + " ORDER BY era, xid, place LIMIT :rows"
)
_UNSETTLED: Final = text(
    "SELECT era, xid, place, at, kind, ids, events FROM outbox"
    " WHERE shard = 0 AND era = (SELECT era FROM outbox_state) AND xid"
    " >= CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
)
_NEWEST: Final = text(_READABLE + " ORDER BY era DESC, xid DESC, place DESC LIMIT 1")

_FORGET: Final = text(
    """
    DELETE FROM outbox WHERE shard = 0 AND (era, xid, place) IN (
        SELECT era, xid, place FROM outbox WHERE shard = 0 AND at < :before
        ORDER BY era, xid, place LIMIT :rows)
    RETURNING era, xid, place, coalesce(cardinality(ids), jsonb_array_length(events))
    """
)


async def load_rows(
    conn: AsyncConnection, after: EventId, *, rows: int
) -> list[OutboxRow]:
    """Read rows that nothing can come before any more, from that of an event on."""
    era, xid, place, _ = after
    values = {"era": era, "xid": xid, "place": place, "rows": rows}
    return [OutboxRow(*row) for row in await conn.execute(_READ, values)]


async def load_unsettled(conn: AsyncConnection) -> list[OutboxRow]:
    """Read the rows that can be seen, and that others may yet come before."""
    return [OutboxRow(*row) for row in await conn.execute(_UNSETTLED)]


async def load_newest(conn: AsyncConnection) -> OutboxRow | None:
    """Read the last row that nothing can come before any more."""
    row = (await conn.execute(_NEWEST)).one_or_none()
    return None if row is None else OutboxRow(*row)


async def load_forgotten(conn: AsyncConnection) -> EventId | None:
    """Read which event is the last that is no longer kept."""
    found = (await conn.execute(select(outbox_state.c.forgotten))).scalar_one()
    return None if found is None else EventId.parse(found)


async def forget_rows(conn: AsyncConnection, *, before: datetime, rows: int) -> int:
    """Remove some of the oldest rows; tells how many, and remembers up to where."""
    gone = await conn.execute(_FORGET, {"before": before, "rows": rows})
    ends = [EventId(era, xid, place, size - 1) for era, xid, place, size in gone]
    if ends:
        await conn.execute(update(outbox_state).values(forgotten=str(max(ends))))
    return len(ends)
