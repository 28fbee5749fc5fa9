"""A batch's events as an EPCISDocument: read at our speed, handed out at theirs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import IO, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.domain.ranges import Interval
from codegen.store import list_goods_changes, load_touched_ranges
from core.auth import Staff
from printer_export.domain.aggregation.units import EventKind, LogisticEvent
from printer_export.domain.epcis.wording import (
    TAIL,
    Event,
    GoodsIn,
    Speaker,
    goods_in,
    word_event,
    word_head,
)
from printer_export.pipeline.aggregation.units import may_see
from printer_export.store.aggregation import events as event_store
from printer_export.store.aggregation import units as unit_store

# Changes, or events: a load may have thousands of units.
_PAGE: Final = 100


async def write_epcis(
    conn: AsyncConnection,
    batch: Batch,
    staff: Staff,
    sink: IO[bytes],
    *,
    timezone: ZoneInfo,
    now: datetime,
) -> None:
    """Write the events of a batch to `sink`, page by page.

    First what became of its goods, then what happened to its cartons and to the
    pallets that they are on, each oldest first.
    """
    sink.write(word_head(now))
    between = b""
    speaker = Speaker(batch.link_base, timezone)
    async for event in _events(conn, batch, staff, speaker):
        sink.write(between + word_event(event))
        between = b","
    sink.write(TAIL)


async def _events(
    conn: AsyncConnection, batch: Batch, staff: Staff, speaker: Speaker
) -> AsyncIterator[Event]:
    after = 0
    while changes := await list_goods_changes(
        conn, batch.batch_id, after_id=after, limit=_PAGE
    ):
        after = changes[-1].change_id
        for change in changes:
            if (told := speaker.tell_change(change)) is not None:
                yield told
    async for events in event_store.page_batch_events(conn, batch, _PAGE):
        shown = await _within_scope(conn, events, staff)
        contents = await _contents(conn, shown)
        for event in shown:
            if (told := speaker.tell_logistics(event, contents)) is not None:
                yield told


async def _within_scope(
    conn: AsyncConnection, events: Sequence[LogisticEvent], staff: Staff
) -> list[LogisticEvent]:
    """Leave out units that the caller may not see, and events of nothing else."""
    if staff.brand is None and staff.line is None:
        return list(events)
    named = {unit.sscc for event in events for unit in event.units}
    units = await unit_store.find_units(conn, named)
    shown = {sscc for sscc, unit in units.items() if may_see(unit, staff)}
    kept = [
        replace(event, units=tuple(u for u in event.units if u.sscc in shown))
        for event in events
    ]
    return [event for event in kept if event.named]


async def _contents(
    conn: AsyncConnection, events: Sequence[LogisticEvent]
) -> dict[str, list[GoodsIn]]:
    """Tell what goods are in the cartons that these events pack."""
    cartons = [
        event.named[0]
        for event in events
        if event.kind is EventKind.PACKING and len(event.units) == 1
    ]
    contents: dict[str, list[GoodsIn]] = {}
    parts = await unit_store.find_contents(conn, cartons) if cartons else ()
    wanted: dict[int, list[Interval]] = {}
    for part in parts:
        interval = part.first_code_id, part.last_code_id
        wanted.setdefault(part.batch_id, []).append(interval)
    ranges = {
        batch_id: await load_touched_ranges(conn, batch_id, intervals)
        for batch_id, intervals in wanted.items()
    }
    for part in parts:
        goods = goods_in(part, ranges[part.batch_id])
        contents.setdefault(part.sscc, []).extend(goods)
    return contents
