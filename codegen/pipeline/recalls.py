"""Recalls: asked for by one person, put into effect by another."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batch import Selection
from codegen.domain.ranges import (
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.pipeline.lookup import get_batch
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import (
    InvalidInput,
)


@dataclass(frozen=True, slots=True)
class RecallScope:
    """What a recall covers: a batch or part of it, or a lot wherever it is."""

    batch_id: int | None = None
    lot: str | None = None
    from_index: int | None = None
    to_index: int | None = None


async def request_recall(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    staff: Staff,
    now: datetime,
) -> int:
    """Ask for a recall; it takes effect when a second person approves it."""
    if (scope.batch_id is None) == (scope.lot is None):
        raise InvalidInput.field(
            "/batch_id", "one_needed", "Name either a batch or a lot."
        )
    if scope.batch_id is not None:
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
        detail=asdict(scope) | {"reason": reason},
        now=now,
    )
    return recall_id


async def approve_recall(
    conn: AsyncConnection, recall_id: int, staff: Staff, *, now: datetime
) -> int:
    """Put a recall into effect as a second person; returns how many codes it hit."""
    recall = await store.approve_recall(conn, recall_id, person=staff.person, now=now)
    scope = RecallScope(**recall["scope"])
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
    """Recall a batch, part of it, or every code of a lot; returns how many."""
    await store.take_fence(conn)
    batch_ids = (
        [scope.batch_id]
        if scope.batch_id is not None
        else await store.find_lot_batches(conn, scope.lot or "")
    )
    total = 0
    for batch_id in batch_ids:
        batch = await get_batch(conn, batch_id, staff)
        ranges = await store.load_ranges(conn, batch_id)
        if scope.lot is None:
            first, last = Selection(
                from_index=scope.from_index, to_index=scope.to_index
            ).indexes(batch)
            wanted = [(batch.first_code_id + first, batch.first_code_id + last)]
        else:
            wanted = [
                (r.first_code_id, r.last_code_id)
                for r in ranges
                if r.binding.lot == scope.lot
            ]
        change_id = await store.next_change_id(conn)
        plan = plan_change(
            ranges,
            wanted,
            RangeChange(RangeState.RECALLED, change_id, instructions=instructions),
        )
        await store.record_change(
            conn,
            change_id,
            batch_id=batch_id,
            kind="recall",
            person=staff.person,
            reason=reason,
            detail={k: v for k, v in asdict(scope).items() if v is not None},
            changed=plan.changed,
        )
        await store.apply_plan(conn, plan)
        total += plan.changed
    return total
