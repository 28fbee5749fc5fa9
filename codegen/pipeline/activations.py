"""When activations begin: looked at, and moved while they are to come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.messages import message
from codegen.domain.ranges import ActivationRecord, plan_start
from codegen.pipeline.authority import (
    refuse_other_goods,
    refuse_other_line,
    refuse_others_start,
)
from codegen.pipeline.batches import get_batch
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import Conflict, NotFound
from core.fence import take_fence


@dataclass(frozen=True, slots=True)
class MovedStart:
    """A start that was moved: of how many codes, and from when to when."""

    activation_id: int
    changed: int
    was: datetime
    effective_at: datetime


async def list_activations(
    conn: AsyncConnection,
    batch_id: int,
    staff: Staff,
    *,
    before_id: int | None,
    limit: int,
) -> list[ActivationRecord]:
    """List the activations of a batch, newest first; raises NotFound out of scope."""
    await get_batch(conn, batch_id, staff)
    return await store.list_activations(
        conn, batch_id, before_id=before_id, limit=limit
    )


async def move_start(
    conn: AsyncConnection,
    activation_id: int,
    effective_at: datetime,
    staff: Staff,
    *,
    now: datetime,
) -> MovedStart:
    """Let an activation begin at another time, as long as it is to come; audited.

    Raises NotFound, Forbidden for what is another line's or brand's or, to a line, what
    another key activated, and Conflict for one that has begun or has no codes left.
    """
    known = await store.find_activation(conn, activation_id)
    if known is None:
        raise NotFound(message("no_activation", activation_id=activation_id))
    try:
        batch = await get_batch(conn, known.batch_id, staff)
    except NotFound:
        raise NotFound(message("no_activation", activation_id=activation_id)) from None
    refuse_other_line(batch, staff)
    await take_fence(conn)
    # Asked again behind the fence: no scan is decided until this is done.
    found = await store.find_activation(conn, activation_id)
    assert found is not None
    if not found.active:
        raise Conflict(
            message("nothing_to_move"),
            code="nothing_to_move",
        )
    if found.effective_at is None or found.effective_at <= await store.tell_time(conn):
        raise Conflict(
            message("already_begun"),
            code="already_begun",
        )
    await refuse_others_start(conn, found, staff)
    ranges = await store.load_ranges_of_change(conn, found.batch_id, activation_id)
    await refuse_other_goods(conn, batch, ranges, staff)
    plan = plan_start(ranges, activation_id, effective_at)
    inside = [(r.first_code_id, r.last_code_id) for r in plan.moved]
    changed = plan.changed - sum(await store.count_voids(conn, inside))
    await store.apply_plan(conn, plan)
    await store.tell_change(
        conn, found.batch_id, "move", change_id=activation_id, changed=changed
    )
    await record_action(
        conn,
        staff,
        action="activation.move",
        subject=f"batch:{found.batch_id}",
        detail={
            "activation_id": activation_id,
            "changed": changed,
            "was": found.effective_at.isoformat(),
            "effective_at": effective_at.isoformat(),
        },
        now=now,
    )
    return MovedStart(activation_id, changed, found.effective_at, effective_at)
