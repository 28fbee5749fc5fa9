"""What became of each code of a batch: one byte a code, and what may change; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]
Indexes = NDArray[np.int64]
# Codes from an index on: their statuses before and after.
Stretch = tuple[int, Octets, Octets]

CHUNK_BITS: Final = 16
CHUNK: Final = 1 << CHUNK_BITS
# A row of more codes than this is applied slice by slice, not code by code.
LONG_ROW: Final = 4096
_MOST_CODES: Final = 1 << 20


class LineStatus(StrEnum):
    """What a line tells of a code, in the order of the bytes that stand for it."""

    UNPRINTED = "unprinted"
    PRINTED = "printed"
    REJECTED = "rejected"
    WASTED = "wasted"
    MISSING = "missing"
    INDETERMINATE = "indeterminate"


STATUSES: Final = tuple(LineStatus)
NUMBER_OF: Final = {status.value: number for number, status in enumerate(STATUSES)}
PRINTED: Final = NUMBER_OF["printed"]
MISSING: Final = NUMBER_OF["missing"]
# These become void, for good.
SPOILT: Final = np.isin(STATUSES, ("rejected", "wasted", "indeterminate"))

# From (row) to (column); the same again changes nothing and is always allowed.
_NEXT: Final = {
    "unprinted": ("printed", "rejected", "wasted", "missing", "indeterminate"),
    "printed": ("rejected", "wasted", "missing"),
    "missing": ("printed", "rejected", "wasted"),
}
LEGAL: Final = np.eye(len(STATUSES), dtype=np.bool_)
for _before, _afters in _NEXT.items():
    for _after in _afters:
        LEGAL[NUMBER_OF[_before], NUMBER_OF[_after]] = True


@dataclass(frozen=True, slots=True)
class ReportedStatus:
    """What a report said of one code; reason and grade are "" where it gave none."""

    report_id: int
    person: str
    at: datetime
    status: str
    reason: str
    grade: str


@dataclass(frozen=True, slots=True)
class ReportRows:
    """Some rows of a report, in the order of its lines; ranges are inclusive."""

    first: Indexes
    last: Indexes
    status: Octets
    note: NDArray[np.uint16]
    line: Indexes

    def __len__(self) -> int:
        return len(self.first)

    def pick(self, chosen: "slice | NDArray[np.bool_]") -> "ReportRows":
        """Return some of the rows."""
        return ReportRows(
            self.first[chosen],
            self.last[chosen],
            self.status[chosen],
            self.note[chosen],
            self.line[chosen],
        )


@dataclass(slots=True)
class StatusChunks:
    """The chunks that are in memory; others must be loaded before rows touch them."""

    loaded: dict[int, Octets] = field(default_factory=dict)
    before: dict[int, Octets] = field(default_factory=dict)

    def put(self, chunk_no: int, statuses: Octets | None) -> None:
        """Hold a chunk as it is stored; None stands for all unprinted."""
        held = np.zeros(CHUNK, dtype=np.uint8) if statuses is None else statuses.copy()
        self.loaded[chunk_no] = held
        self.before[chunk_no] = held.copy()

    def slices(self, first: int, last: int) -> list[tuple[int, Octets]]:
        """Give the statuses from one index to another, writable, each from an index."""
        return [
            (
                max(first, chunk_no << CHUNK_BITS),
                self.loaded[chunk_no][
                    max(first - (chunk_no << CHUNK_BITS), 0) : last
                    - (chunk_no << CHUNK_BITS)
                    + 1
                ],
            )
            for chunk_no in range(first >> CHUNK_BITS, (last >> CHUNK_BITS) + 1)
        ]

    def changed(self) -> list[Stretch]:
        """Give the chunks that are not as they are stored."""
        return [
            (chunk_no << CHUNK_BITS, self.before[chunk_no], statuses)
            for chunk_no, statuses in sorted(self.loaded.items())
            if (statuses != self.before[chunk_no]).any()
        ]

    def rewind(self) -> None:
        """Go back to what is stored."""
        self.loaded = {number: held.copy() for number, held in self.before.items()}

    def read(self, indexes: Indexes) -> Octets:
        """Read the statuses of codes."""
        out = np.empty(len(indexes), dtype=np.uint8)
        numbers = indexes >> CHUNK_BITS
        for chunk_no in np.unique(numbers).tolist():
            here = numbers == chunk_no
            out[here] = self.loaded[chunk_no][indexes[here] & (CHUNK - 1)]
        return out

    def write(self, indexes: Indexes, statuses: Octets) -> None:
        """Write the statuses of codes, each of which stands once."""
        numbers = indexes >> CHUNK_BITS
        for chunk_no in np.unique(numbers).tolist():
            here = numbers == chunk_no
            self.loaded[chunk_no][indexes[here] & (CHUNK - 1)] = statuses[here]


@dataclass(slots=True)
class Applied:
    """What applying rows to chunks did.

    `changed` is how many codes each row changed, (rows,) int64. `wrong` pairs the
    number of a row with the status that a code of it has, `denied` with the unit of
    which quantities contradict it.
    """

    moves: NDArray[np.int64]
    good: NDArray[np.bool_]
    changed: NDArray[np.int64]
    unchanged: int = 0
    wrong: list[tuple[int, LineStatus]] = field(default_factory=list)
    denied: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def none_of(cls, rows: ReportRows) -> "Applied":
        """Begin with none of some rows."""
        return cls(
            np.zeros((len(STATUSES), len(STATUSES)), dtype=np.int64),
            np.zeros(len(rows), dtype=np.bool_),
            np.zeros(len(rows), dtype=np.int64),
        )


# Notes that codes change, or names the unit that denies it.
Allow = Callable[[Sequence[Stretch]], str | None]


def _allow_all(_changes: Sequence[Stretch]) -> str | None:
    return None


def apply_rows(chunks: StatusChunks, rows: ReportRows) -> Applied:
    """Apply rows to the statuses of their codes, in the order of their lines.

    A row counts as a whole or not at all. `moves[a, b]` is how many codes went from
    status a to status b.
    """
    applied = Applied.none_of(rows)
    lengths = rows.last - rows.first + 1
    start = 0
    while start < len(rows):
        if lengths[start] > LONG_ROW:
            _apply_one(chunks, rows, start, applied)
            start += 1
            continue
        running = np.cumsum(lengths[start : start + _MOST_CODES])
        stop = start + int(np.searchsorted(running, _MOST_CODES, side="right"))
        long = np.flatnonzero(lengths[start:stop] > LONG_ROW)
        stop = start + int(long[0]) if long.size else max(stop, start + 1)
        _apply_many(chunks, rows, start, stop, applied)
        start = stop
    return applied


def apply_singly(chunks: StatusChunks, rows: ReportRows, allow: Allow) -> Applied:
    """Apply rows one by one, each if it is allowed; slower than all at once."""
    applied = Applied.none_of(rows)
    for number in range(len(rows)):
        _apply_one(chunks, rows, number, applied, allow)
    return applied


def _apply_many(
    chunks: StatusChunks, rows: ReportRows, start: int, stop: int, applied: Applied
) -> None:
    """Apply short rows at once; one by one where they name a code twice."""
    first, lengths = rows.first[start:stop], (rows.last - rows.first + 1)[start:stop]
    ends = np.cumsum(lengths)
    row_of = np.repeat(np.arange(stop - start), lengths)
    offsets = np.arange(int(ends[-1])) - np.repeat(ends - lengths, lengths)
    indexes = first[row_of] + offsets
    ordered = np.sort(indexes)
    if (ordered[1:] == ordered[:-1]).any():
        for number in range(start, stop):
            _apply_one(chunks, rows, number, applied)
        return
    before, after = chunks.read(indexes), rows.status[start:stop][row_of]
    illegal = ~LEGAL[before, after]
    bad = np.zeros(stop - start, dtype=np.bool_)
    bad[row_of[illegal]] = True
    for number in np.flatnonzero(bad).tolist():
        present = before[illegal & (row_of == number)][0]
        applied.wrong.append((start + number, STATUSES[present]))
    counted = ~bad[row_of]
    chunks.write(indexes[counted], after[counted])
    _count(applied, before[counted], after[counted])
    applied.good[start:stop] = ~bad
    changed = row_of[counted & (before != after)]
    applied.changed[start:stop] = np.bincount(changed, minlength=stop - start)


def _apply_one(
    chunks: StatusChunks,
    rows: ReportRows,
    number: int,
    applied: Applied,
    allow: Allow = _allow_all,
) -> None:
    """Apply one row, slice by slice; nothing of it if a part is not allowed."""
    after = rows.status[number]
    slices = chunks.slices(int(rows.first[number]), int(rows.last[number]))
    for _, statuses in slices:
        illegal = ~LEGAL[statuses, after]
        if illegal.any():
            applied.wrong.append((number, STATUSES[statuses[illegal][0]]))
            return
    changes = [(at, held.copy(), np.full_like(held, after)) for at, held in slices]
    if unit := allow(changes):
        applied.denied.append((number, unit))
        return
    for (_, statuses), (_, before, told) in zip(slices, changes, strict=True):
        statuses[:] = told
        _count(applied, before, told)
        applied.changed[number] += np.count_nonzero(before != told)
    applied.good[number] = True


def _count(applied: Applied, before: Octets, after: Octets) -> None:
    size = len(STATUSES)
    moves = np.bincount(before.astype(np.intp) * size + after, minlength=size * size)
    moves = moves.reshape(size, size)
    applied.unchanged += int(np.trace(moves))
    applied.moves += moves


def runs_of(mask: NDArray[np.bool_], first_index: int) -> list[tuple[int, int]]:
    """List the inclusive runs of set places, counted from `first_index`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return [
        (first_index + int(begin), first_index + int(end) - 1)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]
