"""Taking codes out of use by two persons: one asks, another one approves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Preview
from codegen.domain.messages import message
from codegen.domain.ranges import (
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.domain.recalls import (
    CoveredBatch,
    Recall,
    RecallKind,
    RecallOrder,
    RecallScope,
    RecallState,
    add_previews,
    digest_recall,
)
from codegen.pipeline.bulk import change_in_bulk, void_runs
from codegen.pipeline.coverage import CartonLookup, cover_scope, find_scope
from codegen.pipeline.goods import measure_plan
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import Conflict, Forbidden, NotFound
from core.fence import take_fence
from core.names import are_one

_NAMES = {
    RecallKind.RECALL: message("a_recall"),
    RecallKind.VOID: message("a_void_request"),
}
_ACTIONS = {RecallKind.RECALL: "recall", RecallKind.VOID: "void_request"}


@dataclass(frozen=True, slots=True)
class ShownRecall:
    """A recall with what it would do now; `digest` names all that is shown of it."""

    recall: Recall
    covered: tuple[CoveredBatch, ...]
    preview: Preview
    digest: str


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
    scope = await find_scope(conn, scope, find_carton, staff)
    order = RecallOrder(RecallKind.RECALL, scope, reason, instructions)
    return await ask_for(conn, order, staff, now=now)


async def ask_for(
    conn: AsyncConnection, order: RecallOrder, staff: Staff, *, now: datetime
) -> int:
    """Ask for a recall or a void, with a digest of what it would do now."""
    covered = await cover_scope(conn, order.kind, order.scope, staff)
    shown = digest_recall(order, covered)
    recall_id = await store.insert_recall(
        conn, order, person=staff.person, shown=shown, now=now
    )
    quantity = add_previews([each.preview for each in covered]).would_change
    await record_action(
        conn,
        staff,
        action=f"{_ACTIONS[order.kind]}.request",
        subject=f"{_ACTIONS[order.kind]}:{recall_id}",
        detail=order.scope.named() | {"reason": order.reason, "would_change": quantity},
        now=now,
    )
    return recall_id


# Looking --------------------------------------------------------------------------


async def show_recall(
    conn: AsyncConnection, kind: RecallKind, recall_id: int, staff: Staff
) -> ShownRecall:
    """Show a recall within the caller's scope with what it would do; or NotFound."""
    recall = await store.find_recall(conn, recall_id, kind)
    missing = NotFound(message("no_recall", what=_NAMES[kind], recall_id=recall_id))
    if recall is None:
        raise missing
    try:
        covered = await cover_scope(conn, kind, recall.scope, staff)
    except (NotFound, Forbidden):
        raise missing from None
    digest = digest_recall(recall, covered)
    preview = add_previews([each.preview for each in covered])
    return ShownRecall(recall, tuple(covered), preview, digest)


async def list_recalls(
    conn: AsyncConnection,
    kind: RecallKind,
    staff: Staff,
    *,
    state: RecallState | None = None,
    before_id: int | None = None,
    limit: int,
) -> list[Recall]:
    """List the recalls within the caller's scope, newest first."""
    visible: list[Recall] = []
    while len(visible) < limit:
        page = await store.list_recalls(
            conn, kind, state=state, before_id=before_id, limit=limit
        )
        visible += [each for each in page if await _is_visible(conn, each, staff)]
        if len(page) < limit:
            break
        before_id = page[-1].recall_id
    return visible[:limit]


async def _is_visible(conn: AsyncConnection, recall: Recall, staff: Staff) -> bool:
    if staff.brand is None and staff.line is None:
        return True
    try:
        await cover_scope(conn, recall.kind, recall.scope, staff)
    except (NotFound, Forbidden):
        return False
    return True


# Approving ------------------------------------------------------------------------


async def approve_recall(
    conn: AsyncConnection,
    kind: RecallKind,
    recall_id: int,
    staff: Staff,
    *,
    shown: str | None = None,
    now: datetime,
) -> int:
    """Put a recall into effect as a second person; returns how many codes it hit.

    `shown` is the digest of what the approver looked at; without one, what was asked
    for is meant. Raises Conflict when it would do something else by now.
    """
    _refuse_approval((await show_recall(conn, kind, recall_id, staff)).recall, staff)
    await take_fence(conn)
    # Once more, now that nothing that is shown can change, nor be approved meanwhile.
    seen = await show_recall(conn, kind, recall_id, staff)
    recall = seen.recall
    _refuse_approval(recall, staff)
    if (shown or recall.shown) != seen.digest:
        raise Conflict(
            message(
                "changed_since_shown",
                what=_NAMES[kind],
                codes=seen.preview.would_change,
            ),
            code="changed_since_shown",
        )
    if kind is RecallKind.RECALL:
        changed = await _recall(conn, recall, seen.covered, staff)
    else:
        changed = await _void(conn, seen.covered, recall.reason, staff, now=now)
    await store.approve_recall(
        conn, recall_id, person=staff.person, changed=changed, now=now
    )
    await record_action(
        conn,
        staff,
        action=f"{_ACTIONS[kind]}.approve",
        subject=f"{_ACTIONS[kind]}:{recall_id}",
        detail={"changed": changed, "shown": seen.digest},
        now=now,
    )
    return changed


def _refuse_approval(recall: Recall, staff: Staff) -> None:
    name = _NAMES[recall.kind]
    if recall.approved_by is not None:
        raise Conflict(message("already_approved", what=name), code="already_approved")
    if are_one(recall.requested_by, staff.person):
        raise Conflict(
            message("second_person_needed", what=name),
            code="second_person_needed",
        )


async def recall_scope(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    staff: Staff,
) -> int:
    """Recall what a scope covers; returns how many codes."""
    await take_fence(conn)
    covered = await cover_scope(conn, RecallKind.RECALL, scope, staff)
    order = RecallOrder(RecallKind.RECALL, scope, reason, instructions)
    return await _recall(conn, order, covered, staff)


async def _recall(
    conn: AsyncConnection,
    order: RecallOrder,
    covered: Sequence[CoveredBatch],
    staff: Staff,
) -> int:
    total = 0
    for each in covered:
        change_id = await store.next_change_id(conn)
        change = RangeChange(
            RangeState.RECALLED, change_id, instructions=order.instructions
        )
        plan = plan_change(each.ranges, each.wanted, change)
        measure = await measure_plan(conn, plan, change)
        await store.record_change(
            conn,
            change_id,
            batch_id=each.batch.batch_id,
            kind="recall",
            staff=staff,
            reason=order.reason,
            detail=order.scope.named(),
            changed=measure.changed,
            goods=measure.goods,
            moved=measure.moved,
        )
        await store.apply_plan(conn, plan)
        total += measure.changed
    return total


async def _void(
    conn: AsyncConnection,
    covered: Sequence[CoveredBatch],
    reason: str,
    staff: Staff,
    *,
    now: datetime,
) -> int:
    total = 0
    for each in covered:
        change = void_runs(each.batch, each.wanted, reason)
        total += (await change_in_bulk(conn, change, staff, now=now)).changed
    return total
