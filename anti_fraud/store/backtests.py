"""The SQL of backtests: a row each, which is the record of the job as well."""

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.backtests import (
    MOST_AT_ONCE,
    Backtest,
    BacktestFault,
    BacktestState,
)
from anti_fraud.domain.trials import Trial

_FREE_PLACE: Final = text(
    """
    SELECT min(place) FROM generate_series(1, :most) AS place
    WHERE NOT EXISTS (SELECT FROM backtests AS b WHERE b.place = place.place)
    """
)
# Who asks for a place waits here for who asked before.
_QUEUE: Final = text("SELECT pg_advisory_xact_lock(hashtext('backtests'))")


async def insert_backtest(conn: AsyncConnection, backtest: Backtest) -> bool:
    """Store a backtest that waits; False where too many are unfinished."""
    await conn.execute(_QUEUE)
    free = await conn.execute(_FREE_PLACE, {"most": MOST_AT_ONCE})
    place = free.scalar_one_or_none()
    if place is None:
        return False
    await conn.execute(
        insert(t.backtests).values(
            backtest_id=backtest.backtest_id,
            version=backtest.version,
            live_version=backtest.live_version,
            from_at=backtest.from_at,
            to_at=backtest.to_at,
            parts=backtest.parts,
            first_scan=backtest.first_scan,
            after_scan=backtest.after_scan,
            upto_scan=backtest.upto_scan,
            trial=msgspec.to_builtins(backtest.trial),
            asked_by=backtest.asked_by,
            asked_at=backtest.asked_at,
            state=backtest.state.value,
            place=place,
        )
    )
    return True


async def load_backtest(conn: AsyncConnection, backtest_id: int) -> Backtest | None:
    """Load one; None where there is none."""
    b = t.backtests
    found = await conn.execute(select(b).where(b.c.backtest_id == backtest_id))
    row = found.one_or_none()
    return None if row is None else _read(row)


async def load_backtests(
    conn: AsyncConnection, *, version: int, before: int | None, limit: int
) -> list[Backtest]:
    """Load the newest of a version below `before`, newest first."""
    b = t.backtests
    asked = (
        select(b)
        .where(b.c.version == version)
        .order_by(b.c.backtest_id.desc())
        .limit(limit)
    )
    if before is not None:
        asked = asked.where(b.c.backtest_id < before)
    return [_read(row) for row in await conn.execute(asked)]


async def lock_unfinished(
    conn: AsyncConnection, backtest_id: int | None = None
) -> Backtest | None:
    """Lock the oldest unfinished one that nobody else works on; or wait for this one.

    Whoever dies while working on it lets it go.
    """
    b = t.backtests
    # By their places, which are few and have an index, however many have ended.
    asked = select(b).where(b.c.place.is_not(None))
    if backtest_id is None:
        asked = asked.order_by(b.c.backtest_id).limit(1)
        asked = asked.with_for_update(skip_locked=True)
    else:
        asked = asked.where(b.c.backtest_id == backtest_id).with_for_update()
    row = (await conn.execute(asked)).one_or_none()
    return None if row is None else _read(row)


async def save_progress(
    conn: AsyncConnection, backtest_id: int, *, after_scan: int, trial: Trial
) -> None:
    """Keep what a locked one has counted, and up to which scan, in one."""
    await _change(
        conn,
        backtest_id,
        state=BacktestState.RUNNING.value,
        after_scan=after_scan,
        trial=msgspec.to_builtins(trial),
    )


async def end_backtest(
    conn: AsyncConnection,
    backtest_id: int,
    state: BacktestState,
    *,
    fault: BacktestFault | None = None,
    now: datetime,
) -> None:
    """End a locked one, which gives its place free."""
    await _change(
        conn,
        backtest_id,
        state=state.value,
        place=None,
        fault=None if fault is None else fault.value,
        ended_at=now,
    )


async def _change(conn: AsyncConnection, backtest_id: int, **values: Any) -> None:
    b = t.backtests
    await conn.execute(
        update(t.backtests).where(b.c.backtest_id == backtest_id).values(values)
    )


def _read(row: Row[Any]) -> Backtest:
    return Backtest(
        *(row.backtest_id, row.version, row.live_version, BacktestState(row.state)),
        *(row.from_at, row.to_at, row.parts),
        *(row.first_scan, row.after_scan, row.upto_scan),
        msgspec.convert(row.trial, Trial),
        None if row.fault is None else BacktestFault(row.fault),
        *(row.asked_by, row.asked_at, row.ended_at),
    )
