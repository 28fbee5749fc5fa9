"""The SQL of adjustments."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.points.adjusting import Adjustment, AdjustmentState
from rewards.tables import points as t


async def insert_adjustment(conn: AsyncConnection, new: Adjustment) -> None:
    """Write an adjustment down that waits."""
    await conn.execute(insert(t.adjustments).values(asdict(new)))


async def lock_adjustment(
    conn: AsyncConnection, adjustment_id: int
) -> Adjustment | None:
    """Lock an adjustment and read it; None where there is none."""
    a = t.adjustments
    found = await conn.execute(
        select(a).where(a.c.adjustment_id == adjustment_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Adjustment(**row._asdict() | {"state": AdjustmentState(row.state)})


async def post_adjustment(
    conn: AsyncConnection, adjustment_id: int, *, person: str, now: datetime
) -> None:
    """Note who posted a locked adjustment."""
    await conn.execute(
        update(t.adjustments)
        .where(t.adjustments.c.adjustment_id == adjustment_id)
        .values(state=AdjustmentState.POSTED.value, approved_by=person, approved_at=now)
    )


async def reject_adjustment(
    conn: AsyncConnection,
    adjustment_id: int,
    *,
    person: str,
    reason: str,
    now: datetime,
) -> None:
    """Note who refused a locked adjustment, and why."""
    await conn.execute(
        update(t.adjustments)
        .where(t.adjustments.c.adjustment_id == adjustment_id)
        .values(
            state=AdjustmentState.REJECTED.value,
            rejected_by=person,
            rejected_at=now,
            rejection=reason,
        )
    )


async def load_rejected(conn: AsyncConnection, *, limit: int) -> list[Adjustment]:
    """Load the newest adjustments that were refused."""
    return await _load(conn, AdjustmentState.REJECTED, limit=limit)


async def load_waiting(
    conn: AsyncConnection,
    *,
    member_no: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Adjustment]:
    """Load the newest adjustments that wait for somebody, of one member or of all."""
    return await _load(
        conn, AdjustmentState.WAITING, member_no=member_no, before=before, limit=limit
    )


async def _load(
    conn: AsyncConnection,
    state: AdjustmentState,
    *,
    member_no: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Adjustment]:
    a = t.adjustments
    which = [a.c.state == state.value]
    if member_no is not None:
        which.append(a.c.member_no == member_no)
    if before is not None:
        which.append(a.c.adjustment_id < before)
    rows = await conn.execute(
        select(a).where(*which).order_by(a.c.adjustment_id.desc()).limit(limit)
    )
    return [
        Adjustment(**row._asdict() | {"state": AdjustmentState(row.state)})
        for row in rows
    ]
