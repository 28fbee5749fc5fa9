"""How far an audit has come, kept so that an interrupted one goes on from there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.clock import to_ms
from core.errors import MisconfiguredError
from core.ids import first_id_at
from crowncap.audit.checks import Scope
from crowncap.audit.seals import Chain
from crowncap.audit.tables import audits
from crowncap.audit.totals import Totals

# What was looked at longer ago is looked at again.
GOES_ON_FOR = timedelta(days=7)
# Whoever chose an id has committed or given up by then.
SETTLED_AFTER = timedelta(minutes=5)


class Found(msgspec.Struct):
    """What one check has found so far."""

    count: int = 0
    examples: list[str] = []


class Progress(msgspec.Struct):
    """Where each check goes on, None where it is done; what was found and added up."""

    next_keys: dict[str, int | None] = {}
    found: dict[str, Found] = {}
    totals: Totals = msgspec.field(default_factory=Totals)
    seals: Chain = msgspec.field(default_factory=Chain)


@dataclass(slots=True)
class Run:
    """One audit, from its start over interruptions to its end."""

    scope: Scope
    begun_at: datetime
    since_id: int
    until_id: int
    progress: Progress
    goes_on: bool = False
    audit_id: int | None = None  # None on a standby, which keeps nothing
    turn: int = 0

    async def keep(self, conn: AsyncConnection, **ending: Any) -> None:
        """Keep the progress, with what was done in the same transaction."""
        if self.audit_id is None:
            return
        kept = await conn.execute(
            update(audits)
            .where(
                audits.c.audit_id == self.audit_id,
                audits.c.turn == self.turn,
                audits.c.ended_at.is_(None),
            )
            .values(
                turn=self.turn + 1,
                progress=msgspec.to_builtins(self.progress),
                **ending,
            )
        )
        if kept.rowcount != 1:
            raise MisconfiguredError(
                "Another audit goes on from where this one was. Let it end, then read "
                "what it says, or start again."
            )
        self.turn += 1


async def begin(engine: AsyncEngine, *, scope: Scope, now: datetime) -> Run:
    """Go on with an audit that was interrupted, or begin one.

    A recent one takes over the totals of the last sound audit; without one it is full.
    """
    async with engine.begin() as conn:
        kept = await conn.execute(text("SHOW transaction_read_only"))
        standby = kept.scalar_one() == "on"
        sound = await _last(conn, audits.c.sound)
        if sound is None:
            scope = Scope.FULL
        left = await _last(
            conn,
            audits.c.ended_at.is_(None),
            audits.c.scope == scope,
            audits.c.begun_at > now - GOES_ON_FOR,
        )
        if left is not None and not standby:
            progress = _read(left.progress)
            return Run(
                scope,
                left.begun_at,
                left.since_id,
                left.until_id,
                progress,
                goes_on=True,
                audit_id=left.audit_id,
                turn=left.turn,
            )
        until_id = first_id_at(to_ms(now - SETTLED_AFTER))
        run = Run(scope, now, 0, until_id, Progress())
        if scope is Scope.RECENT and sound is not None:
            run.progress.seals = _read(sound.progress).seals
            run.since_id = sound.until_id
            run.until_id = max(sound.until_id, until_id)
            run.progress.totals = _read(sound.progress).totals
        if not standby:
            run.audit_id = await _insert(conn, run)
        return run


def _read(document: Any) -> Progress:
    # JSON has no keys but texts.
    return msgspec.convert(document, Progress, strict=False)


async def _last(conn: AsyncConnection, *conditions: Any) -> Any:
    query = select(audits).where(*conditions).order_by(audits.c.audit_id.desc())
    return (await conn.execute(query.limit(1))).one_or_none()


async def _insert(conn: AsyncConnection, run: Run) -> int:
    made = await conn.execute(
        insert(audits)
        .values(
            scope=run.scope.value,
            begun_at=run.begun_at,
            since_id=run.since_id,
            until_id=run.until_id,
            turn=run.turn,
            progress=msgspec.to_builtins(run.progress),
        )
        .returning(audits.c.audit_id)
    )
    return int(made.scalar_one())
