"""Ranges of codes against one entry a code: cutting, joining, finding."""

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.ranges import (
    LEGAL_FROM,
    Binding,
    CodeRange,
    EpochState,
    RangeChange,
    RangeState,
    RangeTable,
    join_intervals,
    plan_change,
)

SIZE, FIRST = 60, 1_000
INTERVALS = st.lists(
    st.tuples(st.integers(FIRST - 5, FIRST + SIZE + 5), st.integers(0, 12)).map(
        lambda pair: (pair[0], pair[0] + pair[1])
    ),
    max_size=6,
)
CHANGES = st.lists(
    st.tuples(
        INTERVALS,
        st.sampled_from(sorted(LEGAL_FROM)),
        st.sampled_from([None, Binding(lot="A"), Binding(lot="B")]),
    ),
    max_size=6,
)


def whole() -> list[CodeRange]:
    """Give the ranges of a batch that was just issued."""
    last = FIRST + SIZE - 1
    return [CodeRange(FIRST, last, 7, RangeState.ISSUED, Binding())]


def table_of(ranges: list[CodeRange]) -> RangeTable:
    """Build a table of ranges alone."""
    return RangeTable.build(
        1,
        ranges,
        placements={7: "inside"},
        batch_gtins={7: None},
        products={},
        epochs={0: EpochState.OPEN},
    )


@given(CHANGES)
def test_ranges_agree_with_one_entry_a_code(
    changes: list[tuple[list[tuple[int, int]], RangeState, Binding | None]],
) -> None:
    """States, bindings, counts and tiling, after any changes."""
    ranges = whole()
    oracle = dict.fromkeys(range(FIRST, FIRST + SIZE), ranges[0])
    for number, (wanted, state, binding) in enumerate(changes, 1):
        plan = plan_change(ranges, wanted, RangeChange(state, number, binding))
        ranges = [r for r in ranges if r not in plan.removed]
        ranges = sorted([*ranges, *plan.added], key=lambda r: r.first_code_id)
        hit = {c for first, last in wanted for c in range(first, last + 1)} & set(
            oracle
        )
        moved = {c for c in hit if oracle[c].state in LEGAL_FROM[state]}
        assert (plan.changed, plan.unchanged) == (len(moved), len(hit - moved))
        told = {
            code: replace(piece, first_code_id=FIRST, last_code_id=FIRST + SIZE - 1)
            for piece in plan.moved
            for code in range(piece.first_code_id, piece.last_code_id + 1)
        }
        assert told == {code: oracle[code] for code in moved}
        for code in moved:
            oracle[code] = replace(
                oracle[code],
                state=state,
                binding=binding or oracle[code].binding,
                change_id=number,
            )
    assert ranges[0].first_code_id == FIRST
    assert ranges[-1].last_code_id == FIRST + SIZE - 1
    for before, after in itertools.pairwise(ranges):
        assert after.first_code_id == before.last_code_id + 1
    table = table_of(ranges)
    for code, expected in oracle.items():
        found = table.find(code)
        assert found is not None
        assert (found.state, found.binding, found.change_id) == (
            expected.state,
            expected.binding,
            expected.change_id,
        )
    assert table.find(FIRST - 1) is None
    assert table.find(FIRST + SIZE) is None


@given(INTERVALS)
def test_joined_intervals_hold_the_same_numbers_apart_and_in_order(
    intervals: list[tuple[int, int]],
) -> None:
    """No number more or less, and a gap of at least one between two."""
    joined = join_intervals(intervals)
    numbers = {n for first, last in intervals for n in range(first, last + 1)}
    assert {n for first, last in joined for n in range(first, last + 1)} == numbers
    for before, after in itertools.pairwise(joined):
        assert after[0] > before[1] + 1


def test_a_change_joins_what_it_makes_equal() -> None:
    """A hundred caps of a roll, activated at once, are one range."""
    wanted = [(FIRST + n, FIRST + n) for n in range(30)]
    plan = plan_change(whole(), wanted, RangeChange(RangeState.ACTIVATED, 1))
    assert [(r.state, r.size) for r in plan.added] == [
        (RangeState.ACTIVATED, 30),
        (RangeState.ISSUED, 30),
    ]


def test_final_states_are_final() -> None:
    """Nothing leaves void or recalled."""
    for state in (RangeState.VOID, RangeState.RECALLED):
        assert not any(state in legal for legal in LEGAL_FROM.values())


def test_segments_are_all_that_a_range_touches() -> None:
    """Also those in its middle."""
    far = CodeRange(3 << 20, (6 << 20) - 1, 7, RangeState.ISSUED, Binding())
    edge = CodeRange(1 << 20, 1 << 20, 7, RangeState.ISSUED, Binding())
    assert table_of([far, edge]).segments() == [1, 3, 4, 5]
    assert table_of([]).find(5) is None
