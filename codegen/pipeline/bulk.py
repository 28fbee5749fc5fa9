"""Changing many intervals of one batch at once, as a line reports them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch
from codegen.domain.ranges import (
    AS_THE_BATCH,
    ActivationTerms,
    Interval,
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.domain.skips import Skip, add_skips
from codegen.pipeline.authority import (
    VoidShares,
    refuse_other_goods,
    refuse_other_line,
    share_voids,
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
from core.fence import take_fence


class Rebinding(StrEnum):
    """What becomes of codes that are active as something else already."""

    KEEP = "keep"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class BulkChange:
    """Codes of one batch to activate or void, as code_ids.

    What `terms` leaves out comes from the batch. `singles` are voided one by one, so
    that the interval table does not shatter.
    """

    batch: Batch
    state: RangeState
    intervals: Sequence[Interval]
    singles: Sequence[int] = ()
    reason: str = ""
    terms: ActivationTerms = AS_THE_BATCH
    rebinding: Rebinding = Rebinding.KEEP


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many codes changed, and which were not the caller's to void alone."""

    change_id: int
    changed: int
    beyond: tuple[Interval, ...] = ()
    skipped: tuple[Skip, ...] = ()


# Runs of this length are voided as ranges, shorter ones code by code.
LONG_RUN: Final = 64


def long_runs(runs: Sequence[Interval]) -> list[Interval]:
    """Keep the runs that are voided as ranges."""
    return [run for run in runs if run[1] - run[0] + 1 >= LONG_RUN]


def void_runs(batch: Batch, runs: Sequence[Interval], reason: str) -> BulkChange:
    """Void runs of code_ids, the short ones code by code."""
    long = long_runs(runs)
    short = [run for run in runs if run[1] - run[0] + 1 < LONG_RUN]
    singles = [code for first, last in short for code in range(first, last + 1)]
    return BulkChange(batch, RangeState.VOID, long, singles, reason)


async def change_in_bulk(
    conn: AsyncConnection, change: BulkChange, staff: Staff, *, now: datetime
) -> BulkResult:
    """Change what may change, and what the caller may change. Takes the fence.

    Codes that were voided one by one stay void, and do not count.
    """
    batch = change.batch
    refuse_other_line(batch, staff)
    binding = None
    if change.state is RangeState.ACTIVATED:
        binding = await new_binding(conn, batch, change.terms, staff)
    await take_fence(conn)
    change_id = await store.next_change_id(conn)
    touched = [*change.intervals, *((each, each) for each in change.singles)]
    ranges = await store.load_touched_ranges(conn, batch.batch_id, touched)
    if binding is not None and change.rebinding is Rebinding.REFUSE:
        refuse_rebinding(batch, ranges, change.intervals, binding)
    voids = await fresh_voids(conn, ranges, change.singles)
    shares = VoidShares(change.intervals, voids)
    if change.state is RangeState.VOID:
        await refuse_other_goods(conn, batch, ranges, staff)
        shares = await share_voids(conn, staff, ranges, change.intervals, voids)
    wanted = RangeChange(change.state, change_id, binding)
    plan = plan_change(ranges, shares.intervals, wanted)
    whole = await measure_plan(conn, plan, wanted)
    asked = frozenset(voids) - frozenset(shares.singles)
    own = [code for code in change.singles if code not in asked]
    single = measure_voids(ranges, shares.singles, own)
    changed = whole.changed + single.changed
    kind = KINDS[change.state]
    detail: dict[str, Any] = {
        "intervals": len(shares.intervals),
        "codes": len(shares.singles),
    }
    await store.record_change(
        conn,
        change_id,
        batch_id=batch.batch_id,
        kind=kind,
        staff=staff,
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
    await store.insert_void_codes(conn, shares.singles, change_id)
    skipped = add_skips([whole.skipped, single.skipped])
    return BulkResult(change_id, changed, tuple(shares.beyond), skipped)
