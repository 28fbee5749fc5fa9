"""The ranges as a worker holds them: sorted arrays, not objects.

A brand with 10^9 caps in rolls of 10^4 has 10^5 ranges and more, and each worker holds
them all. So a range is twenty bytes: its first and last code_id, and the number of its
terms, which many ranges share. What changed lately stands beside the arrays in short
sorted lists, and moves into them now and then.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codegen.domain.ranges import SEGMENT_BITS
from codegen.domain.terms import RangeTerms, TermsColumns

# So many changed ranges are kept in lists; more would make each copy felt.
RECENT_LIMIT: Final = 4_096

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]


class TableRow(NamedTuple):
    """A range on its way into the table; rows with equal terms have equal keys."""

    first_code_id: int
    last_code_id: int
    terms_key: int
    terms: RangeTerms


@dataclass(frozen=True, slots=True)
class _Recent:
    """What changed since the arrays were made, sorted; each over all it replaces."""

    firsts: list[int]
    lasts: list[int]
    terms: list[int]

    def find(self, code_id: int) -> int | None:
        at = bisect_right(self.firsts, code_id) - 1
        if at >= 0 and code_id <= self.lasts[at]:
            return self.terms[at]
        return None

    def with_rows(self, rows: Sequence[tuple[int, int, int]]) -> "_Recent":
        """Add sorted rows; what they cover vanishes, for they replace it whole."""
        firsts, lasts, terms = self.firsts[:], self.lasts[:], self.terms[:]
        for first, last, number in rows:
            begin, end = bisect_left(lasts, first), bisect_right(firsts, last)
            firsts[begin:end] = [first]
            lasts[begin:end] = [last]
            terms[begin:end] = [number]
        return _Recent(firsts, lasts, terms)


@dataclass(frozen=True, slots=True)
class RangeTable:
    """Every issued range with its terms; a change gives a new table, cheaply.

    `columns` only ever grows and is shared by all tables made from one another.
    """

    firsts: Int64s
    lasts: Int64s
    terms: Int32s
    columns: TermsColumns
    recent: _Recent = field(default_factory=lambda: _Recent([], [], []))

    @classmethod
    def empty(cls) -> "RangeTable":
        """Make a table that knows nothing."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, np.empty(0, np.int32), TermsColumns())

    @classmethod
    def of(cls, rows: Iterable[TableRow]) -> "RangeTable":
        """Make a table of a few ranges, which must not overlap."""
        return cls.empty().with_rows(rows)

    def find(self, code_id: int) -> RangeTerms | None:
        """Find what a code stands for; None for one that was never issued."""
        return self.find_all([code_id])[0]

    def find_all(self, code_ids: Sequence[int]) -> list[RangeTerms | None]:
        """Find what codes stand for, in order."""
        numbers: list[int | None]
        if len(self.firsts):
            wanted = np.array(code_ids, np.int64)
            at = np.searchsorted(self.firsts, wanted, side="right") - 1
            inside = (at >= 0) & (wanted <= self.lasts[at])
            numbers = [
                number if hit else None
                for number, hit in zip(
                    self.terms[at].tolist(), inside.tolist(), strict=True
                )
            ]
        else:
            numbers = [None] * len(code_ids)
        if self.recent.firsts:
            for place, code_id in enumerate(code_ids):
                changed = self.recent.find(code_id)
                if changed is not None:
                    numbers[place] = changed
        return [None if n is None else self.columns.read(n) for n in numbers]

    def with_rows(self, rows: Iterable[TableRow]) -> "RangeTable":
        """Take over changed ranges; together they cover just what they replace."""
        added = [
            (r.first_code_id, r.last_code_id, self.columns.add(r.terms_key, r.terms))
            for r in sorted(rows, key=lambda r: r.first_code_id)
        ]
        recent = self.recent.with_rows(added)
        return RangeTable(self.firsts, self.lasts, self.terms, self.columns, recent)

    def needs_merging(self) -> bool:
        """Tell whether so much changed that it should move into the arrays."""
        return len(self.recent.firsts) > RECENT_LIMIT

    def merged(self) -> "RangeTable":
        """Move what changed into the arrays: milliseconds for each million ranges."""
        recent = self.recent
        if not recent.firsts:
            return self
        firsts = np.array(recent.firsts, np.int64)
        lasts = np.array(recent.lasts, np.int64)
        # Ranges are replaced whole, so whoever begins inside a change is gone.
        at = np.searchsorted(firsts, self.firsts, side="right") - 1
        stays = (at < 0) | (self.firsts > lasts[at])
        kept = self.firsts[stays]
        places = np.searchsorted(kept, firsts)
        self.columns.settle()
        return RangeTable(
            np.insert(kept, places, firsts),
            np.insert(self.lasts[stays], places, lasts),
            np.insert(self.terms[stays], places, np.array(recent.terms, np.int32)),
            self.columns,
        )

    def __len__(self) -> int:
        """Count the ranges, those that changes replaced lately among them."""
        return len(self.firsts) + len(self.recent.firsts)


def segments_of(rows: Iterable[TableRow]) -> Iterator[int]:
    """Name the 2^20-serial segments that ranges touch, some more than once."""
    for row in rows:
        first = row.first_code_id >> SEGMENT_BITS
        yield from range(first, (row.last_code_id >> SEGMENT_BITS) + 1)
