"""Cutting a report into blocks of lines: a CSV of any size, in little memory.

Most reports have no quotes, and are cut at their separators a block at a time; from the
first quote on they are read by the csv module, a line at a time.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, Protocol

from core.errors import InvalidInput
from printer_export.domain.messages import message
from printer_export.domain.reports.header import count_known
from printer_export.domain.reports.reader import Lines, Table, cut_plainly

BLOCK_BYTES: Final = 1 << 20
BLOCK_LINES: Final = 65_536
MAX_LINE_BYTES: Final = 1 << 20
# What spreadsheets save as CSV, the comma first where a header fits none.
SEPARATORS: Final = (",", ";", "\t")
_MARK: Final = b"\xef\xbb\xbf"
# The separator of units of ASCII; nobody types one.
_CANONICAL: Final = "\x1f"
# How a file tells Excel its separator, before the header.
_SAID: Final = re.compile(rb'"?sep=([,;\t])"? *\n', re.IGNORECASE)
_BLANK: Final = re.compile(rb"(?:[ ,;\t]*\n)+")


class Readable(Protocol):
    """What gives bytes of UTF-8, none at the end only."""

    def read(self, size: int, /) -> bytes:
        """Read about so many."""


class ReportLines:
    """The lines of a report in UTF-8, after its header.

    Raises InvalidInput for what is not CSV, and for one endless line.
    """

    def __init__(self, content: Readable, block_bytes: int = BLOCK_BYTES) -> None:
        self._blocks = _whole_lines(content, block_bytes)
        self._line = 0
        block = next(self._blocks, b"").removeprefix(_MARK)
        said = _SAID.match(block)
        if said:
            self._line, block = 1, block[said.end() :]
        # Many a file begins with a blank line, and nobody's header is one.
        while blank := _BLANK.match(block):
            self._line += blank[0].count(b"\n")
            block = block[blank.end() :] or next(self._blocks, b"")
        end = block.find(b"\n") + 1 or len(block)
        first = block[:end]
        self._line += bool(first)
        if block[end:]:
            self._blocks = chain([block[end:]], self._blocks)
        self.separator = (
            said[1].decode()
            if said
            else max(SEPARATORS, key=lambda each: _fit(first, each))
        )
        self.header = _fields(first, self.separator, self._line)

    def cut(self, width: int) -> Iterator[Lines | Table]:
        """Yield the lines after the header; those of `width` fields as columns."""
        for block in self._blocks:
            if b'"' in block:
                # What is quoted may run over the end of the block.
                rest = chain([block], self._blocks)
                yield from _csv_lines(rest, self._line, self.separator)
                return
            table = cut_plainly(block.decode(), width, self._line + 1, self.separator)
            if table is not None:
                yield table
            else:
                yield from _csv_lines([block], self._line, self.separator)
            self._line += block.count(b"\n")

    def canonical(self) -> Iterator[bytes]:
        """Yield what the report says, the same for all ways of writing it down."""
        yield _canonical_row(self.header)
        separator = self.separator.encode()
        blank = re.compile(rb"^[ \t%b]*\n" % separator, re.MULTILINE)
        for block in self._blocks:
            if b'"' in block:
                rest = chain([block], self._blocks)
                for _, row in _csv_rows(rest, self._line, self.separator):
                    if any(map(str.strip, row)):
                        yield _canonical_row(row)
                return
            self._line += block.count(b"\n")
            whole = block if block.endswith(b"\n") else block + b"\n"
            yield blank.sub(b"", whole).replace(separator, _CANONICAL.encode())


def _canonical_row(fields: list[str]) -> bytes:
    return f"{_CANONICAL.join(fields)}\n".encode()


def _fields(line: bytes, separator: str, number: int) -> list[str]:
    _, fields = next(_csv_rows([line], number - 1, separator), (0, []))
    return fields


def _fit(line: bytes, separator: str) -> int:
    """Count how many names of columns a first line has if it is cut there."""
    try:
        return count_known(_fields(line, separator, 1))
    except InvalidInput:
        return 0


def _whole_lines(content: Readable, block_bytes: int) -> Iterator[bytes]:
    """Read blocks that end where a line does; all lines end with LF then."""
    rest = kept = b""
    while chunk := content.read(block_bytes):
        chunk = kept + chunk
        # A CR at the end may be half of a CR LF.
        kept = b"\r" if chunk.endswith(b"\r") else b""
        chunk = chunk.removesuffix(kept)
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        rest += chunk
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        if len(rest) > MAX_LINE_BYTES:
            raise InvalidInput(message("long_line", most=MAX_LINE_BYTES), code="no_csv")
    if rest + kept:
        yield rest + kept.replace(b"\r", b"\n")


def _csv_rows(
    blocks: Iterable[bytes], lines_before: int, separator: str
) -> Iterator[tuple[int, list[str]]]:
    """Read rows with the csv module, each with the number of its last line.

    Empty lines are passed over.
    """

    def texts() -> Iterator[str]:
        for block in blocks:
            yield from io.StringIO(block.decode(), newline="")

    reader = csv.reader(texts(), strict=True, delimiter=separator)
    try:
        for row in reader:
            if row:
                yield lines_before + reader.line_num, row
    except csv.Error as fault:
        line = lines_before + reader.line_num
        raise InvalidInput(
            message("no_csv", line=line, why=str(fault)), code="no_csv"
        ) from None


def _csv_lines(
    blocks: Iterable[bytes], lines_before: int, separator: str
) -> Iterator[Lines]:
    """Group rows into blocks."""
    rows = _csv_rows(blocks, lines_before, separator)
    while some := list(islice(rows, BLOCK_LINES)):
        yield Lines([row for _, row in some], [number for number, _ in some])
