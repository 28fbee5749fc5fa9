"""Events read in order, a page at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict
from core.event_types import Happening
from events.domain.events import BEGINNING, Event, EventId, OutboxRow, Teller
from events.domain.messages import message
from events.store import events as store

MAX_EVENTS: Final = 1_000
# Whoever reads has as long to come back.
KEPT: Final = timedelta(days=14)
FORGOTTEN_AT_ONCE: Final = 5_000
# How many rows are read at once: a batch of scans is tens of events.
_ROWS: Final = 64
# Of whoever only wants the numbers in them.
_AT_ONCE: Final = 500


async def read_events(
    conn: AsyncConnection,
    tellers: Mapping[str, Teller],
    *,
    after: EventId | None,
    limit: int,
) -> list[Event]:
    """Read what happened after an event, oldest first; empty at the end.

    `tellers` know, by the kind of row, what happened to numbered rows. Raises Conflict
    for an event so old that some that followed it are forgotten.
    """
    forgotten = None if after is None else await store.load_forgotten(conn)
    if after is not None and forgotten is not None and after < forgotten:
        raise Conflict(
            message("events_forgotten", after=str(after)), code="events_forgotten"
        )
    found: list[Event] = []
    latest = after
    while len(found) < limit:
        rows = await store.load_rows(conn, latest or BEGINNING, rows=_ROWS)
        needed = _enough(rows, latest, limit - len(found))
        told = await _ask(conn, tellers, needed)
        for row in needed:
            found += row.tell(told[row.kind], latest)
        if len(rows) < _ROWS and len(needed) == len(rows):
            break
        latest = needed[-1].event_id(needed[-1].size - 1)
    return found[:limit]


def _enough(
    rows: list[OutboxRow], after: EventId | None, events: int
) -> list[OutboxRow]:
    """Take as many rows as it takes for so many events."""
    needed = []
    for row in rows:
        if events <= 0:
            break
        needed.append(row)
        was_read = 0
        if after is not None and row.event_id(0) <= after:
            was_read = min(after.nth + 1, row.size)
        events -= row.size - was_read
    return needed


async def _ask(
    conn: AsyncConnection, tellers: Mapping[str, Teller], rows: Iterable[OutboxRow]
) -> Mapping[str, Mapping[int, Happening]]:
    """Ask those who own numbered rows what happened to them, once for each kind."""
    asked: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        asked[row.kind] += row.ids or ()
    return {
        kind: await tellers[kind](conn, ids) if ids else {}
        for kind, ids in asked.items()
    }


async def read_rows(
    conn: AsyncConnection, after: tuple[int, int, int]
) -> list[OutboxRow]:
    """Read some rows after one, oldest first; empty at the end.

    Raises Conflict for a row so old that some that followed it are forgotten.
    """
    forgotten = await store.load_forgotten(conn)
    if forgotten is not None and after < forgotten[:3]:
        raise Conflict(
            message("events_forgotten", after=str(EventId(*after, 0))),
            code="events_forgotten",
        )
    era, xid, place = after
    return await store.load_rows(conn, EventId(era, xid, place + 1, 0), rows=_AT_ONCE)


async def end_of_rows(conn: AsyncConnection) -> tuple[int, int, int]:
    """Tell which row is the last that nothing can come before any more."""
    era, xid, place, _ = await end_of_events(conn)
    return era, xid, place


async def read_unsettled(conn: AsyncConnection) -> list[OutboxRow]:
    """Read the rows that can be seen, and that others may yet come before."""
    return await store.load_unsettled(conn)


async def end_of_events(conn: AsyncConnection) -> EventId:
    """Name the last event that can be read now, or that could while it was kept."""
    row = await store.load_newest(conn)
    last = BEGINNING if row is None else row.event_id(row.size - 1)
    return max(last, await store.load_forgotten(conn) or BEGINNING)


async def forget_events(conn: AsyncConnection, *, now: datetime) -> int:
    """Forget some events past their keeping; tells how many rows, 0 when none is."""
    return await store.forget_rows(conn, before=now - KEPT, rows=FORGOTTEN_AT_ONCE)
