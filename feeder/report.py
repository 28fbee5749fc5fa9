"""A journal as a line report: what was printed, refused, or cannot be told."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from core.errors import Conflict
from feeder.journal import Counts, Journal, State, damaged

HEADER: Final = "from_index,to_index,status,reason,grade"
# Indexes are looked at in stretches, so that memory does not grow with a package.
_STRETCH: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ReportRow:
    """An inclusive range of indexes and what became of it."""

    from_index: int
    to_index: int
    state: State
    reason: str


def report_rows(journal: Journal) -> Iterator[ReportRow]:
    """Yield the settled codes of a journal by index, ascending, runs merged."""
    held: ReportRow | None = None
    binding = journal.binding
    for start in range(binding.from_index, binding.to_index + 1, _STRETCH):
        end = min(start + _STRETCH - 1, binding.to_index)
        for row in _stretch(journal, start, end):
            if held is None:
                held = row
            elif (
                row.from_index == held.to_index + 1
                and row.state is held.state
                and row.reason == held.reason
            ):
                held = ReportRow(held.from_index, row.to_index, held.state, held.reason)
            else:
                yield held
                held = row
    if held is not None:
        yield held


def write_report(journal: Journal, out: Path) -> Counts:
    """Settle what is in doubt, and write the report under its name in one step.

    A report is the line's last word: what is in doubt when it is written becomes
    indeterminate, so that no later run can say otherwise.
    """
    journal.settle_doubt("reported before the printer had told")
    try:
        descriptor, temporary = tempfile.mkstemp(
            dir=out.parent, prefix=f".{out.name}.", suffix=".part"
        )
        try:
            with os.fdopen(
                descriptor, "w", encoding="ascii", errors="replace", newline=""
            ) as file:
                _write(file, journal)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(out)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise Conflict(f"{out} could not be written: {error.strerror}.") from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise damaged(journal.path) from error
    return journal.counts()


def _write(file: TextIO, journal: Journal) -> None:
    file.write(f"{HEADER}\r\n")
    for row in report_rows(journal):
        status = row.state.name.lower()
        reason = _field(row.reason)
        file.write(f"{row.from_index},{row.to_index},{status},{reason},\r\n")


def _field(text: str) -> str:
    """Write a field of RFC 4180."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _stretch(journal: Journal, start: int, end: int) -> Iterator[ReportRow]:
    """Yield the settled runs of a stretch of indexes."""
    plan = journal.plan
    kinds: dict[tuple[State, str], int] = {}
    states: NDArray[np.int32] = np.zeros(end - start + 1, dtype=np.int32)
    for number, file in enumerate(plan.files):
        rows = file.rows_between(start, end)
        if rows is None:
            continue
        first = plan.start_of(number) + rows[0]
        last = plan.start_of(number) + rows[1]
        for run in journal.settled_within(first, last):
            kind = kinds.setdefault((run.state, run.reason), len(kinds) + 1)
            a, b = plan.index_at(run.first), plan.index_at(run.last)
            low, high = min(a, b) - start, max(a, b) - start
            states[low : high + 1 : abs(file.index_step)] = kind
    names = [None, *kinds]
    edges = np.flatnonzero(np.diff(states)) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(states)]
    for low, above in zip(starts, ends, strict=True):
        found = names[int(states[low])]
        if found is not None:
            yield ReportRow(start + low, start + above - 1, *found)
