"""Time-ordered ids and UUIDs: unique over workers, ascending, readable as a time."""

from itertools import accumulate
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from core.ids import AHEAD_MS, EPOCH_MS, TimeIds, first_id_at, time_of_id, time_uuid

TIMES = st.integers(EPOCH_MS, EPOCH_MS + (1 << 41) - (1 << 20))


@given(TIMES, st.integers(0, 10_000))
def test_an_id_tells_its_millisecond(at_ms: int, worker_no: int) -> None:
    """And fits a signed 64-bit column."""
    made = TimeIds(worker_no).next_id(at_ms)
    assert time_of_id(made) == at_ms
    assert first_id_at(at_ms) <= made < first_id_at(at_ms + 1)
    assert 0 <= made < 1 << 63


# Clocks that tick on, step back a little, and jump far in both directions.
STEPS = st.lists(
    st.one_of(
        st.integers(-2_500, 2_500),
        st.sampled_from((0, 0, 0, 1, 86_400_000, -86_400_000, 3_600_000, -3_600_000)),
    ),
    min_size=1,
    max_size=60,
)
START_MS = EPOCH_MS + 500 * 86_400_000


def clock_of(steps: list[int]) -> list[int]:
    """List what a clock shows that goes in steps."""
    return list(accumulate(steps, initial=START_MS))


@given(st.one_of(st.lists(TIMES, min_size=2, max_size=60), STEPS.map(clock_of)))
def test_no_id_comes_twice_nor_dates_from_the_future(times: list[int]) -> None:
    """However a clock jumps, and it keeps the worker's number."""
    ids = TimeIds(3)
    made = [(ids.next_id(at_ms), at_ms) for at_ms in times for _ in range(3)]
    assert len({each for each, _ in made}) == len(made)
    assert {(each >> 12) & 0x3FF for each, _ in made} == {3}
    for each, at_ms in made:
        assert at_ms <= time_of_id(each) <= at_ms + AHEAD_MS


@given(st.lists(st.integers(-AHEAD_MS, 5_000), min_size=1, max_size=60))
def test_ids_ascend_while_a_clock_steps_back_by_little(steps: list[int]) -> None:
    """Each is larger than all before it: by less than two seconds nothing shows."""
    ids = TimeIds(3)
    times = clock_of(steps)
    times = [at for n, at in enumerate(times) if at >= max(times[: n + 1]) - AHEAD_MS]
    made = [ids.next_id(at_ms) for at_ms in times]
    assert made == sorted(set(made))


def test_ids_are_of_now_again_after_a_clock_was_ahead() -> None:
    """An hour ahead for a second; an hour later the same milliseconds come again."""
    ids = TimeIds(3)
    ahead = [ids.next_id(START_MS + 3_600_000 + n) for n in range(1_000)]
    back = [ids.next_id(START_MS + n) for n in range(1_000)]
    assert [time_of_id(each) for each in back] == [START_MS + n for n in range(1_000)]
    later = [ids.next_id(START_MS + 3_600_000 + n) for n in range(1_000)]
    assert not {*later} & {*ahead}
    assert time_of_id(later[-1]) <= START_MS + 3_600_999 + AHEAD_MS


def test_a_clock_that_swings_for_days_repeats_nothing() -> None:
    """Thousands of jumps between two times, as between servers that disagree."""
    ids = TimeIds(3)
    times = [START_MS + n * 500 + n % 2 * 3_600_000 for n in range(20_000)]
    made = [(ids.next_id(at_ms), at_ms) for at_ms in times]
    assert len({each for each, _ in made}) == len(made)
    assert all(time_of_id(each) <= at_ms + AHEAD_MS for each, at_ms in made)


def test_a_worker_keeps_its_number_past_the_end_of_a_sequence() -> None:
    """64 ids a millisecond, then the next millisecond; never another's number."""
    first, second = TimeIds(1), TimeIds(2)
    at_ms = EPOCH_MS + 1_000
    ours = [first.next_id(at_ms) for _ in range(10_000)]
    theirs = [second.next_id(at_ms) for _ in range(10_000)]
    assert len({*ours, *theirs}) == 20_000
    assert {(made >> 12) & 0x3FF for made in ours} == {1}
    assert {(made >> 12) & 0x3FF for made in theirs} == {2}
    assert ours == sorted(ours)


def test_times_before_the_first_have_no_ids() -> None:
    """An age that reaches back past 2026 begins at the first id."""
    assert first_id_at(0) == 0


@given(st.integers(0, 2**48 - 1))
def test_a_uuid_begins_with_its_millisecond(at_ms: int) -> None:
    made = UUID(time_uuid(at_ms))
    assert (made.int >> 80, made.version, made.variant) == (at_ms, 7, RFC_4122)


def test_no_two_uuids_are_the_same() -> None:
    assert len({time_uuid(0) for _ in range(1000)}) == 1000
