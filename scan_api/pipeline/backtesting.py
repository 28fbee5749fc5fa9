"""Backtests are carried out a few seconds at a time, by processes of jobs.

Each turn locks one that is not over, counts its next scans, and keeps what it counted
with up to which scan, in one transaction. A process that dies lets its row go, and
whichever comes next goes on where that was; several take turns or one each.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.backtests import Backtest, BacktestFault, BacktestState
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.store import backtests as store
from anti_fraud.store.rule_sets import load_rule_sets
from anti_fraud.store.trials import load_decided
from core.clock import Clock, to_ms, utc_datetime
from scan_api.pipeline.trials import RulesOnTrial, versions_of
from scan_api.store.trials import JudgedFacts, load_some

# Scans of a turn: some tenths of a second, and some ten megabytes.
AT_ONCE: Final = 20_000
_LOOK_S: Final = 1.0

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class Backtesting:
    """Carries backtests out; several may do so at once."""

    engine: AsyncEngine
    clock: Clock
    timezone: ZoneInfo
    # Versions never change, so that each is read once.
    _known: dict[int, RuleSet] = field(default_factory=dict)

    async def run(self) -> None:
        """Carry out what is asked for until cancelled."""
        while True:
            try:
                while await self.go_on():
                    pass
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("backtest_waits", cause=fault)
            await asyncio.sleep(_LOOK_S)

    async def go_on(self) -> bool:
        """Count the next scans of the oldest one; False where there is none."""
        try:
            async with self.engine.begin() as conn:
                backtest = await store.lock_unfinished(conn)
                if backtest is None:
                    return False
                await self._count_some(conn, backtest)
        except (DBAPIError, psycopg.Error):
            # The database's word, and another time's: nothing was kept of this turn.
            raise
        except Exception:
            assert backtest is not None, "only a turn can fail so"
            log.exception("backtest_failed", backtest_id=backtest.backtest_id)
            await self._give_up(backtest)
        return True

    async def _count_some(self, conn: AsyncConnection, backtest: Backtest) -> None:
        rows = await load_some(
            conn,
            after=backtest.after_scan,
            upto=backtest.upto_scan,
            parts=backtest.parts,
            limit=AT_ONCE,
        )
        read = await asyncio.to_thread(rows.unpack)
        first_ms, end_ms = to_ms(backtest.from_at), to_ms(backtest.to_at)
        scans = [scan for scan in read if first_ms <= scan.judged_at_ms < end_ms]
        if scans:
            rules = await self._rules_of(conn, backtest, scans)
            if rules is None:
                await self._end(
                    conn, backtest, BacktestState.FAILED, BacktestFault.UNREADABLE
                )
                return
            decided = await load_decided(
                conn, first=scans[0].scan_id, last=scans[-1].scan_id
            )
            await asyncio.to_thread(rules.count, backtest.trial, scans, decided)
        is_over = len(read) < AT_ONCE
        await store.save_progress(
            conn,
            backtest.backtest_id,
            after_scan=backtest.upto_scan if is_over else read[-1].scan_id,
            trial=backtest.trial,
        )
        if is_over:
            await self._end(conn, backtest, BacktestState.DONE)

    async def _rules_of(
        self, conn: AsyncConnection, backtest: Backtest, scans: list[JudgedFacts]
    ) -> RulesOnTrial | None:
        """Load what scans are tried by; None where it can't be read."""
        wanted = versions_of(scans) | {backtest.version, backtest.live_version}
        if unknown := wanted - self._known.keys():
            self._known |= await load_rule_sets(conn, unknown)
        candidate = self._known.get(backtest.version)
        live = self._known.get(backtest.live_version)
        if candidate is None or live is None:
            return None
        return RulesOnTrial(candidate, live, self._known, self.timezone)

    async def _give_up(self, backtest: Backtest) -> None:
        async with self.engine.begin() as conn:
            if await store.lock_unfinished(conn, backtest.backtest_id) is not None:
                await self._end(
                    conn, backtest, BacktestState.FAILED, BacktestFault.FAULT
                )

    async def _end(
        self,
        conn: AsyncConnection,
        backtest: Backtest,
        state: BacktestState,
        fault: BacktestFault | None = None,
    ) -> None:
        now = utc_datetime(self.clock.now_ms())
        number = backtest.backtest_id
        await store.end_backtest(conn, number, state, fault=fault, now=now)
        log.info("backtest_ended", backtest_id=number, state=state.value)
