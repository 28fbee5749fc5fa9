"""Cutting reports into lines, against the csv module over the whole file."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidInput
from printer_export.domain.reports.reader import Lines, Table, cut_plainly
from printer_export.pipeline.reports.lines import MAX_LINE_BYTES, ReportLines

HEADER = ["code", "status", "reason"]
Rows = list[tuple[int, list[str]]]


def cut(content: bytes, block_bytes: int = 1 << 20) -> tuple[list[str], Rows]:
    """Give the header, and each row with the number of its last line."""
    lines = ReportLines(io.BytesIO(content), block_bytes)
    rows: Rows = []
    for block in lines.cut(len(HEADER)):
        if isinstance(block, Table):
            fields = [list(row) for row in zip(*block.columns, strict=True)]
        else:
            fields = block.fields
        rows += zip(block.numbers, fields, strict=True)
    return lines.header, rows


def slowly(content: bytes) -> tuple[list[str], Rows]:
    """Read with the csv module alone; empty lines are passed over."""
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(reader, [])
    return header, [(reader.line_num, row) for row in reader if row]


FIELD = st.one_of(
    st.sampled_from(["", "printed", "7", "roll torn", "卷断了", " x "]),
    st.sampled_from(['"a,b"', '"said ""no"""', '"two\nlines"', '"two\r\nlines"']),
)
LINE = st.lists(FIELD, max_size=5).map(",".join)


@given(
    lines=st.lists(LINE, max_size=30),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    block_bytes=st.integers(1, 60),
    endings=st.integers(0, 2),
)
@example(lines=["a,b,c", "", "d,e,f"], ending="\n", block_bytes=8, endings=1)
@example(lines=["a,b", "c,d,e,f"], ending="\n", block_bytes=60, endings=1)
def test_blocks_hold_what_the_csv_module_reads(
    lines: list[str], ending: str, block_bytes: int, endings: int
) -> None:
    """Wherever blocks end, however lines do, with quotes and without."""
    text = ending.join([",".join(HEADER), *lines]) + ending * endings
    content = text.encode()
    assert cut(content, block_bytes) == slowly(content)
    assert cut(b"\xef\xbb\xbf" + content, block_bytes) == slowly(content)


@pytest.mark.parametrize("content", [b"", b"code,status\n", b"\n", b"\xef\xbb\xbf"])
def test_a_report_may_have_nothing_to_say(content: bytes) -> None:
    assert cut(content) == slowly(content)


def test_lines_without_quotes_are_cut_at_once() -> None:
    """The csv module makes a list a line, and the collector looks at each."""
    content = b"code,status,reason\n" + b"A,printed,\n" * 1_000
    blocks = list(ReportLines(io.BytesIO(content)).cut(3))
    assert [type(block) for block in blocks] == [Table]
    assert cut_plainly("a,b,c\nd,e\n", 3, 1) is None
    # As many commas as belong there, in the wrong lines.
    assert cut_plainly("a,b\nc,d,e,f\n", 3, 1) is None


def test_only_what_is_quoted_is_read_slowly() -> None:
    """What comes before the first quote is not."""
    plain = b"A,printed,\n" * 100
    content = b"code,status,reason\n" + plain + b'B,wasted,"a, b"\n' + plain
    blocks = list(ReportLines(io.BytesIO(content), 400).cut(3))
    assert isinstance(blocks[0], Table)
    assert isinstance(blocks[-1], Lines)
    assert [n for block in blocks for n in block.numbers] == [*range(2, 203)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'code,status,reason\n"A,printed,\n', "Line 2"),
        (b'"code,status,reason\n', "Line 1"),
        (b'code,status,reason\nA,printed,\n\n"A"B,printed,\n', "Line 4"),
    ],
)
def test_what_is_no_csv_is_told_by_its_line(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        cut(content, 20)


def test_a_file_of_line_ends_is_read_in_one_pass() -> None:
    """Also where every block ends between CR and LF."""
    assert cut(b"code,status,reason\r\n" + b"\r" * 300_000, 64)[1] == []
    rows = cut(b"code,status,reason\r\n" + b"A,printed,\r\n" * 50, 13)[1]
    assert [number for number, _ in rows] == [*range(2, 52)]


def test_one_endless_line_is_refused_before_it_fills_the_memory() -> None:
    """A file of four gigabytes may have one line."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            self.given = getattr(self, "given", 0) + size
            assert self.given < 8 * MAX_LINE_BYTES
            return b"a" * size

    with pytest.raises(InvalidInput, match="more than"):
        ReportLines(Endless())
