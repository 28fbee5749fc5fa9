"""Recalls: asked for by one person, put into effect by another."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batch import Batch, Selection
from codegen.domain.ranges import (
    BatchInterval,
    CodeRange,
    Interval,
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.pipeline.goods import measure_plan
from codegen.pipeline.lookup import get_batch
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import (
    InvalidInput,
)

# Tells which codes were packed under an SSCC, within the caller's scope; none if the
# SSCC is unknown there. Cartons are not codegen's, so that this is handed in.
CartonLookup = Callable[
    [AsyncConnection, str, Staff], Awaitable[Sequence[BatchInterval]]
]


@dataclass(frozen=True, slots=True)
class RecallScope:
    """What a recall covers: a batch or part of it, a lot wherever it is, or a carton.

    `packed` is what was in the carton (or pallet) when the recall was asked for: who
    unpacks it meanwhile takes nothing out of the recall.
    """

    batch_id: int | None = None
    lot: str | None = None
    from_index: int | None = None
    to_index: int | None = None
    carton: str | None = None
    packed: tuple[BatchInterval, ...] = ()


async def request_recall(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    find_carton: CartonLookup,
    staff: Staff,
    now: datetime,
) -> int:
    """Ask for a recall; it takes effect when a second person approves it."""
    named = [x for x in (scope.batch_id, scope.lot, scope.carton) if x is not None]
    if len(named) != 1:
        raise InvalidInput.field(
            "/batch_id", "one_needed", "Name either a batch, a lot or a carton."
        )
    if scope.carton is not None:
        packed = await find_carton(conn, scope.carton, staff)
        if not packed:
            raise InvalidInput.field(
                "/carton", "unknown_carton", f"Nothing was packed as {scope.carton}."
            )
        scope = replace(scope, packed=tuple(packed))
    elif scope.batch_id is not None:
        batch = await get_batch(conn, scope.batch_id, staff)
        Selection(from_index=scope.from_index, to_index=scope.to_index).indexes(batch)
    elif not await store.find_lot_batches(conn, scope.lot or ""):
        raise InvalidInput.field(
            "/lot", "unknown_lot", f"No code was activated with lot {scope.lot!r}."
        )
    recall_id = await store.insert_recall(
        conn,
        scope=asdict(scope),
        reason=reason,
        instructions=instructions,
        person=staff.person,
        now=now,
    )
    await record_action(
        conn,
        staff,
        action="recall.request",
        subject=f"recall:{recall_id}",
        detail=_named(scope) | {"reason": reason},
        now=now,
    )
    return recall_id


async def approve_recall(
    conn: AsyncConnection, recall_id: int, staff: Staff, *, now: datetime
) -> int:
    """Put a recall into effect as a second person; returns how many codes it hit."""
    recall = await store.approve_recall(conn, recall_id, person=staff.person, now=now)
    stored = recall["scope"]
    packed = tuple(BatchInterval(*each) for each in stored.get("packed", ()))
    scope = RecallScope(**stored | {"packed": packed})
    changed = await recall_scope(
        conn,
        scope,
        reason=recall["reason"],
        instructions=recall["instructions"],
        staff=staff,
    )
    await record_action(
        conn,
        staff,
        action="recall.approve",
        subject=f"recall:{recall_id}",
        detail={"changed": changed},
        now=now,
    )
    return changed


async def recall_scope(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    staff: Staff,
) -> int:
    """Recall what a scope covers; returns how many codes."""
    await store.take_fence(conn)
    total = 0
    for batch_id in await _batches_of(conn, scope):
        batch = await get_batch(conn, batch_id, staff)
        wanted, ranges = await _covered(conn, scope, batch)
        change_id = await store.next_change_id(conn)
        change = RangeChange(RangeState.RECALLED, change_id, instructions=instructions)
        plan = plan_change(ranges, wanted, change)
        measure = await measure_plan(conn, plan, change)
        await store.record_change(
            conn,
            change_id,
            batch_id=batch_id,
            kind="recall",
            person=staff.person,
            reason=reason,
            detail=_named(scope),
            changed=measure.changed,
            goods=measure.goods,
            moved=measure.moved,
        )
        await store.apply_plan(conn, plan)
        total += measure.changed
    return total


async def _batches_of(conn: AsyncConnection, scope: RecallScope) -> list[int]:
    if scope.batch_id is not None:
        return [scope.batch_id]
    if scope.lot is not None:
        return await store.find_lot_batches(conn, scope.lot)
    return sorted({part.batch_id for part in scope.packed})


async def _covered(
    conn: AsyncConnection, scope: RecallScope, batch: Batch
) -> tuple[list[Interval], list[CodeRange]]:
    """List the code_ids of a batch that a recall covers, and the ranges they lie in."""
    if scope.lot is not None:
        ranges = await store.load_lot_ranges(conn, batch.batch_id, scope.lot)
        return [(r.first_code_id, r.last_code_id) for r in ranges], ranges
    if scope.carton is not None:
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


def _named(scope: RecallScope) -> dict[str, Any]:
    """Give a scope as it was worded, without what it was found to hold."""
    worded = asdict(scope)
    del worded["packed"]
    return {name: value for name, value in worded.items() if value is not None}
