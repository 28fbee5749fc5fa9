"""The SQL of what happened to logistic units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.logistics import (
    EventKind,
    EventUnit,
    LogisticEvent,
    Moment,
)
from printer_export.tables import (
    carton_contents,
    logistic_event_units,
    logistic_events,
)


async def insert_events(conn: AsyncConnection, events: Sequence[LogisticEvent]) -> None:
    """Write down what happened, for good."""
    await conn.execute(
        insert(logistic_events),
        [
            {
                "event_id": event.event_id,
                "kind": event.kind.value,
                "happened_at": event.moment.happened_at,
                "time_zone_offset": event.moment.time_zone_offset,
                "recorded_at": event.moment.recorded_at,
                "person": event.moment.person,
                "read_point": event.moment.read_point,
                "biz_location": event.moment.biz_location,
            }
            for event in events
        ],
    )
    await conn.execute(
        insert(logistic_event_units),
        [
            {
                "event_id": event.event_id,
                "sscc": unit.sscc,
                "pallet_sscc": unit.pallet_sscc,
            }
            for event in events
            for unit in event.units
        ],
    )


async def list_events(
    conn: AsyncConnection, ssccs: Sequence[str]
) -> list[LogisticEvent]:
    """List what happened to units, oldest first, each event with those units only."""
    rows = await conn.execute(
        select(
            logistic_events,
            logistic_event_units.c.sscc,
            logistic_event_units.c.pallet_sscc,
        )
        .join(
            logistic_event_units,
            logistic_event_units.c.event_id == logistic_events.c.event_id,
        )
        .where(logistic_event_units.c.sscc.in_(ssccs))
        .order_by(logistic_events.c.event_no, logistic_event_units.c.sscc)
    )
    return _events_of(rows.all())


async def list_cartons(conn: AsyncConnection, pallet_sscc: str) -> list[str]:
    """List the cartons that were packed on a pallet."""
    u = logistic_event_units.c
    rows = await conn.execute(
        select(u.sscc).where(u.pallet_sscc == pallet_sscc).distinct().order_by(u.sscc)
    )
    return list(rows.scalars())


async def list_batch_events(
    conn: AsyncConnection, batch_id: int
) -> list[LogisticEvent]:
    """List, oldest first, what happened to cartons with caps of a batch.

    Each event has those cartons and the pallets that they went with or onto.
    """
    cartons = select(carton_contents.c.sscc).where(
        carton_contents.c.batch_id == batch_id
    )
    of_cartons = (
        select(logistic_event_units)
        .where(logistic_event_units.c.sscc.in_(cartons))
        .subquery()
    )
    pallets = (
        select(logistic_event_units)
        .where(
            logistic_event_units.c.event_id.in_(select(of_cartons.c.event_id)),
            logistic_event_units.c.sscc.in_(select(of_cartons.c.pallet_sscc)),
        )
        .subquery()
    )
    units = select(of_cartons).union(select(pallets)).subquery()
    rows = await conn.execute(
        select(logistic_events, units.c.sscc, units.c.pallet_sscc)
        .join(units, units.c.event_id == logistic_events.c.event_id)
        .order_by(logistic_events.c.event_no, units.c.sscc)
    )
    return _events_of(rows.all())


def _events_of(rows: Sequence[Row[Any]]) -> list[LogisticEvent]:
    """Gather rows of one event each, which stand side by side."""
    events: list[LogisticEvent] = []
    units: list[EventUnit] = []
    for place, row in enumerate(rows):
        units.append(EventUnit(row.sscc, row.pallet_sscc))
        if place + 1 < len(rows) and rows[place + 1].event_id == row.event_id:
            continue
        moment = Moment(
            row.happened_at,
            row.time_zone_offset,
            row.recorded_at,
            row.person,
            row.read_point,
            row.biz_location,
        )
        events.append(
            LogisticEvent(row.event_id, EventKind(row.kind), moment, tuple(units))
        )
        units = []
    return events


@dataclass(frozen=True, slots=True)
class CartonStory:
    """A carton that a cap is or was in, and what happened to it, oldest first."""

    sscc: str
    current: bool
    events: tuple[LogisticEvent, ...]


async def find_cartons_of(conn: AsyncConnection, code_id: int) -> list[CartonStory]:
    """Tell which cartons a cap was in, in the order in which they were packed."""
    rows = await conn.execute(
        text(
            # At most one carton holds it now, and that one was packed last.
            "SELECT sscc, unpacked_at FROM carton_contents"
            " WHERE int8range(first_code_id, last_code_id, '[]')"
            " @> CAST(:code_id AS bigint) ORDER BY unpacked_at NULLS LAST"
        ),
        {"code_id": code_id},
    )
    return [
        CartonStory(
            row.sscc,
            row.unpacked_at is None,
            tuple(await list_events(conn, [row.sscc])),
        )
        for row in rows.all()
    ]
