"""The time as PostgreSQL tells it, so that all workers and range changes have one.

A machine's clock can be wrong, or be set. A worker asks PostgreSQL for the time every
second and carries it on with a clock that never jumps.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock, SystemClock, elapsed_s
from core.ids import AHEAD_MS

INTERVAL_S = 1.0
ALARM_INTERVAL_S = 60.0

_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")

log = structlog.get_logger(room=__name__)


@dataclass(slots=True)
class DatabaseClock:
    """PostgreSQL's time; before the first measurement, the machine's."""

    machine: Clock = field(default_factory=SystemClock)
    elapsed_s: Callable[[], float] = elapsed_s
    _told_ms: float | None = None
    _told_at_s: float = 0.0
    _alarm_at_s: float | None = None

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        known_ms = self._at(self.elapsed_s())
        return self.machine.now_ms() if known_ms is None else round(known_ms)

    def earliest_ms(self) -> int:
        """Tell the time by whichever clock is behind, for what can't be undone."""
        return min(self.now_ms(), self.machine.now_ms())

    def note(self, told_ms: int, *, asked_s: float, answered_s: float) -> None:
        """Take over what PostgreSQL told at some moment between two of `elapsed_s`.

        By now it is that time at least, and at most as much later as the answer took.
        What is known already is mended only as far as it must: a quick answer mends
        it to the millisecond, and one that took a minute can't spoil it.
        """
        known_ms = self._at(answered_s)
        latest_ms = told_ms + (answered_s - asked_s) * 1000
        if known_ms is None:
            known_ms = told_ms
        self._told_ms = min(max(known_ms, told_ms), latest_ms)
        self._told_at_s = answered_s
        self._compare(answered_s)

    def _at(self, at_s: float) -> float | None:
        if self._told_ms is None:
            return None
        return self._told_ms + (at_s - self._told_at_s) * 1000

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

    async def follow(self, engine: AsyncEngine) -> None:
        """Measure again and again until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.measure(engine)
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("clock_not_measured", cause=repr(fault))
