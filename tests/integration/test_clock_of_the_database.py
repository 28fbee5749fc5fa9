"""A worker takes the time from PostgreSQL, however wrong its machine's clocks are."""

import asyncio
from dataclasses import dataclass

from core.clock import SystemClock, elapsed_s
from core.database_clock import DatabaseClock
from core.ids import TimeIds, time_of_id
from tests.fixtures.ground import Ground

YEAR_MS = 365 * 86_400_000


@dataclass(slots=True)
class Machine:
    """A machine whose clocks can be set."""

    ahead_ms: int = 0
    passed_ahead_s: float = 0

    def now_ms(self) -> int:
        """Show the time, as a Clock does."""
        return SystemClock().now_ms() + self.ahead_ms

    def elapsed_s(self) -> float:
        """Show how much time has passed."""
        return elapsed_s() + self.passed_ahead_s


async def told(ledger: Ground) -> int:
    """Ask PostgreSQL for the time."""
    [(at_ms,)] = await ledger.rows(
        "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    )
    return int(at_ms)


async def test_a_scan_of_a_worker_a_year_ahead_is_dated_now(ledger: Ground) -> None:
    """Its id lies in today's partition, not in a default."""
    machine = Machine(ahead_ms=YEAR_MS)
    clock = DatabaseClock(machine, machine.elapsed_s)
    before = await told(ledger)
    await clock.measure(ledger.engine)
    made = TimeIds(1).next_id(clock.now_ms())
    assert before - 1 <= time_of_id(made) <= await told(ledger) + 1
    assert clock.earliest_ms() < machine.now_ms() - YEAR_MS // 2


async def test_time_in_doubt_is_measured_at_once(ledger: Ground) -> None:
    """The clock that ought never to jump went back, and timers with it."""
    machine = Machine()
    clock = DatabaseClock(machine, machine.elapsed_s)
    await clock.measure(ledger.engine)
    following = asyncio.create_task(clock.follow(ledger.engine, interval_s=3600))
    stood_still = clock.now_ms()
    machine.passed_ahead_s = -3600
    async with asyncio.timeout(60):
        while clock.now_ms() <= stood_still:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.001)
    assert clock.now_ms() <= await told(ledger) + 1
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
