"""The SQL of epochs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.messages import message
from codegen.domain.ranges import (
    EpochState,
)
from core.errors import Conflict, NotFound


async def load_epoch_states(conn: AsyncConnection) -> dict[int, EpochState]:
    """Read the state of every epoch."""
    rows = await conn.execute(select(t.epochs.c.epoch, t.epochs.c.state))
    return {row.epoch: EpochState(row.state) for row in rows}


async def load_serving_epochs(conn: AsyncConnection) -> dict[int, EpochState]:
    """Read the state of every epoch as scans see it.

    While the installation is frozen (crowncap.recovery) every epoch that would pay is.
    """
    rows = await conn.execute(
        text(
            "SELECT epoch, CASE WHEN state IN ('open', 'closed') AND EXISTS ("
            "SELECT FROM installation WHERE frozen_at IS NOT NULL)"
            " THEN 'frozen' ELSE state END AS state FROM epochs"
        )
    )
    return {row.epoch: EpochState(row.state) for row in rows}


async def load_key_checks(conn: AsyncConnection) -> dict[int, bytes]:
    """Read the check value of every epoch's key."""
    rows = await conn.execute(select(t.epochs.c.epoch, t.epochs.c.key_check))
    return {row.epoch: bytes(row.key_check) for row in rows}


@dataclass(frozen=True, slots=True)
class EpochRow:
    """An epoch, its state and the serial that it will issue next."""

    epoch: int
    state: str
    next_serial: int
    created_at: datetime


async def load_epochs(conn: AsyncConnection) -> list[EpochRow]:
    """Read epochs, their states and how far each has issued, oldest first."""
    rows = await conn.execute(
        select(
            t.epochs.c.epoch,
            t.epochs.c.state,
            t.epochs.c.next_serial,
            t.epochs.c.created_at,
        ).order_by(t.epochs.c.epoch)
    )
    return [EpochRow(*row) for row in rows]


async def insert_epoch(
    conn: AsyncConnection, epoch: int, *, key_check: bytes, now: datetime
) -> None:
    """Add an open epoch."""
    await conn.execute(
        insert(t.epochs).values(
            epoch=epoch,
            state=EpochState.OPEN.value,
            key_check=key_check,
            next_serial=0,
            created_at=now,
        )
    )


async def set_epoch_state(
    conn: AsyncConnection, epoch: int, state: EpochState
) -> EpochState:
    """Set an epoch's state and return what it was; raises NotFound."""
    before = (
        await conn.execute(
            select(t.epochs.c.state).where(t.epochs.c.epoch == epoch).with_for_update()
        )
    ).scalar_one_or_none()
    if before is None:
        raise NotFound(message("no_epoch", epoch=epoch))
    await conn.execute(
        update(t.epochs)
        .where(t.epochs.c.epoch == epoch)
        .values(state=state.value, version=func.current_range_version())
    )
    return EpochState(before)


async def lock_open_epoch(conn: AsyncConnection) -> tuple[int, int]:
    """Lock the newest open epoch; returns (epoch, next serial), raises Conflict."""
    row = (
        await conn.execute(
            select(t.epochs.c.epoch, t.epochs.c.next_serial)
            .where(t.epochs.c.state == EpochState.OPEN.value)
            .order_by(t.epochs.c.epoch.desc())
            .limit(1)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise Conflict(
            message("no_open_epoch"),
            code="no_open_epoch",
        )
    return row.epoch, row.next_serial


async def set_next_serial(conn: AsyncConnection, epoch: int, serial: int) -> None:
    """Record how far an epoch has issued."""
    await conn.execute(
        update(t.epochs).where(t.epochs.c.epoch == epoch).values(next_serial=serial)
    )


async def count_issued(conn: AsyncConnection, epoch: int) -> int:
    """Count the codes that were issued in an epoch."""
    b = t.batches.c
    issued = select(func.coalesce(func.sum(b.quantity), 0)).where(b.epoch == epoch)
    return int((await conn.execute(issued)).scalar_one())
