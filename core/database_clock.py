"""The time as PostgreSQL tells it, so that all workers and range changes have one.

A machine's clock can be wrong, or be set. A worker asks PostgreSQL for the time every
second and carries it on with a clock that never jumps.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock, SystemClock, elapsed_s
from core.ids import AHEAD_MS

INTERVAL_S = 1.0
LIMIT_S = 5.0
ALARM_INTERVAL_S = 60.0

_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class DatabaseClock:
    """PostgreSQL's time; before the first measurement, the machine's."""

    machine: Clock = field(default_factory=SystemClock)
    elapsed_s: Callable[[], float] = elapsed_s
    _told_ms: float | None = None
    _told_at_s: float = 0.0
    _alarm_at_s: float | None = None
    # Somebody asked for the time when it had not been measured for too long.
    _doubted: asyncio.Event = field(default_factory=asyncio.Event)

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z.

        At most AHEAD_MS later than what PostgreSQL told last: while it tells nothing,
        time stands still, and no clock of the machine can take it ahead.
        """
        if self._told_ms is None:
            return self.machine.now_ms()
        passed_ms = self._passed_ms(self.elapsed_s())
        if not 0 <= passed_ms <= AHEAD_MS:
            self._doubted.set()
            passed_ms = min(max(passed_ms, 0), AHEAD_MS)
        return round(self._told_ms + passed_ms)

    def earliest_ms(self) -> int:
        """Tell the time by whichever clock is behind, for what can't be undone."""
        return min(self.now_ms(), self.machine.now_ms())

    def note(self, told_ms: int, *, asked_s: float, answered_s: float) -> None:
        """Take over what PostgreSQL told at some moment between two of `elapsed_s`.

        By now it is that time at least, and later by no more than the answer took.
        What is known already is mended only as far as it must: a quick answer mends
        it to the millisecond, and a slow one may leave it behind but never ahead.
        """
        trip_ms = min(max((answered_s - asked_s) * 1000, 0), AHEAD_MS)
        known_ms: float = told_ms
        if self._told_ms is not None:
            known_ms = self._told_ms + self._passed_ms(answered_s)
        self._told_ms = min(max(known_ms, told_ms), told_ms + trip_ms)
        self._told_at_s = answered_s
        self._compare(answered_s)

    def _passed_ms(self, at_s: float) -> float:
        return (at_s - self._told_at_s) * 1000

    def _compare(self, at_s: float) -> None:
        """Say that the machine's clock is wrong, now and every minute, and when not."""
        ahead_ms = self.machine.now_ms() - self.now_ms()
        if abs(ahead_ms) <= AHEAD_MS:
            if self._alarm_at_s is not None:
                log.info("clock_agrees_again", ahead_ms=ahead_ms)
            self._alarm_at_s = None
        elif self._alarm_at_s is None or at_s - self._alarm_at_s >= ALARM_INTERVAL_S:
            self._alarm_at_s = at_s
            log.error(
                "clock_differs",
                ahead_ms=ahead_ms,
                meaning="This machine's clock and PostgreSQL's differ. Scans are dated "
                "by PostgreSQL's. Look at the time service of both machines.",
            )

    async def measure(self, engine: AsyncEngine) -> None:
        """Ask PostgreSQL once; raises what it raises while it is away."""
        async with engine.connect() as conn:
            asked_s = self.elapsed_s()
            told_ms = (await conn.execute(_NOW)).scalar_one()
            answered_s = self.elapsed_s()
        self.note(told_ms, asked_s=asked_s, answered_s=answered_s)

    async def follow(self, engine: AsyncEngine, interval_s: float = INTERVAL_S) -> None:
        """Measure again and again, and at once if in doubt, until cancelled.

        Where the machine's clocks jump, so do the timers that would wake it.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._doubted.wait(), interval_s)
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self.measure(engine)
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("clock_not_measured", cause=fault)
                await asyncio.sleep(interval_s)
            self._doubted.clear()
