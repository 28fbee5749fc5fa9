"""Voids past a line's own: what it may not void alone, it asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch, Selection
from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import BatchInterval, Interval, join_intervals
from codegen.domain.recalls import RecallKind, RecallOrder, RecallScope
from codegen.pipeline.authority import refuse_other_line
from codegen.pipeline.batches import get_batch
from codegen.pipeline.bulk import BulkChange, change_in_bulk
from codegen.pipeline.changes import codes_wanted
from codegen.pipeline.recalls import ask_for
from core.auth import Staff


async def request_void(
    conn: AsyncConnection,
    keys: EpochKeys,
    batch_id: int,
    selection: Selection,
    *,
    reason: str,
    staff: Staff,
    now: datetime,
) -> int:
    """Ask for a void; it takes effect when an issuer approves it."""
    selection.check()
    batch = await get_batch(conn, batch_id, staff)
    refuse_other_line(batch, staff)
    codes = join_intervals(await codes_wanted(conn, batch, keys, selection, staff))
    return await ask_to_void(conn, batch, codes, reason, staff, now=now)


async def ask_to_void(
    conn: AsyncConnection,
    batch: Batch,
    codes: Sequence[Interval],
    reason: str,
    staff: Staff,
    *,
    now: datetime,
) -> int:
    """Ask for a void of code_ids that the caller may not void alone."""
    packed = tuple(BatchInterval(batch.batch_id, *each) for each in codes)
    scope = RecallScope(packed=packed, brand=staff.brand, line=staff.line)
    order = RecallOrder(RecallKind.VOID, scope, reason)
    return await ask_for(conn, order, staff, now=now)


@dataclass(frozen=True, slots=True)
class VoidResult:
    """How many codes became void, and the request for those that take two, if any."""

    change_id: int
    changed: int
    requests: tuple[int, ...] = ()


async def void_or_ask(
    conn: AsyncConnection, change: BulkChange, staff: Staff, *, now: datetime
) -> VoidResult:
    """Void what the caller may void alone, and ask for the rest."""
    done = await change_in_bulk(conn, change, staff, now=now)
    if not done.beyond:
        return VoidResult(done.change_id, done.changed)
    asked = await ask_to_void(
        conn, change.batch, done.beyond, change.reason, staff, now=now
    )
    return VoidResult(done.change_id, done.changed, (asked,))
