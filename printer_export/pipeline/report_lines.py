"""Cutting a report into blocks of lines: a CSV of any size, in little memory.

Most reports have no quotes, and are cut at their commas a block at a time; from the
first quote on they are read by the csv module, a line at a time.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import IO, Final

from core.errors import InvalidInput
from printer_export.domain.report import Lines, Table, cut_plainly

BLOCK_BYTES: Final = 1 << 20
BLOCK_LINES: Final = 65_536
MAX_LINE_BYTES: Final = 1 << 20
_MARK: Final = b"\xef\xbb\xbf"


class ReportLines:
    """The lines of a report; the first one is its header.

    Raises InvalidInput for what is not UTF-8, no text, no CSV, or one endless line.
    """

    def __init__(self, content: IO[bytes], block_bytes: int = BLOCK_BYTES) -> None:
        self._blocks = _whole_lines(content, block_bytes)
        first = next(self._blocks, b"").removeprefix(_MARK)
        end = first.find(b"\n") + 1 or len(first)
        _, self.header = next(_csv_rows([first[:end]], 0), (0, []))
        self._line = 1
        if first[end:]:
            self._blocks = chain([first[end:]], self._blocks)

    def cut(self, width: int) -> Iterator[Lines | Table]:
        """Yield the lines after the header; those of `width` fields as columns."""
        for block in self._blocks:
            if b'"' in block:
                # What is quoted may run over the end of the block.
                yield from _csv_lines(chain([block], self._blocks), self._line)
                return
            table = cut_plainly(_decoded(block, self._line), width, self._line + 1)
            if table is not None:
                yield table
            else:
                yield from _csv_lines([block], self._line)
            self._line += block.count(b"\n")


def _whole_lines(content: IO[bytes], block_bytes: int) -> Iterator[bytes]:
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
            raise InvalidInput(
                f"A line has more than {MAX_LINE_BYTES:,} bytes. Nothing of the file "
                "counted.",
                code="no_csv",
            )
    if rest + kept:
        yield rest + kept.replace(b"\r", b"\n")


def _decoded(block: bytes, lines_before: int) -> str:
    nul = block.find(b"\0")
    if nul >= 0:
        line = lines_before + block[:nul].count(b"\n") + 1
        raise InvalidInput(
            f"In line {line} there is a NUL character, which no text can hold; save "
            "the file as CSV UTF-8 and send it again. Nothing of it counted.",
            code="unstorable",
        )
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = lines_before + block[: fault.start].count(b"\n") + 1
        raise InvalidInput(
            f"In line {line} the file is not UTF-8; save it as CSV UTF-8 and send it "
            "again. Nothing of it counted.",
            code="not_utf8",
        ) from None


def _csv_rows(
    blocks: Iterable[bytes], lines_before: int
) -> Iterator[tuple[int, list[str]]]:
    """Read rows with the csv module, each with the number of its last line.

    Empty lines are passed over.
    """

    def texts() -> Iterator[str]:
        before = lines_before
        for block in blocks:
            yield from io.StringIO(_decoded(block, before), newline="")
            before += block.count(b"\n")

    reader = csv.reader(texts(), strict=True)
    try:
        for row in reader:
            if row:
                yield lines_before + reader.line_num, row
    except csv.Error as fault:
        line = lines_before + reader.line_num
        raise InvalidInput(
            f"Line {line} is no CSV: {fault}. Nothing of the file counted.",
            code="no_csv",
        ) from None


def _csv_lines(blocks: Iterable[bytes], lines_before: int) -> Iterator[Lines]:
    """Group rows into blocks."""
    rows = _csv_rows(blocks, lines_before)
    while some := list(islice(rows, BLOCK_LINES)):
        yield Lines([row for _, row in some], [number for number, _ in some])
