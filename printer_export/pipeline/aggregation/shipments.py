"""Activating codes through their carton: when it ships, or when somebody says so.

Lock order: logistic units by SSCC, rows of line_counts by batch_id, codegen's fence
last. A line report takes its row of line_counts first and asks for no unit's lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.domain.ranges import ActivationTerms, Interval, RangeState, join_intervals
from codegen.domain.skips import Skip, SkipReason, add_skips, tell_skips
from codegen.pipeline import BulkChange, BulkResult, Rebinding, change_in_bulk
from codegen.store import find_batch
from core.auth import Staff
from core.errors import Conflict
from core.messages import Message
from printer_export.domain.aggregation.units import (
    EventKind,
    Load,
    LogisticEvent,
    Moment,
    UnitState,
)
from printer_export.domain.messages import message
from printer_export.domain.reports.statuses import CHUNK, CHUNK_BITS, MISSING, runs_of
from printer_export.pipeline.aggregation.move import move_units
from printer_export.pipeline.aggregation.units import pick_unit
from printer_export.store.aggregation import shipments as shipment_store
from printer_export.store.aggregation import units as store
from printer_export.store.reports import statuses as status_store

# What is kept as the reason of what a shipment activates.
REASON: Final = "shipment"
# One activation that would cut a batch in more pieces does nothing yet.
MAX_NEW_RANGES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Activation:
    """What was activated; `not_activated` says why something was not."""

    activated: int = 0
    unchanged: int = 0
    not_activated: Message | None = None
    change_ids: tuple[int, ...] = ()
    skipped: tuple[Skip, ...] = ()


async def ship_units(
    conn: AsyncConnection, ssccs: Sequence[str], moment: Moment, staff: Staff
) -> tuple[LogisticEvent, Activation]:
    """Ship units, and activate the codes in them that wait for it."""
    load = Load(tuple(ssccs), moment)
    [event] = await move_units(conn, EventKind.SHIPPING, [load], staff)
    cartons = [unit.sscc for unit in event.units]
    batches = await lock_batches(conn, cartons)
    waiting = await shipment_store.find_awaiting(conn, cartons)
    changes = changes_of_shipment(waiting, batches)
    activation = await activate_ranges(conn, changes, staff, now=moment.recorded_at)
    return event, activation


def changes_of_shipment(
    waiting: shipment_store.BatchIntervals, batches: Mapping[int, Batch]
) -> list[BulkChange]:
    """Say what becomes active because cartons shipped with codes that waited."""
    return [
        BulkChange(batches[batch_id], RangeState.ACTIVATED, codes, reason=REASON)
        for batch_id, codes in waiting.items()
    ]


async def activate_unit(
    conn: AsyncConnection,
    sscc: str,
    terms: ActivationTerms,
    staff: Staff,
    *,
    now: datetime,
) -> Activation:
    """Activate every code in a carton, or in the cartons of a pallet.

    Raises NotFound, and Conflict for a unit that was unpacked or codes that are
    active as something else.
    """
    units = await store.lock_units(conn, [sscc])
    unit = pick_unit(units, sscc, staff)
    if unit.state is UnitState.UNPACKED:
        raise Conflict(
            message("unpacked_before", unit=unit.name, sscc=sscc), code="illegal_state"
        )
    batches = await lock_batches(conn, list(units))
    inside: dict[int, list[Interval]] = {}
    for part in await store.find_contents(conn, [sscc]):
        interval = (part.first_code_id, part.last_code_id)
        inside.setdefault(part.batch_id, []).append(interval)
    changes = [
        BulkChange(
            batches[batch_id],
            RangeState.ACTIVATED,
            codes,
            reason=f"{unit.kind} {sscc}",
            terms=terms,
            rebinding=Rebinding.REFUSE,
        )
        for batch_id, codes in sorted(inside.items())
    ]
    activation = await activate_ranges(conn, changes, staff, now=now)
    if activation.not_activated:
        raise Conflict(activation.not_activated, code="too_many_pieces")
    return activation


async def lock_batches(
    conn: AsyncConnection, cartons: Sequence[str], others: Iterable[int] = ()
) -> dict[int, Batch]:
    """Keep reports of batches out to the end: those in cartons, and others by id."""
    numbers = {part.batch_id for part in await store.find_contents(conn, cartons)}
    numbers.update(others)
    batches: dict[int, Batch] = {}
    for batch_id in sorted(numbers):
        batch = await find_batch(conn, batch_id)
        assert batch is not None
        await status_store.lock_counts(conn, batch_id, batch.quantity)
        batches[batch_id] = batch
    return batches


async def activate_ranges(
    conn: AsyncConnection, changes: Sequence[BulkChange], staff: Staff, *, now: datetime
) -> Activation:
    """Activate what a line has not missed; void codes stay void by themselves."""
    activated = total = 0
    not_activated: Message | None = None
    changes_done: list[BulkResult] = []
    left_out = 0
    # All reading comes first: the first change takes the fence, and scans wait.
    kept = [await _without_missing(conn, c.batch, c.intervals) for c in changes]
    for change, codes in zip(changes, kept, strict=True):
        asked, here = _count(change.intervals), _count(codes)
        left_out += asked - here
        if len(codes) > MAX_NEW_RANGES:
            left_out += here
            not_activated = message(
                "batch_in_pieces", batch_id=change.batch.batch_id, pieces=len(codes)
            )
            continue
        total += here
        if codes:
            done = await change_in_bulk(
                conn, replace(change, intervals=codes), staff, now=now
            )
            activated += done.changed
            changes_done.append(done)
    return Activation(
        activated,
        total - activated,
        not_activated,
        tuple(done.change_id for done in changes_done),
        add_skips(
            [
                *(done.skipped for done in changes_done),
                tell_skips({SkipReason.ISSUED: left_out}),
            ]
        ),
    )


def _count(codes: Sequence[Interval]) -> int:
    return sum(last - first + 1 for first, last in codes)


async def _without_missing(
    conn: AsyncConnection, batch: Batch, codes: Sequence[Interval]
) -> list[Interval]:
    """Leave out the codes that a line reported missing: nobody knows where they are."""
    base = batch.first_code_id
    by_chunk: dict[int, list[Interval]] = {}
    for begin, end in codes:
        first, last = begin - base, end - base
        for number in range(first >> CHUNK_BITS, (last >> CHUNK_BITS) + 1):
            start = number << CHUNK_BITS
            piece = (max(first - start, 0), min(last - start, CHUNK - 1))
            by_chunk.setdefault(number, []).append(piece)
    kept: list[Interval] = []
    for number, pieces in sorted(by_chunk.items()):
        start = base + (number << CHUNK_BITS)
        loaded = await status_store.load_chunks(conn, batch.batch_id, [number])
        wanted = np.zeros(CHUNK, dtype=np.bool_)
        for first, last in pieces:
            wanted[first : last + 1] = True
        if number in loaded:
            wanted &= loaded[number] != MISSING
        kept += runs_of(wanted, start)
    return join_intervals(kept)
