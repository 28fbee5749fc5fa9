"""The SQL of what happened to logistic units."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from printer_export.domain.aggregation.units import (
    EventKind,
    EventUnit,
    LogisticEvent,
    Moment,
)
from printer_export.tables import (
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
                "epcis_id": event.moment.epcis_id,
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
    rows = await conn.execute(_WITH_UNITS.where(logistic_event_units.c.sscc.in_(ssccs)))
    return _events_of(rows.all())


_WITH_UNITS = (
    select(
        logistic_events,
        logistic_event_units.c.sscc,
        logistic_event_units.c.pallet_sscc,
    )
    .join(
        logistic_event_units,
        logistic_event_units.c.event_id == logistic_events.c.event_id,
    )
    .order_by(logistic_events.c.event_no, logistic_event_units.c.sscc)
)


async def list_cartons(conn: AsyncConnection, pallet_sscc: str) -> list[str]:
    """List the cartons that were packed on a pallet."""
    u = logistic_event_units.c
    rows = await conn.execute(
        select(u.sscc).where(u.pallet_sscc == pallet_sscc).distinct().order_by(u.sscc)
    )
    return list(rows.scalars())


async def page_batch_events(
    conn: AsyncConnection, batch: Batch, size: int
) -> AsyncIterator[list[LogisticEvent]]:
    """Yield what happened to cartons with caps of a batch, `size` events at a time.

    Oldest first, and each event whole: a pallet or a load may hold other batches too.
    """
    ids = await conn.stream_scalars(
        text(
            """
            SELECT event_id FROM (
                SELECT DISTINCT e.event_no, e.event_id FROM carton_contents AS c
                JOIN logistic_event_units AS u USING (sscc)
                JOIN logistic_events AS e USING (event_id)
                WHERE int8range(c.first_code_id, c.last_code_id, '[]')
                    && int8range(:first, :last, '[]')
            ) AS of_batch ORDER BY event_no
            """
        ),
        {
            "first": batch.first_code_id,
            "last": batch.first_code_id + batch.quantity - 1,
        },
    )
    async for page in ids.partitions(size):
        rows = await conn.execute(
            _WITH_UNITS.where(logistic_events.c.event_id.in_(page))
        )
        yield _events_of(rows.all())


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
            row.epcis_id,
        )
        events.append(
            LogisticEvent(row.event_id, EventKind(row.kind), moment, tuple(units))
        )
        units = []
    return events


@dataclass(frozen=True, slots=True)
class CartonHistory:
    """A carton that a cap is or was in, and what happened to it, oldest first."""

    sscc: str
    current: bool
    events: tuple[LogisticEvent, ...]


async def find_cartons_of(conn: AsyncConnection, code_id: int) -> list[CartonHistory]:
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
        CartonHistory(
            row.sscc,
            row.unpacked_at is None,
            tuple(await list_events(conn, [row.sscc])),
        )
        for row in rows.all()
    ]
