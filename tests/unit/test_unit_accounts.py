"""What is told of a roll by name and by quantity, against the caps themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from printer_export.domain.reports.statuses import LEGAL, NUMBER_OF, STATUSES
from printer_export.domain.reports.unit_accounts import UnitAccount

SIZE = len(STATUSES)
CAPS = 6
PRINTED, WASTED = NUMBER_OF["printed"], NUMBER_OF["wasted"]
REJECTED, MISSING = NUMBER_OF["rejected"], NUMBER_OF["missing"]
# What the line does, or what somebody tells of it later: to which caps.
STEP = st.tuples(
    st.sets(st.integers(0, CAPS - 1), min_size=1),
    st.sampled_from([*range(1, SIZE), "name", "count"]),
)


def empty(caps: int = CAPS) -> UnitAccount:
    """Open the account of a unit of which nothing was told."""
    return UnitAccount(caps, np.zeros(SIZE, np.int64), np.zeros(SIZE, np.int64))


def moves_of(
    *moves: tuple[int, int],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Count moves from a status to a status."""
    counted = np.zeros((SIZE, SIZE), dtype=np.int64)
    for each in moves:
        counted[each] += 1
    return counted


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_what_is_true_is_never_refused(steps: list[tuple[set[int], int | str]]) -> None:
    """By name, by quantity or both, soon or late; and the sum never passes the caps."""
    truth, names = [0] * CAPS, [0] * CAPS
    counted = [{0} for _ in range(CAPS)]
    account = empty()
    for caps, step in steps:
        if isinstance(step, int):
            for i in caps:
                # Who counts caps finds them first.
                lost = truth[i] == MISSING and step in {WASTED, REJECTED}
                if LEGAL[truth[i], step] and LEGAL[names[i], step] and not lost:
                    truth[i] = step
        elif step == "name":
            named = [i for i in caps if LEGAL[names[i], truth[i]]]
            assert account.name(moves_of(*((names[i], truth[i]) for i in named)))
            for i in named:
                names[i] = truth[i]
        else:
            for status in {truth[i] for i in caps}:
                told = [
                    i for i in caps if truth[i] == status and status not in counted[i]
                ]
                assert account.tell(status, len(told))
                for i in told:
                    counted[i].add(status)
        totals = account.totals()
        assert totals.sum() <= CAPS
        assert (totals >= 0).all()
        # Never fewer than are known cap by cap and were not spoilt or found since.
        assert (totals[2:4] >= account.named[2:4]).all()


def test_what_no_caps_can_be_is_refused() -> None:
    """More than there are, and what is final twice over; nothing changes by it."""
    account = empty(100)
    assert account.tell(PRINTED, 80)
    assert not account.tell(PRINTED, 21)
    assert account.tell(WASTED, 60)
    assert account.totals().tolist() == [0, 40, 0, 60, 0, 0]
    assert not account.tell(REJECTED, 41)
    assert not account.name(moves_of(*[(0, REJECTED)] * 41))
    assert account.totals().tolist() == [0, 40, 0, 60, 0, 0]
    assert account.name(moves_of(*[(0, REJECTED)] * 40))
    assert account.totals().tolist() == [0, 0, 40, 60, 0, 0]
    assert not account.tell(PRINTED, 1)


def test_quantities_and_names_add_up_while_they_fit() -> None:
    """In either order; past the caps of the unit they are of the same caps."""
    for first in ("tell", "name"):
        account = empty(100)
        for step in (first, "name" if first == "tell" else "tell"):
            if step == "tell":
                assert account.tell(PRINTED, 60)
            else:
                assert account.name(moves_of(*[(0, PRINTED)] * 30))
        assert account.totals()[PRINTED] == 90
        assert account.room() == 10 + 30
        assert account.name(moves_of(*[(0, PRINTED)] * 70))
        assert account.totals()[PRINTED] == 100


def test_what_is_spoilt_later_is_taken_from_what_was_printed() -> None:
    """Named or counted, in any mix."""
    account = empty(10)
    assert account.name(moves_of(*[(0, PRINTED)] * 10))
    assert account.tell(WASTED, 3)
    assert account.totals().tolist() == [0, 7, 0, 3, 0, 0]
    assert account.name(moves_of(*[(PRINTED, WASTED)] * 3))
    assert account.totals().tolist() == [0, 7, 0, 3, 0, 0]
    counted = empty(10)
    assert counted.tell(PRINTED, 10)
    assert counted.name(moves_of(*[(0, MISSING)] * 2))
    assert counted.totals().tolist() == [0, 8, 0, 0, 2, 0]


def test_what_is_final_stays_so_for_names_that_come_later() -> None:
    """What was counted as wasted is not printed any more."""
    account = empty(10)
    assert account.tell(WASTED, 8)
    assert not account.name(moves_of(*[(0, PRINTED)] * 3))
    assert account.name(moves_of(*[(0, PRINTED)] * 2))
    assert account.totals().tolist() == [0, 2, 0, 8, 0, 0]


def test_what_was_told_while_there_was_room_gives_way_when_there_is_none() -> None:
    """Three were printed, three rejected: of six caps, or of the same three."""
    account = empty(6)
    assert account.tell(PRINTED, 3)
    assert account.tell(REJECTED, 3)
    assert account.totals().tolist() == [0, 3, 3, 0, 0, 0]
    assert account.tell(NUMBER_OF["indeterminate"], 2)
    assert account.totals().tolist() == [0, 1, 3, 0, 0, 2]
    wasted = empty(5)
    assert wasted.tell(WASTED, 5)
    assert not wasted.tell(PRINTED, 1)
