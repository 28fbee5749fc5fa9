"""Epochs and their master keys: opening, closing, freezing, retiring."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.keys import MAX_EPOCH, EpochKeys
from codegen.domain.messages import message
from codegen.domain.ranges import (
    EpochState,
)
from codegen.keyring import MasterKeyFile
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import (
    Conflict,
    MisconfiguredError,
)
from core.fence import take_fence


async def open_first_epoch(
    conn: AsyncConnection, key_file: MasterKeyFile, *, now: datetime
) -> None:
    """Make epoch 0 and its key where there is none yet."""
    if await store.load_epoch_states(conn):
        return
    keys = key_file.add_epoch(0)
    await take_fence(conn)
    await store.insert_epoch(conn, 0, key_check=keys.check_value(0), now=now)


async def check_keys(conn: AsyncConnection, keys: EpochKeys) -> None:
    """Raise MisconfiguredError unless every epoch's key is here and right."""
    for epoch, check in sorted((await store.load_key_checks(conn)).items()):
        if epoch not in keys.epochs:
            raise MisconfiguredError(message("master_key_missing", epoch=epoch))
        if keys.check_value(epoch) != check:
            raise MisconfiguredError(message("master_key_other", epoch=epoch))


async def rotate_epoch(
    conn: AsyncConnection, key_file: MasterKeyFile, staff: Staff, *, now: datetime
) -> int:
    """Open the next epoch and close those before it; returns its number."""
    await take_fence(conn)
    states = await store.load_epoch_states(conn)
    epoch = max(states, default=-1) + 1
    if epoch > MAX_EPOCH:
        raise Conflict(message("no_epoch_left"), code="no_epoch_left")
    keys = key_file.add_epoch(epoch)
    for number, state in states.items():
        if state is EpochState.OPEN:
            await store.set_epoch_state(conn, number, EpochState.CLOSED)
    await store.insert_epoch(conn, epoch, key_check=keys.check_value(epoch), now=now)
    await record_action(
        conn,
        staff,
        action="key.rotate",
        subject=f"epoch:{epoch}",
        detail={},
        now=now,
    )
    return epoch


_LEGAL_EPOCH_CHANGES = {
    EpochState.CLOSED: {EpochState.OPEN, EpochState.FROZEN},
    EpochState.FROZEN: {EpochState.OPEN, EpochState.CLOSED},
    EpochState.RETIRED: {EpochState.OPEN, EpochState.CLOSED, EpochState.FROZEN},
}


async def change_epoch(
    conn: AsyncConnection,
    epoch: int,
    state: EpochState,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Close, freeze or retire an epoch; raises Conflict on an illegal change."""
    await take_fence(conn)
    before = await store.set_epoch_state(conn, epoch, state)
    if before not in _LEGAL_EPOCH_CHANGES[state]:
        raise Conflict(
            message("epoch_cannot", epoch=epoch, before=before, state=state),
            code="illegal_state",
        )
    await record_action(
        conn,
        staff,
        action=f"key.{state}",
        subject=f"epoch:{epoch}",
        detail={"before": before.value},
        now=now,
    )
