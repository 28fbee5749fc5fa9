"""Laying reports on statuses, against a dictionary that does the same slowly."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from printer_export.domain.reports import statuses
from printer_export.domain.reports.statuses import (
    CHUNK,
    LEGAL,
    ReportRows,
    StatusChunks,
    apply_rows,
    runs_of,
)

NEAR = CHUNK - 20
ROW = st.tuples(
    st.integers(NEAR, NEAR + 60), st.integers(0, 9), st.integers(1, 5)
) | st.tuples(st.integers(0, 30), st.just(statuses.LONG_ROW + 1), st.integers(1, 5))


@given(st.lists(ROW, max_size=60))
def test_rows_count_as_a_slow_reader_counts_them(
    given_rows: list[tuple[int, int, int]],
) -> None:
    """Legal rows as a whole, others not at all, in the order of their lines."""
    oracle: dict[int, int] = {}
    good: list[bool] = []
    for first, more, status in given_rows:
        codes = range(first, first + more + 1)
        legal = all(LEGAL[oracle.get(code, 0), status] for code in codes)
        good.append(legal)
        if legal:
            oracle |= dict.fromkeys(codes, status)
    rows = ReportRows(
        np.array([first for first, _, _ in given_rows], dtype=np.int64),
        np.array([first + more for first, more, _ in given_rows], dtype=np.int64),
        np.array([status for _, _, status in given_rows], dtype=np.uint8),
        np.zeros(len(given_rows), dtype=np.uint16),
        np.arange(len(given_rows), dtype=np.int64),
    )
    chunks = StatusChunks()
    chunks.put(0, None)
    chunks.put(1, None)
    applied = apply_rows(chunks, rows)
    assert applied.good.tolist() == good
    assert sorted(number for number, _ in applied.wrong) == [
        number for number, each in enumerate(good) if not each
    ]
    after = np.concatenate([chunks.loaded[0], chunks.loaded[1]])
    assert {int(i): int(after[i]) for i in np.flatnonzero(after)} == oracle
    moved = applied.moves.sum(axis=0) - applied.moves.sum(axis=1)
    assert (moved == np.bincount(after, minlength=6) - [2 * CHUNK, 0, 0, 0, 0, 0]).all()


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 10**9))
def test_runs_cover_exactly_what_is_set(mask: list[bool], first: int) -> None:
    """Inclusive, apart from each other, in order."""
    runs = runs_of(np.array(mask, dtype=np.bool_), first)
    covered = [i for begin, end in runs for i in range(begin, end + 1)]
    assert covered == [first + place for place, each in enumerate(mask) if each]
    assert all(b[0] > a[1] + 1 for a, b in pairwise(runs))
