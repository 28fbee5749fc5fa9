"""Time-ordered ids and UUIDs: unique over workers, ascending, readable as a time."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from core.ids import EPOCH_MS, TimeIds, first_id_at, time_of_id, time_uuid

TIMES = st.integers(EPOCH_MS, EPOCH_MS + (1 << 41) - (1 << 20))


@given(TIMES, st.integers(0, 10_000))
def test_an_id_tells_its_millisecond(at_ms: int, worker_no: int) -> None:
    """And fits a signed 64-bit column."""
    made = TimeIds(worker_no).next_id(at_ms)
    assert time_of_id(made) == at_ms
    assert first_id_at(at_ms) <= made < first_id_at(at_ms + 1)
    assert 0 <= made < 1 << 63


@given(st.lists(TIMES, min_size=2, max_size=50))
def test_ids_of_a_worker_ascend_even_if_the_clock_jumps(times: list[int]) -> None:
    """Each is larger than all before it."""
    ids = TimeIds(3)
    made = [ids.next_id(at_ms) for at_ms in times]
    assert made == sorted(set(made))


def test_a_worker_keeps_its_number_past_the_end_of_a_sequence() -> None:
    """4,096 ids a millisecond, then the next millisecond; never another's number."""
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
