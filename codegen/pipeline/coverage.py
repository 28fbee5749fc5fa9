"""What a recall covers: which batches, which of their codes, and what it would do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch, Preview, Selection
from codegen.domain.messages import message
from codegen.domain.ranges import BatchInterval, CodeRange, Interval, RangeState
from codegen.domain.recalls import CoveredBatch, RecallKind, RecallScope, add_previews
from codegen.pipeline.authority import (
    others_gtins,
    refuse_other_goods,
    refuse_other_line,
)
from codegen.pipeline.batches import get_batch
from codegen.pipeline.changes import preview_plan
from core.auth import Staff
from core.errors import InvalidInput

# Tells which codes were packed under an SSCC, within the caller's scope; none if the
# SSCC is unknown there. Cartons are not codegen's, so that this is handed in.
CartonLookup = Callable[
    [AsyncConnection, str, Staff], Awaitable[Sequence[BatchInterval]]
]

_STATES = {RecallKind.RECALL: RangeState.RECALLED, RecallKind.VOID: RangeState.VOID}


async def find_scope(
    conn: AsyncConnection, scope: RecallScope, find_carton: CartonLookup, staff: Staff
) -> RecallScope:
    """Look what a recall names, within the caller's scope; raises InvalidInput."""
    scope = replace(scope, brand=staff.brand, line=staff.line)
    named = [x for x in (scope.batch_id, scope.lot, scope.carton) if x is not None]
    if len(named) != 1:
        raise InvalidInput.field("/batch_id", "one_needed", message("name_one"))
    if scope.carton is not None:
        packed = await find_carton(conn, scope.carton, staff)
        if not packed:
            raise InvalidInput.field(
                "/carton",
                "unknown_carton",
                message("unknown_carton", carton=scope.carton),
            )
        return replace(scope, packed=tuple(packed))
    if scope.lot is not None and not await _batches_of(conn, scope):
        raise InvalidInput.field(
            "/lot", "unknown_lot", message("unknown_lot", lot=scope.lot)
        )
    return scope


async def preview_recall(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    find_carton: CartonLookup,
    staff: Staff,
) -> Preview:
    """Tell what a recall would do now; raises what asking for it would raise."""
    scope = await find_scope(conn, scope, find_carton, staff)
    covered = await cover_scope(conn, RecallKind.RECALL, scope, staff)
    return add_previews([each.preview for each in covered])


async def cover_scope(
    conn: AsyncConnection, kind: RecallKind, scope: RecallScope, staff: Staff
) -> list[CoveredBatch]:
    """Tell what a recall takes now; raises NotFound or Forbidden past the caller's."""
    covered = []
    for batch_id in await _batches_of(conn, scope):
        batch = await get_batch(conn, batch_id, staff)
        refuse_other_line(batch, staff)
        wanted, ranges = await _wanted_of(conn, scope, batch)
        await refuse_other_goods(conn, batch, ranges, staff)
        preview = await preview_plan(conn, ranges, wanted, _STATES[kind])
        covered.append(CoveredBatch(batch, wanted, ranges, preview))
    return covered


async def count_voidable(
    conn: AsyncConnection, batch: Batch, interval: Interval
) -> int:
    """Count the codes that a void of an interval would end; single voids have ended."""
    ranges = await store.load_touched_ranges(conn, batch.batch_id, [interval])
    preview = await preview_plan(conn, ranges, [interval], RangeState.VOID)
    return preview.would_change


async def _batches_of(conn: AsyncConnection, scope: RecallScope) -> list[int]:
    """Name the batches; a lot is looked for only among those of the asking key."""
    if scope.batch_id is not None:
        return [scope.batch_id]
    if scope.lot is None:
        return sorted({part.batch_id for part in scope.packed})
    found = []
    for batch_id in await store.find_lot_batches(conn, scope.lot):
        batch = await store.find_batch(conn, batch_id)
        assert batch is not None
        ours = batch.brand in {None, scope.brand} or scope.brand is None
        of_line = scope.line in {None, batch.line}
        if ours and of_line and (await _wanted_of(conn, scope, batch))[0]:
            found.append(batch_id)
    return found


async def _wanted_of(
    conn: AsyncConnection, scope: RecallScope, batch: Batch
) -> tuple[list[Interval], list[CodeRange]]:
    """List the code_ids of a batch that a recall covers, and the ranges they lie in."""
    if scope.lot is not None:
        ranges = await store.load_lot_ranges(conn, batch.batch_id, scope.lot)
        others = await others_gtins(conn, batch, ranges, scope.brand)
        ranges = [r for r in ranges if r.binding.gtin not in others]
        return [(r.first_code_id, r.last_code_id) for r in ranges], ranges
    if scope.packed:
        wanted = [
            (part.first_code_id, part.last_code_id)
            for part in scope.packed
            if part.batch_id == batch.batch_id
        ]
    else:
        first, last = Selection(
            from_index=scope.from_index, to_index=scope.to_index
        ).indexes(batch)
        wanted = [(batch.first_code_id + first, batch.first_code_id + last)]
    return wanted, await store.load_touched_ranges(conn, batch.batch_id, wanted)
