"""Changing many intervals of one batch at once, as a line reports them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batch import Batch, ChangeResult
from codegen.domain.ranges import (
    Interval,
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.pipeline.changes import (
    KINDS,
    fresh_voids,
    new_binding,
    refuse_rebinding,
)
from codegen.pipeline.goods import measure_plan, measure_voids
from core.auth import Staff
from core.auth.audit import record_action


class Rebinding(StrEnum):
    """What becomes of codes that are active as something else already."""

    KEEP = "keep"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class BulkChange:
    """Codes of one batch to activate or void, as code_ids.

    What `binding` leaves out comes from the batch. `singles` are voided one by one, so
    that the interval table does not shatter.
    """

    batch: Batch
    state: RangeState
    intervals: Sequence[Interval]
    singles: Sequence[int] = ()
    reason: str = ""
    binding: dict[str, Any] = field(default_factory=dict)
    rebinding: Rebinding = Rebinding.KEEP


async def change_in_bulk(
    conn: AsyncConnection, change: BulkChange, staff: Staff, *, now: datetime
) -> ChangeResult:
    """Change what may change; tells how many codes did. Takes the fence.

    Codes that were voided one by one stay void, and do not count.
    """
    batch = change.batch
    binding = None
    if change.state is RangeState.ACTIVATED:
        binding = await new_binding(conn, batch, change.binding, staff)
    await store.take_fence(conn)
    change_id = await store.next_change_id(conn)
    touched = [*change.intervals, *((each, each) for each in change.singles)]
    ranges = await store.load_touched_ranges(conn, batch.batch_id, touched)
    if binding is not None and change.rebinding is Rebinding.REFUSE:
        refuse_rebinding(batch, ranges, change.intervals, binding)
    wanted = RangeChange(change.state, change_id, binding)
    plan = plan_change(ranges, change.intervals, wanted)
    whole = await measure_plan(conn, plan, wanted)
    voids = await fresh_voids(conn, ranges, change.singles)
    single = measure_voids(ranges, voids, len(change.singles))
    changed = whole.changed + single.changed
    kind = KINDS[change.state]
    detail: dict[str, Any] = {
        "intervals": len(change.intervals),
        "codes": len(change.singles),
    }
    await store.record_change(
        conn,
        change_id,
        batch_id=batch.batch_id,
        kind=kind,
        person=staff.person,
        reason=change.reason,
        detail=detail,
        changed=changed,
        goods=whole.goods + single.goods,
        moved=whole.moved,
    )
    await record_action(
        conn,
        staff,
        action=f"batch.{kind}",
        subject=f"batch:{batch.batch_id}",
        detail=detail | {"changed": changed, "reason": change.reason},
        now=now,
    )
    await store.apply_plan(conn, plan)
    await store.insert_void_codes(conn, voids, change_id)
    unchanged = whole.unchanged + single.unchanged
    return ChangeResult(change_id, changed, unchanged)
