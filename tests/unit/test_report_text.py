"""What programs save as CSV is read as it was meant: encodings, separators, headers."""

import io
import tracemalloc
from itertools import product

import pytest

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Placement, Unit
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from core.errors import FieldError, InvalidInput
from printer_export.domain.reports.header import Columns, Naming, read_header
from printer_export.domain.reports.reader import Read, ReportReader
from printer_export.pipeline.reports.text import ReportText

BATCH = Batch(
    *(1, 0, 0, 100, None, None, None, Placement.INSIDE, None, None, (), None),
    *("HTTPS://CAPS.CN", LinkForm.SHORT, "ada", utc_datetime(0)),
    units=(Unit("roll-1", 0, 9),),
)
KEYS = EpochKeys.from_masters({0: bytes(32)})
ROWS = (
    "from_index,to_index,status,reason,grade\n"
    "0,9,printed,,A\n,,,,\n10,11,wasted,卷断了,\n12,11,printed,,\n"
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")


def read(content: bytes) -> list[Read]:
    """Read a whole report."""
    lines = ReportText.of(io.BytesIO(content)).lines()
    columns = read_header(lines.header)
    assert isinstance(columns, Columns)
    reader = ReportReader(columns, BATCH, KEYS)
    return [reader.read(block) for block in lines.cut(columns.width)]


@pytest.mark.parametrize(
    ("encoding", "separator"), [*product(ENCODINGS, [",", ";", "\t"])]
)
def test_a_report_says_the_same_however_it_was_saved(
    encoding: str, separator: str
) -> None:
    """Encoding, separator, ends of lines, quotes, blank lines, Excel's first line."""
    meant = ReportText.of(io.BytesIO(ROWS.encode())).content_hash
    for end, before in product(
        ["\n", "\r\n", "\r"], ["", f"sep={separator}\n", "\n,,\n"]
    ):
        for rows in (ROWS, ROWS.removesuffix("\n"), ROWS.replace("卷断了", '"卷断了"')):
            saved = (before + rows).replace(",", separator).replace("\n", end)
            content = saved.encode(encoding)
            assert ReportText.of(io.BytesIO(content)).content_hash == meant
            blocks = read(content)
            first = 2 + before.count("\n")
            told = [
                (row, block.rows.line[i])
                for block in blocks
                for i, row in enumerate(block.rows.last)
            ]
            assert told == [(9, first), (11, first + 2)]
            wrong = [(e.line, e.column) for block in blocks for e in block.errors]
            assert wrong == [(first + 3, 1)]
            assert sum(block.lines for block in blocks) == 3


def test_columns_are_found_by_name_in_any_order() -> None:
    """What stands in others is passed over, and named."""
    columns = read_header(
        ["\ufeffOperator", " Status", "To-Index", "note\0", "from index", "", "GRADE"]
    )
    assert columns == Columns(
        Naming.RANGES, 7, (4, 2), 1, None, 6, ("Operator", "note\ufffd")
    )
    [block] = read(
        b"operator;status;to_index;from_index;grade\n"
        b"Ann;printed;9;0;A\nAnn;printed;9;x;A\nBob;gone;9;0;5.0\n"
    )
    assert block.rows.first.tolist() == [0]
    assert [(e.line, e.column) for e in block.errors] == [(3, 4), (4, 2), (4, 5)]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("from_index,to_index", "no column status"),
        ("from_index,status", "no column to_index"),
        ("quantity,status", "no column unit"),
        ("index,status", "The first line names the columns"),
        ("code,status,Status", "more than one column status"),
        ("code,unit,quantity,status", "more than one way"),
        ("", "The first line names the columns"),
    ],
)
def test_a_header_is_told_what_it_lacks(header: str, words: str) -> None:
    """In one sentence that says which names there are."""
    wrong = read_header(header.split(","))
    assert isinstance(wrong, FieldError)
    assert words in wrong.detail


def test_a_nul_refuses_its_row_alone() -> None:
    """By line and column, wherever it stands; in a column of no use it is nothing."""
    [block] = read(
        b"unit,quantity,status,reason,by\nroll-1,1,printed,,\0\nroll-1,1,printed,x\0,\n"
        b"roll\0-1,1,printed,,\nroll-1,1,prin\0ted,,\nroll-1,1\0,printed,,\n"
    )
    assert [row.line for row in block.units] == [2]
    assert [(e.line, e.column) for e in block.errors] == [
        (3, 4),
        (4, 1),
        (5, 3),
        (6, 2),
    ]
    assert not any("\0" in error.message for error in block.errors)


@pytest.mark.parametrize(
    ("grade", "good"),
    [
        *(("4.0", True), ("4", True), ("0", True), ("3.9/10/660", True), ("F", True)),
        *(("4.1", False), ("4.9", False), ("4.9/10/660", False), ("5", False)),
        *(("E", False), ("-1", False), ("3.55", False), ("٣", False)),
    ],
)
def test_grades_end_where_the_scale_does(grade: str, good: bool) -> None:  # noqa: FBT001 - a parameter
    """ISO/IEC 15415: 0.0 to 4.0, or A, B, C, D, F."""
    content = f"from_index,to_index,status,grade\n0,1,printed,{grade}\n"
    [block] = read(content.encode())
    assert len(block.rows) == good
    assert [(e.line, e.column) for e in block.errors] == ([] if good else [(2, 4)])


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "workbook", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook", "Save As"),
        (b"code,status\nA,printed\n\xff\xff,printed\n", "not_utf8", "Line 3"),
        ("code,status\n".encode("utf-16") + b"A", "not_utf8", "Line 2"),
        (b'code,status\n"A,printed\n', "no_csv", "Line 2"),
    ],
)
def test_what_is_no_text_is_told_what_to_do(
    content: bytes, code: str, words: str
) -> None:
    """A workbook, another encoding, half a character, an open quote."""
    with pytest.raises(InvalidInput, match=words) as refused:
        ReportText.of(io.BytesIO(content))
    assert refused.value.code == code


def test_a_large_report_is_looked_through_in_little_memory() -> None:
    """Twenty megabytes of it, in the encoding that is read last."""
    row = "0,9,printed,卷断了,A\n".encode("gb18030")
    header = b"from_index,to_index,status,reason,grade\n"
    content = io.BytesIO(header + row * (20_000_000 // len(row)))
    tracemalloc.start()
    lines = ReportText.of(content).lines()
    for _ in lines.cut(5):
        break
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines.separator == ","
    assert most < 40_000_000
