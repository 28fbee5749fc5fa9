"""What the journal holds and the database has forgotten, done again in its order."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import EpochState, RangeState
from codegen.domain.recalls import RecallScope
from codegen.keyring import HighWaterMark
from codegen.pipeline import (
    BulkChange,
    change_epoch,
    change_in_bulk,
    get_batch,
    recall_scope,
)
from core.auth.audit import record_action
from core.auth.principal import OPERATOR
from core.auth.staff import revoke_staff_token
from core.errors import Conflict, NotFound
from crowncap.recovery import store
from crowncap.recovery.journal import Journal

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was done again, and what could not be, in sentences."""

    done: tuple[str, ...]
    left: tuple[str, ...]


async def find_forgotten(
    conn: AsyncConnection, high_water: HighWaterMark
) -> list[Entry]:
    """List the journal's entries that this database lacks, each once, in order."""
    told = await store.replayed_numbers(conn)
    forgotten: dict[str, Entry] = {}
    for entry in Journal.beside(high_water).read():
        name = name_of(entry)
        if name in told or name in forgotten:
            continue
        if not await store.knows(conn, entry["kind"], entry["number"]):
            forgotten[name] = entry
    return sorted(forgotten.values(), key=lambda entry: str(entry["at"]))


def name_of(entry: Entry) -> str:
    """Name an entry of the journal for good."""
    return f"{entry['kind']}:{entry['number']}"


async def revoke_again(
    conn: AsyncConnection, high_water: HighWaterMark, *, now: datetime
) -> int:
    """Revoke the tokens that were revoked since the backup; returns how many."""
    revoked = 0
    for entry in await find_forgotten(conn, high_water):
        if entry["kind"] == "token.revoke":
            revoked += await _replay(conn, entry, now=now) is None
    return revoked


async def replay(
    conn: AsyncConnection, high_water: HighWaterMark, *, now: datetime
) -> Replayed:
    """Do again what was forgotten; what cannot be done is left, with its reason."""
    done, left = [], []
    for entry in await find_forgotten(conn, high_water):
        async with conn.begin_nested():
            reason = await _replay(conn, entry, now=now)
        if reason is None:
            done.append(tell(entry))
            continue
        # Said once, and in the audit log for good; it is a person's from here on.
        left.append(f"{tell(entry)}: {reason}")
        await _note(conn, entry, "replay.left", now=now, why=reason)
    return Replayed(tuple(done), tuple(left))


def tell(entry: Entry) -> str:
    """Say in a line what an entry is."""
    what = entry.get("subject") or f"batch {entry.get('batch_id')}"
    reason = f" ({entry['reason']})" if entry.get("reason") else ""
    return f"{entry['at']} {entry['kind']} of {what} by {entry['person']}{reason}"


async def _replay(conn: AsyncConnection, entry: Entry, *, now: datetime) -> str | None:
    """Do one entry again, audited; gives why not if it could not be done."""
    kind = entry["kind"]
    try:
        if kind == "void":
            await _void(conn, entry, now=now)
        elif kind == "recall":
            await _recall(conn, entry, now=now)
        elif kind == "token.revoke":
            token_id = str(entry["subject"]).removeprefix("token:")
            # One that was made after the backup is gone with it.
            with contextlib.suppress(NotFound):
                await revoke_staff_token(conn, token_id, now=now)
        else:
            epoch = int(str(entry["subject"]).removeprefix("epoch:"))
            state = EpochState(kind.removeprefix("key."))
            await change_epoch(conn, epoch, state, OPERATOR, now=now)
    except (NotFound, Conflict) as fault:
        return str(fault)
    await _note(conn, entry, "replay.do", now=now)
    return None


async def _note(
    conn: AsyncConnection, entry: Entry, action: str, *, now: datetime, **more: str
) -> None:
    await record_action(
        conn,
        OPERATOR,
        action=action,
        subject=str(entry.get("subject") or f"batch:{entry.get('batch_id')}"),
        detail={"replays": name_of(entry), "person": entry["person"]} | more,
        now=now,
    )


async def _void(conn: AsyncConnection, entry: Entry, *, now: datetime) -> None:
    batch = await get_batch(conn, entry["batch_id"], OPERATOR)
    change = BulkChange(
        batch,
        RangeState.VOID,
        [(first, last) for first, last in entry["intervals"]],
        singles=entry["codes"],
        reason=_reason(entry),
    )
    await change_in_bulk(conn, change, OPERATOR, now=now)


async def _recall(conn: AsyncConnection, entry: Entry, *, now: datetime) -> None:
    batch = await get_batch(conn, entry["batch_id"], OPERATOR)
    for first, last in entry["intervals"]:
        scope = RecallScope(
            batch_id=batch.batch_id,
            from_index=first - batch.first_code_id,
            to_index=last - batch.first_code_id,
        )
        await recall_scope(
            conn,
            scope,
            reason=_reason(entry),
            instructions=entry["instructions"] or "",
            staff=OPERATOR,
        )
    await record_action(
        conn,
        OPERATOR,
        action="batch.recall",
        subject=f"batch:{batch.batch_id}",
        detail={"reason": _reason(entry)},
        now=now,
    )


def _reason(entry: Entry) -> str:
    return f"replayed: {entry['reason']} ({entry['person']}, {entry['at']})"
