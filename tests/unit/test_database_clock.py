"""The time that PostgreSQL tells, carried on between two measurements."""

from dataclasses import dataclass, field

import structlog
from hypothesis import given
from hypothesis import strategies as st

from core.database_clock import DatabaseClock
from core.ids import AHEAD_MS, EPOCH_MS, TimeIds, time_of_id

NOW_MS = EPOCH_MS + 20_000_000_000


@dataclass(slots=True)
class World:
    """True time, a machine whose clock shows another, and the clock in between."""

    true_ms: int = NOW_MS
    machine_ahead_ms: int = 0
    passed_ahead_ms: int = 0
    clock: DatabaseClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = DatabaseClock(self, self.elapsed_s)

    def elapsed_s(self) -> float:
        """Show how much time has passed, as a clock does that ought never to jump."""
        return (self.true_ms + self.passed_ahead_ms) / 1000

    def now_ms(self) -> int:
        """Show the machine's time, as a Clock does."""
        return self.true_ms + self.machine_ahead_ms

    def measure(self, *, trip_ms: int = 0, database_ahead_ms: int = 0) -> None:
        """Ask PostgreSQL, which answers half way."""
        asked_s, told_ms = self.elapsed_s(), self.true_ms + trip_ms // 2
        self.true_ms += trip_ms
        self.clock.note(
            told_ms + database_ahead_ms, asked_s=asked_s, answered_s=self.elapsed_s()
        )


def test_before_it_was_measured_it_is_the_machine_s() -> None:
    """There is no better one yet."""
    assert World(machine_ahead_ms=70).clock.now_ms() == NOW_MS + 70


JUMPS = st.integers(-(10**9), 10**9)


@given(
    st.lists(
        st.tuples(JUMPS, JUMPS, st.integers(0, 90_000), st.integers(0, 90_000)),
        min_size=1,
        max_size=20,
    )
)
def test_no_jump_of_a_machine_s_clocks_dates_an_id_ahead(
    jumps: list[tuple[int, int, int, int]],
) -> None:
    """Not even of the one that never jumps; and a quick answer mends everything."""
    world, ids, made = World(), TimeIds(1), []
    world.measure()
    for machine_ms, passed_ms, passes_ms, trip_ms in jumps:
        world.machine_ahead_ms = machine_ms
        world.passed_ahead_ms += passed_ms
        for _ in range(2):
            made.append(ids.next_id(world.clock.now_ms()))
            assert time_of_id(made[-1]) <= world.true_ms + AHEAD_MS
            world.true_ms += passes_ms
        world.measure(trip_ms=trip_ms)
        made.append(ids.next_id(world.clock.now_ms()))
        assert time_of_id(made[-1]) <= world.true_ms + AHEAD_MS
        world.measure()
        assert world.clock.now_ms() == world.true_ms
    assert len(set(made)) == len(made)


def test_it_follows_postgresql_there_and_back() -> None:
    """After a failover to a server whose clock is ahead, and after that was mended."""
    world = World()
    world.measure(database_ahead_ms=60_000)
    assert world.clock.now_ms() == world.true_ms + 60_000
    world.true_ms += 1_000
    world.measure()
    assert world.clock.now_ms() == world.true_ms


def test_a_slow_answer_may_leave_time_behind_until_the_next() -> None:
    """PostgreSQL was stopped for a minute: time stood still, and goes on with it."""
    world = World()
    world.measure()
    world.true_ms += 1_000
    assert world.clock.now_ms() == world.true_ms
    world.true_ms += 59_000
    assert world.clock.now_ms() == NOW_MS + AHEAD_MS
    world.measure(trip_ms=60_000)
    assert world.true_ms - 60_000 <= world.clock.now_ms() <= world.true_ms
    world.measure()
    assert world.clock.now_ms() == world.true_ms


def test_a_wrong_clock_is_an_alarm_with_its_offset() -> None:
    """Once a minute while it is wrong, and a word when it agrees again."""
    world = World(machine_ahead_ms=5_000)
    with structlog.testing.capture_logs() as logs:
        for _ in range(90):
            world.true_ms += 1_000
            world.measure()
        world.machine_ahead_ms = 100
        world.measure()
    told = [(line["log_level"], line["event"], line["ahead_ms"]) for line in logs]
    assert told == [
        ("error", "clock_differs", 5_000),
        ("error", "clock_differs", 5_000),
        ("info", "clock_agrees_again", 100),
    ]


@given(st.integers(-(10**9), 10**9))
def test_what_cannot_be_undone_goes_by_the_clock_that_is_behind(ahead_ms: int) -> None:
    """A clock that is a year ahead drops no trace, whichever of the two it is."""
    world = World(machine_ahead_ms=ahead_ms)
    world.measure()
    assert world.clock.earliest_ms() == world.true_ms + min(ahead_ms, 0)
