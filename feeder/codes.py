"""The codes of a package in the order in which they are printed.

A position is the place of a code among all rows of a package's data files, in the
order of the manifest, from 0. A span is an inclusive pair of positions. Positions
are what journals and leases keep, since whatever was sent is then one run.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Code:
    """A code to print: its place, its index in the batch and its link."""

    position: int
    index: int
    link: str


@dataclass(frozen=True, slots=True)
class RowFile:
    """A data file: row r holds batch index `first_index + r * index_step`."""

    path: str
    rows: int
    first_index: int
    index_step: int

    def row_of(self, index: int) -> int | None:
        """Tell the row of an index, or None when it is not in this file."""
        row, odd = divmod(index - self.first_index, self.index_step)
        return row if not odd and 0 <= row < self.rows else None

    def rows_between(self, from_index: int, to_index: int) -> Span | None:
        """Tell the first and last row whose indexes lie in an inclusive range."""
        step = abs(self.index_step)
        lowest = self.first_index + min(0, (self.rows - 1) * self.index_step)
        first = max(0, -((lowest - from_index) // step))
        last = min(self.rows - 1, (to_index - lowest) // step)
        if first > last:
            return None
        if self.index_step < 0:
            return self.rows - 1 - last, self.rows - 1 - first
        return first, last


class RowPlan:
    """All data files of a package, in printing order."""

    def __init__(self, files: Iterable[RowFile]) -> None:
        self.files = tuple(files)
        self._starts = (0, *accumulate(file.rows for file in self.files))

    @property
    def rows(self) -> int:
        """How many codes there are."""
        return self._starts[-1]

    def start_of(self, number: int) -> int:
        """Tell the position of the first row of the file of this number."""
        return self._starts[number]

    def place(self, position: int) -> tuple[RowFile, int]:
        """Tell the file and the row of a position."""
        if not 0 <= position < self.rows:
            raise ValueError(f"There is no row {position} among {self.rows}.")
        number = bisect_right(self._starts, position) - 1
        return self.files[number], position - self._starts[number]

    def index_at(self, position: int) -> int:
        """Tell the batch index of a position."""
        file, row = self.place(position)
        return file.first_index + row * file.index_step

    def position_of(self, index: int) -> int | None:
        """Tell the position of a batch index, or None when the package lacks it."""
        for start, file in zip(self._starts, self.files, strict=False):
            row = file.row_of(index)
            if row is not None:
                return start + row
        return None

    def spans_between(self, from_index: int, to_index: int) -> list[Span]:
        """List the spans of an inclusive range of indexes, in printing order."""
        spans: list[Span] = []
        for start, file in zip(self._starts, self.files, strict=False):
            rows = file.rows_between(from_index, to_index)
            if rows is not None:
                spans.append((start + rows[0], start + rows[1]))
        return merge_spans(spans)


class Rows(Protocol):
    """Where a feeder takes its codes from."""

    @property
    def plan(self) -> RowPlan:
        """Which codes there are."""
        ...

    def read(self, position: int, count: int) -> Sequence[Code]:
        """Read up to `count` codes from a position on, at least one."""
        ...


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Sort spans and join those that touch or overlap."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def subtract_spans(spans: Iterable[Span], gone: Iterable[Span]) -> list[Span]:
    """Take positions away from spans; both are sorted and free of overlaps."""
    left: list[Span] = []
    holes = list(gone)
    at = 0
    for first, last in spans:
        start = first
        while at < len(holes) and holes[at][1] < start:
            at += 1
        hole = at
        while hole < len(holes) and holes[hole][0] <= last:
            if holes[hole][0] > start:
                left.append((start, holes[hole][0] - 1))
            start = holes[hole][1] + 1
            hole += 1
        if start <= last:
            left.append((start, last))
    return left


def cut_spans(spans: Iterable[Span], below: int) -> Iterator[Span]:
    """Yield what of some spans lies below a position."""
    for first, last in spans:
        if first < below:
            yield first, min(last, below - 1)


def count_in(spans: Iterable[Span]) -> int:
    """Count the positions of spans that do not overlap."""
    return sum(last - first + 1 for first, last in spans)


def runs_of(positions: Iterable[int]) -> Iterator[Span]:
    """Join ascending positions into spans."""
    first = last = -2
    for position in positions:
        if position == last + 1:
            last = position
            continue
        if last >= 0:
            yield first, last
        first = last = position
    if last >= 0:
        yield first, last
