"""What a line report does to codes: spoilt ones become void, printed ones active."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import ActivationTerms, Interval, RangeState
from codegen.domain.skips import Skip
from codegen.pipeline import BulkChange, change_in_bulk, void_or_ask, void_runs
from core.auth import Staff
from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.reports.statuses import CHUNK_BITS, PRINTED, SPOILT, runs_of
from printer_export.domain.reports.taking import Activate, ReportOrder
from printer_export.pipeline.aggregation.shipments import (
    MAX_NEW_RANGES,
    activate_ranges,
)
from printer_export.pipeline.reports.statuses import StatusUpdate
from printer_export.store.aggregation.shipments import await_shipment
from printer_export.store.reports import statuses as status_store

# What is kept as the reason of what it does.
REASON: Final = "line report"


@dataclass(slots=True)
class Effects:
    """What a report did to codes."""

    voided: int = 0
    void_request_id: int | None = None
    activated: int = 0
    not_activated: Message | None = None
    skipped: tuple[Skip, ...] = ()


async def put_into_effect(
    conn: AsyncConnection,
    order: ReportOrder,
    update: StatusUpdate,
    staff: Staff,
    *,
    now: datetime,
) -> Effects:
    """Void what is spoilt and activate what is printed, last and under the fence."""
    batch, base = order.batch, order.batch.first_code_id
    effects = Effects()
    wanted: list[tuple[int, int]] = []
    if order.activate is not Activate.NONE:
        wanted = await _printed_runs(conn, batch.batch_id, update.touched)
        wanted += [
            (u.from_index, u.to_index)
            for u in batch.units
            if u.name in update.printed_units
        ]
        if len(wanted) > MAX_NEW_RANGES:
            pieces = len(wanted)
            effects.not_activated = message("printed_in_pieces", pieces=pieces)
            wanted = []
    if update.spoilt:
        spoilt = [(base + first, base + last) for first, last in update.spoilt]
        void = void_runs(batch, spoilt, REASON)
        # What the line may not void alone is asked for: a true report is taken whole.
        done = await void_or_ask(conn, void, staff, now=now)
        effects.voided = done.changed
        effects.void_request_id = next(iter(done.requests), None)
    codes = [(base + first, base + last) for first, last in wanted]
    if codes:
        await _activate_printed(conn, order, codes, effects, staff, now=now)
    return effects


async def _activate_printed(
    conn: AsyncConnection,
    order: ReportOrder,
    codes: Sequence[Interval],
    effects: Effects,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Activate codes, or those of them whose carton has shipped; others wait for it."""
    change = BulkChange(
        order.batch,
        RangeState.ACTIVATED,
        codes,
        reason=REASON,
        terms=ActivationTerms(effective_at=order.effective_at),
    )
    if order.activate is not Activate.SHIPPED:
        at_once = await change_in_bulk(conn, change, staff, now=now)
        effects.activated, effects.skipped = at_once.changed, at_once.skipped
        return
    shipped = await await_shipment(conn, order.batch.batch_id, codes)
    activation = await activate_ranges(
        conn, [replace(change, intervals=shipped)], staff, now=now
    )
    effects.activated, effects.skipped = activation.activated, activation.skipped
    effects.not_activated = activation.not_activated or message("active_when_shipped")


async def _printed_runs(
    conn: AsyncConnection, batch_id: int, touched: set[int]
) -> list[tuple[int, int]]:
    """List runs of printed codes in the chunks that a report touched.

    Spoilt codes between them are void one by one, so that a run may pass over them.
    """
    runs: list[tuple[int, int]] = []
    for number in sorted(touched):
        chunk = (await status_store.load_chunks(conn, batch_id, [number])).get(number)
        if chunk is None:
            continue
        printed = chunk == PRINTED
        start = number << CHUNK_BITS
        for first, last in runs_of(printed | SPOILT[chunk], start):
            inside = np.flatnonzero(printed[first - start : last - start + 1])
            if inside.size == 0:
                continue
            begin, end = first + int(inside[0]), first + int(inside[-1])
            if runs and runs[-1][1] == begin - 1:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((begin, end))
    return runs
