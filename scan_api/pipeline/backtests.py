"""Backtests are asked for, looked at and called off; `backtesting` carries them out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.backtests import (
    MOST_AT_ONCE,
    MOST_DAYS,
    MOST_LATE,
    PARTS,
    Backtest,
    BacktestState,
)
from anti_fraud.domain.trials import Trial
from anti_fraud.pipeline.rule_sets import find_rule_set, refuse_scoped
from anti_fraud.store import backtests as store
from anti_fraud.store.rule_sets import load_rules
from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import to_ms
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import first_id_at
from scan_api.domain.messages import message
from scan_api.pipeline.lateness import AHEAD_MS


@dataclass(frozen=True, slots=True)
class NewBacktest:
    """Which version, on scans from when until before when, and which share of them."""

    version: int
    from_at: datetime
    to_at: datetime
    sample: float = 1.0


async def start_backtest(
    conn: AsyncConnection,
    wish: NewBacktest,
    staff: Staff,
    *,
    backtest_id: int,
    now: datetime,
) -> Backtest:
    """Let a version, a draft as well, be tried on past scans, beside what is live.

    Processes of jobs begin within seconds. `backtest_id` is a time-ordered id that the
    caller chose. What is later than now is not waited for. Raises NotFound, Conflict
    where too many are unfinished, InvalidInput and Forbidden; audited.
    """
    refuse_scoped(staff)
    await find_rule_set(conn, wish.version, staff)
    _check_span(wish, now)
    live = await load_rules(conn)
    # A scan's number is its arrival: what was late has a higher one than its own time.
    first = first_id_at(to_ms(wish.from_at) - AHEAD_MS) - 1
    last = min(wish.to_at + MOST_LATE, now)
    backtest = Backtest(
        backtest_id=backtest_id,
        version=wish.version,
        live_version=live.version,
        state=BacktestState.WAITING,
        from_at=wish.from_at,
        to_at=min(wish.to_at, now),
        parts=max(1, round(wish.sample * PARTS)),
        first_scan=first,
        after_scan=first,
        upto_scan=max(first_id_at(to_ms(last)) - 1, first),
        trial=Trial(),
        fault=None,
        asked_by=staff.person,
        asked_at=now,
        ended_at=None,
    )
    if not await store.insert_backtest(conn, backtest):
        raise Conflict(
            message("backtests_full", most=MOST_AT_ONCE), code="too_many_backtests"
        )
    detail = {
        "backtest_id": str(backtest_id),
        "from": backtest.from_at.isoformat(),
        "to": backtest.to_at.isoformat(),
        "sample": wish.sample,
    }
    await _note(conn, backtest, "rule_set.backtest", staff, detail, now=now)
    return backtest


async def load_backtest(
    conn: AsyncConnection, backtest_id: int, staff: Staff
) -> Backtest:
    """Load one as it stands, with what it has counted so far; raises NotFound."""
    refuse_scoped(staff)
    backtest = await store.load_backtest(conn, backtest_id)
    if backtest is None:
        raise NotFound(message("no_such_backtest", backtest_id=str(backtest_id)))
    return backtest


async def list_backtests(
    conn: AsyncConnection,
    version: int,
    staff: Staff,
    *,
    before: int | None = None,
    limit: int,
) -> list[Backtest]:
    """List those of a version below `before`, newest first; raises NotFound."""
    await find_rule_set(conn, version, staff)
    return await store.load_backtests(conn, version=version, before=before, limit=limit)


async def cancel_backtest(
    conn: AsyncConnection, backtest_id: int, staff: Staff, *, now: datetime
) -> Backtest:
    """Call one off that is not over, and keep what it has counted; audited.

    Waits for the seconds of work that are under way. Raises NotFound and Conflict.
    """
    refuse_scoped(staff)
    backtest = await store.lock_unfinished(conn, backtest_id)
    if backtest is None:
        await load_backtest(conn, backtest_id, staff)
        raise Conflict(message("backtest_is_over"), code="illegal_state")
    await store.end_backtest(conn, backtest_id, BacktestState.CANCELLED, now=now)
    detail = {"backtest_id": str(backtest_id)}
    await _note(conn, backtest, "rule_set.cancel_backtest", staff, detail, now=now)
    return await load_backtest(conn, backtest_id, staff)


def _check_span(wish: NewBacktest, now: datetime) -> None:
    if wish.from_at >= min(wish.to_at, now):
        raise InvalidInput.field("/to", "out_of_range", message("backtest_span"))
    if wish.to_at - wish.from_at > MOST_DAYS:
        raise InvalidInput.field(
            "/from", "out_of_range", message("backtest_too_long", days=MOST_DAYS.days)
        )


async def _note(
    conn: AsyncConnection,
    backtest: Backtest,
    action: str,
    staff: Staff,
    detail: dict[str, Any],
    *,
    now: datetime,
) -> None:
    subject = f"rule_set:{backtest.version}"
    await record_action(
        conn, staff, action=action, subject=subject, detail=detail, now=now
    )
