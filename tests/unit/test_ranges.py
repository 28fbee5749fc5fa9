"""Ranges of codes against one entry a code: cutting, joining, finding."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.range_table import RangeTable, TableRow, segments_of
from codegen.domain.ranges import (
    LEGAL_FROM,
    Binding,
    CodeRange,
    RangeChange,
    RangeState,
    join_intervals,
    plan_change,
    subtract_intervals,
)
from codegen.domain.terms import RangeTerms, day_of, moment_of

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


def table_row(r: CodeRange) -> TableRow:
    """Make a row of the table, whose key is as good as PostgreSQL's hash."""
    terms = RangeTerms(7, r.state, r.binding, "inside")
    return TableRow(r.first_code_id, r.last_code_id, hash(terms) >> 8, terms)


@given(CHANGES)
def test_ranges_agree_with_one_entry_a_code(
    changes: list[tuple[list[tuple[int, int]], RangeState, Binding | None]],
) -> None:
    """States, bindings, counts and tiling, after any changes."""
    ranges = whole()
    table = RangeTable.empty().with_rows(map(table_row, ranges))
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
        table = table.with_rows(map(table_row, plan.added))
        if number % 2:
            table = table.merged()
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
    found = table.find_all(list(oracle))
    for terms, expected in zip(found, oracle.values(), strict=True):
        assert terms is not None
        assert (terms.state, terms.binding) == (expected.state, expected.binding)
    assert table.find(FIRST - 1) is None
    assert table.find(FIRST + SIZE) is None
    merged = table.merged()
    assert merged.find_all(list(oracle)) == found
    assert len(merged) == len(ranges)


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


@given(INTERVALS, INTERVALS)
def test_what_is_left_of_intervals_is_in_none_that_are_taken(
    intervals: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    left = subtract_intervals(intervals, taken)
    gone = {n for first, last in taken for n in range(first, last + 1)}
    numbers = {n for first, last in intervals for n in range(first, last + 1)}
    assert [n for first, last in left for n in range(first, last + 1)] == sorted(
        numbers - gone
    )


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
    assert [*segments_of(map(table_row, [far, edge]))] == [3, 4, 5, 1]
    assert RangeTable.empty().find(5) is None


def test_terms_that_share_a_key_are_told_apart() -> None:
    """A hash may meet another by chance; a range never takes another's terms."""
    lots = [
        RangeTerms(7, RangeState.ISSUED, Binding(lot=lot), "inside") for lot in "AB"
    ]
    table = RangeTable.of(TableRow(n, n, 5, terms) for n, terms in enumerate(lots))
    assert table.find_all([0, 1]) == lots
    assert table.merged().find_all([0, 1]) == lots
    assert table.columns.is_ambiguous()


@pytest.mark.parametrize("us", [-(1 << 62), 1 << 62])
def test_moments_that_no_calendar_here_has_are_read_all_the_same(us: int) -> None:
    """PostgreSQL's years go further on both sides: since ever, and never."""
    moment = moment_of(us)
    assert moment is None if us < 0 else moment == datetime.max.replace(tzinfo=UTC)
    assert day_of(us >> 40) is None
