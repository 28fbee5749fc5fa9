"""Reading a line report: CSV lines into rows, and each wrong field by its place; pure.

A report names codes in one of three ways: by ranges of indexes, by codes, or, where
single caps cannot be told apart, by quantities of a unit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain import EpochKeys, open_codes
from codegen.domain.batches import Batch
from codegen.domain.scanned import parse_scanned
from core.bounds import MAX_SENTENCE, MAX_TEXT, check_prose
from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.reports.header import Columns, Naming
from printer_export.domain.reports.statuses import NUMBER_OF, ReportRows

MAX_REASON: Final = MAX_SENTENCE
MAX_NOTES: Final = 60_000
_REPORTED: Final = {k: v for k, v in NUMBER_OF.items() if k != "unprinted"}
_CODE_SYMBOLS: Final = 16
_LF: Final = ord("\n")
# ISO/IEC 15415, 15416 and 29158: 0.0 to 4.0, or letters, of which E is none; perhaps
# with aperture, light and angle.
_GRADE: Final = re.compile(
    r"(?:[0-3](?:\.[0-9])?|4(?:\.0)?|[ABCDF])(?:/[0-9A-Za-z.]{1,8}){0,3}"
)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong, and where: the file's line from 1, the column from 1."""

    line: int
    column: int
    message: Message


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A quantity of a unit."""

    unit: str
    quantity: int
    status: int
    note: int
    line: int


@dataclass(slots=True)
class Notes:
    """The reasons and grades of a report, each pair once, by number."""

    numbers: dict[tuple[str, str], int] = field(default_factory=lambda: {("", ""): 0})

    def number_of(self, reason: str, grade: str) -> int:
        """Give the number of a pair; 0 when there are too many kinds to keep."""
        pair = (reason, grade)
        if pair not in self.numbers and len(self.numbers) < MAX_NOTES:
            self.numbers[pair] = len(self.numbers)
        return self.numbers.get(pair, 0)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a report: their fields and their numbers in the file."""

    fields: list[list[str]]
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Table:
    """Some lines of a report, all of the right width: their columns, their numbers."""

    columns: Sequence[Sequence[str]]
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Read:
    """What some lines say: rows of codes, rows of units, and what is wrong, in order.

    `lines` is how many there were, blank ones not counted. `tries` are codes that are
    none of the batch's.
    """

    rows: ReportRows
    units: list[UnitRow]
    errors: list[RowError]
    lines: int
    tries: int = 0


def cut_plainly(
    text: str, width: int, first_number: int, separator: str = ","
) -> Table | None:
    """Cut lines without quotes at their separators, all at once.

    `text` is whole lines. Returns None when a line has other than `width` fields.
    """
    text = text.removesuffix("\n")
    octets = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = np.append(np.flatnonzero(octets == _LF), len(octets))
    cuts = np.searchsorted(np.flatnonzero(octets == ord(separator)), ends)
    if (cuts != (width - 1) * np.arange(1, len(ends) + 1)).any():
        return None
    # One list of strings, not one a line: the collector has little to look at.
    fields = text.replace("\n", separator).split(separator)
    numbers = range(first_number, first_number + len(ends))
    return Table([fields[place::width] for place in range(width)], numbers)


class ReportReader:
    """Turns lines into rows of one batch, a block at a time."""

    def __init__(self, columns: Columns, batch: Batch, keys: EpochKeys) -> None:
        self.columns = columns
        self.notes = Notes()
        self._tries = 0
        self._batch = batch
        self._keys = keys
        self._units = batch.units_by_name()

    def read(self, block: Lines | Table) -> Read:
        """Read a block; what is wrong with it comes in the order of its lines."""
        errors: list[RowError] = []
        self._tries = 0
        if isinstance(block, Lines):
            block, count = self._tabulate(block, errors)
        else:
            block = self._without_blanks(block)
            count = len(block.numbers)
        table = block.columns
        numbers = np.array(block.numbers, dtype=np.int64)
        status = self._statuses(table[self.columns.status], block.numbers, errors)
        note = self._notes_of(table, block.numbers, errors)
        rows, units = _NO_ROWS, list[UnitRow]()
        if self.columns.naming is Naming.UNITS:
            units = self._units_of(table, status, note, numbers, errors)
        else:
            first, last, named = self._indexes(table, block.numbers, errors)
            rows = ReportRows(first, last, status.astype(np.uint8), note, numbers)
            good = named & (status >= 0)
            wrong = {error.line for error in errors}
            if wrong:
                good &= ~np.isin(numbers, list(wrong))
            rows = rows.pick(good)
        errors.sort(key=lambda error: (error.line, error.column))
        return Read(rows, units, errors, count, self._tries)

    def _without_blanks(self, table: Table) -> Table:
        """Leave out the lines of separators alone, which spreadsheets save."""
        # A blank line has no status; the few kinds of those are quickly looked at.
        if all(map(str.strip, set(table.columns[self.columns.status]))):
            return table
        kept = [any(map(str.strip, row)) for row in zip(*table.columns, strict=True)]
        return Table(
            [list(compress(column, kept)) for column in table.columns],
            list(compress(table.numbers, kept)),
        )

    def _tabulate(self, lines: Lines, errors: list[RowError]) -> tuple[Table, int]:
        """Turn lines into columns; those of another width are wrong.

        Returns also how many lines there were, without the blank ones.
        """
        width = self.columns.width
        rows: list[list[str]] = []
        numbers: list[int] = []
        wrong = 0
        for fields, number in zip(lines.fields, lines.numbers, strict=True):
            if len(fields) == width and any(map(str.strip, fields)):
                rows.append(fields)
                numbers.append(number)
            elif any(map(str.strip, fields)):
                wrong += 1
                told = message("fields_in_row", given=len(fields), wanted=width)
                column = min(len(fields), width) or 1
                errors.append(RowError(number, column, told))
        columns = list(zip(*rows, strict=True)) or [()] * width
        return Table(columns, numbers), len(numbers) + wrong

    def _statuses(
        self, words: Sequence[str], numbers: Sequence[int], errors: list[RowError]
    ) -> NDArray[np.int64]:
        known = {word: _REPORTED.get(word.strip().lower(), -1) for word in set(words)}
        found = list(map(known.__getitem__, words))
        statuses, column = ", ".join(_REPORTED), self.columns.status + 1
        # Said once a word: a file may be wrong in every row.
        told = {
            word: message("not_a_status", word=_quote(word), statuses=statuses)
            for word, number in known.items()
            if number < 0
        }
        if told:
            errors += [
                RowError(number, column, told[word])
                for word, number in zip(words, numbers, strict=True)
                if word in told
            ]
        return np.array(found, dtype=np.int64)

    def _notes_of(
        self,
        table: Sequence[Sequence[str]],
        numbers: Sequence[int],
        errors: list[RowError],
    ) -> NDArray[np.uint16]:
        count = len(numbers)
        blank = ("",) * count
        at_reason, at_grade = self.columns.reason, self.columns.grade
        reasons = blank if at_reason is None else table[at_reason]
        grades = blank if at_grade is None else table[at_grade]
        if not any(reasons) and not any(grades):
            return np.zeros(count, dtype=np.uint16)
        known: dict[tuple[str, str], int] = {}
        for pair in set(zip(reasons, grades, strict=True)):
            reason, grade = pair[0].strip(), pair[1].strip()
            wrong = any(check_prose("/reason", reason, most=MAX_REASON))
            if wrong or (grade and not _GRADE.fullmatch(grade)):
                known[pair] = -1
            else:
                known[pair] = self.notes.number_of(reason, grade)
        found = [known[pair] for pair in zip(reasons, grades, strict=True)]
        for place in (p for p, number in enumerate(found) if number < 0):
            column, told = self._wrong_note(reasons[place], grades[place])
            errors.append(RowError(numbers[place], column + 1, told))
            found[place] = 0
        return np.array(found, dtype=np.uint16)

    def _wrong_note(self, reason: str, grade: str) -> tuple[int, Message]:
        """Say what is wrong with a reason or else a grade, and in which column."""
        at_reason, at_grade = self.columns.reason, self.columns.grade
        if len(reason.strip()) > MAX_REASON:
            assert at_reason is not None
            return at_reason, message("reason_too_long", most=MAX_REASON)
        for fault in check_prose("/reason", reason.strip()):
            assert at_reason is not None
            assert isinstance(fault.detail, Message)
            # Said by an entry of ours, since an answer keeps it.
            where = {name: fault.detail.params[name] for name in ("character", "place")}
            return at_reason, message("reason_unstorable", **where)
        assert at_grade is not None
        return at_grade, message("not_a_grade", grade=_quote(grade))

    def _indexes(
        self,
        table: Sequence[Sequence[str]],
        numbers: Sequence[int],
        errors: list[RowError],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        if self.columns.naming is Naming.CODES:
            first, named = self._opened(table, numbers, errors)
            return first, first, named
        at_first, at_last = self.columns.names
        first = self._whole_numbers(table, at_first, numbers, errors)
        last = self._whole_numbers(table, at_last, numbers, errors)
        limit = self._batch.quantity
        named = (first >= 0) & (last >= first) & (last < limit)
        read = (first >= 0) & (last >= 0)
        for place in np.flatnonzero(read & ~named).tolist():
            at = at_last if last[place] >= limit else at_first
            told = message(
                "not_a_range",
                limit=limit - 1,
                first=int(first[place]),
                last=int(last[place]),
            )
            errors.append(RowError(numbers[place], at + 1, told))
        return first, last, named

    def _whole_numbers(
        self,
        table: Sequence[Sequence[str]],
        at: int,
        numbers: Sequence[int],
        errors: list[RowError],
    ) -> NDArray[np.int64]:
        """Read a column of indexes; -1 for what is none."""
        texts = table[at]
        found = np.full(len(texts), -1, dtype=np.int64)
        joined = "".join(texts)
        # Only digits: `int` also reads 1_0 and the digits of other scripts.
        if joined.isascii() and joined.isdigit() and all(texts):
            try:
                return np.array(list(map(int, texts)), dtype=np.int64)
            except (OverflowError, ValueError):
                pass  # too long for an index; told below
        for place, text in enumerate(texts):
            plain = text.strip()
            if plain.isascii() and plain.isdigit() and len(plain) < _CODE_SYMBOLS:
                found[place] = int(plain)
            else:
                found[place] = -1
                told = message("not_whole", given=_quote(text))
                errors.append(RowError(numbers[place], at + 1, told))
        return found

    def _opened(
        self,
        table: Sequence[Sequence[str]],
        numbers: Sequence[int],
        errors: list[RowError],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Open codes, or whole links, all at once; gives their indexes."""
        [at_code] = self.columns.names
        texts = table[at_code]
        joined = "".join(texts)
        if not (
            joined.isascii()
            and len(joined) == _CODE_SYMBOLS * len(texts)
            and set(map(len, texts)) <= {_CODE_SYMBOLS}
        ):
            read = (parse_scanned(text.strip()).code_text for text in texts)
            joined = "".join(code or "0" * _CODE_SYMBOLS for code in read)
        octets = np.frombuffer(joined.encode(), dtype=np.uint8)
        valid, code_ids = open_codes(self._keys, octets.reshape(-1, _CODE_SYMBOLS))
        index = code_ids.astype(np.int64) - self._batch.first_code_id
        ours = valid & (index >= 0) & (index < self._batch.quantity)
        for place in np.flatnonzero(~ours).tolist():
            code = parse_scanned(texts[place].strip()).code_text
            if not valid[place] and code is not None and code != texts[place]:
                # Lower case or hyphens among canonical codes: read it by itself.
                single = np.frombuffer(code.encode(), dtype=np.uint8).reshape(1, -1)
                good, found = open_codes(self._keys, single)
                at = int(found[0]) - self._batch.first_code_id
                if good[0] and 0 <= at < self._batch.quantity:
                    index[place], ours[place] = at, True
                    continue
            # One answer for foreign codes and forged ones: nobody learns which it is.
            told = message("not_our_code")
            if code is not None:
                told = message("code_of_other_batch", batch_id=self._batch.batch_id)
                self._tries += 1
            errors.append(RowError(numbers[place], at_code + 1, told))
        return index, ours

    def _units_of(
        self,
        table: Sequence[Sequence[str]],
        status: NDArray[np.int64],
        note: NDArray[np.uint16],
        numbers: NDArray[np.int64],
        errors: list[RowError],
    ) -> list[UnitRow]:
        lines = numbers.tolist()
        at_unit, at_quantity = self.columns.names
        quantities = self._whole_numbers(table, at_quantity, lines, errors)
        units = [self._units.find(name) for name in table[at_unit]]
        for unit, name, line in zip(units, table[at_unit], lines, strict=True):
            if unit is None:
                told = message(
                    "no_unit_of_batch",
                    batch_id=self._batch.batch_id,
                    unit=_quote(name, most=MAX_TEXT),
                )
                errors.append(RowError(line, at_unit + 1, told))
        wrong = {error.line for error in errors}
        return [
            UnitRow(
                unit.name,
                int(quantities[place]),
                int(status[place]),
                int(note[place]),
                line,
            )
            for place, (unit, line) in enumerate(zip(units, lines, strict=True))
            if unit is not None and line not in wrong
        ]


def _quote(given: str, most: int = 40) -> str:
    """Quote what a report says, with what no database holds written out."""
    return repr(given[:most])


_EMPTY: Final = np.zeros(0, dtype=np.int64)
_NO_ROWS: Final = ReportRows(
    _EMPTY,
    _EMPTY,
    np.zeros(0, dtype=np.uint8),
    np.zeros(0, dtype=np.uint16),
    _EMPTY,
)
