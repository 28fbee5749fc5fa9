"""The formats in which codes go to printers: rows of bytes, all of one length.

Every row of a file has the same length, so a row is a template with a few columns
filled in, and a million rows are a few strided numpy copies. `index` is 0-based
within the batch; the `sequence` that print houses see is index + 1.
"""

import codecs
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain.code_text import group
from codegen.domain.symbols import CODE_SYMBOLS, GROUP_SYMBOLS

Octets = NDArray[np.uint8]

SEQUENCE_DIGITS: Final = 11
MAX_SEQUENCE: Final = 10**SEQUENCE_DIGITS - 1

_CRLF: Final = b"\r\n"
_CODE_TEMPLATE: Final = b"X" * CODE_SYMBOLS
_GROUPED_TEMPLATE: Final = group("X" * CODE_SYMBOLS).encode()
_CODE: Final = np.dtype(f"V{CODE_SYMBOLS}")
_GROUP: Final = np.dtype(f"V{GROUP_SYMBOLS}")
# Bytes that would need quotes in RFC 4180, or that no link has unescaped.
_FIRST_PRINTABLE: Final = 0x21
_LAST_PRINTABLE: Final = 0x7E
_NOT_IN_LINKS: Final = b'",'

# The last four digits of a sequence, as text: rows 0000 to 9999.
_LOW_PLACES: Final = 4
_LOW: Final = 10**_LOW_PLACES
_QUAD: Final = np.dtype(f"V{_LOW_PLACES}")
_LOW_DIGITS: Final = np.frombuffer(
    b"".join(b"%04d" % number for number in range(_LOW)), dtype=_QUAD
)


class Preset(StrEnum):
    """The formats by name.

    `lines`: one whole link a line, ASCII, CRLF, no header: the link is what the
    printer prints. `csv`: RFC 4180 with the header `sequence,link,code`; the
    sequence has leading zeros to 11 digits, the code is grouped
    XXXX-XXXX-XXXX-XXXX, which no spreadsheet takes for a number. `csv-excel` begins
    with the byte order mark that Excel wants, `csv-gb18030` has a Chinese header in
    GB18030. `fixed-width` has the same columns at fixed places, with a space between.
    `epcis` is not a file to print from: it is an EPCISDocument that commissions codes,
    for whoever keeps events, with a row for each name in its epcList.
    """

    LINES = "lines"
    CSV = "csv"
    CSV_EXCEL = "csv-excel"
    CSV_GB18030 = "csv-gb18030"
    FIXED_WIDTH = "fixed-width"
    EPCIS = "epcis"


PRINTED: Final = tuple(preset for preset in Preset if preset is not Preset.EPCIS)


_CSV_HEADER: Final = b"sequence,link,code"
HEADERS: Final = {
    Preset.LINES: b"",
    Preset.CSV: _CSV_HEADER + _CRLF,
    Preset.CSV_EXCEL: codecs.BOM_UTF8 + _CSV_HEADER + _CRLF,
    Preset.CSV_GB18030: "序号,链接,瓶盖码".encode("gb18030") + _CRLF,
    Preset.FIXED_WIDTH: b"",
}
ENCODINGS: Final = {
    Preset.LINES: "US-ASCII",
    Preset.CSV: "US-ASCII",
    Preset.CSV_EXCEL: "UTF-8 with byte order mark",
    Preset.CSV_GB18030: "GB18030",
    Preset.FIXED_WIDTH: "US-ASCII",
    Preset.EPCIS: "UTF-8",
}
SUFFIXES: Final = {
    Preset.LINES: "txt",
    Preset.FIXED_WIDTH: "txt",
    Preset.EPCIS: "jsonld",
}


def suffix_of(preset: Preset) -> str:
    """Tell how the names of a preset's files end."""
    return SUFFIXES.get(preset, "csv")


def delimiter_of(preset: Preset) -> bytes:
    """Tell what stands between columns."""
    return b" " if preset is Preset.FIXED_WIDTH else b","


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where the columns of a row stand, in bytes from its start.

    `link_at` is where the link begins, or what else names the code, and `link_code_at`
    where the code in it does. At `separator_at` the last row of a file has a space.
    """

    header: bytes
    template: bytes
    link_at: int
    link_code_at: int
    sequence_at: int | None = None
    grouped_at: int | None = None
    separator_at: int | None = None
    footer: bytes = b""

    @property
    def row_bytes(self) -> int:
        """The length of a row, its line ending included."""
        return len(self.template)

    def file_bytes(self, rows: int) -> int:
        """Return the length of a whole file."""
        return len(self.header) + rows * self.row_bytes + len(self.footer)


def row_layout(preset: Preset, link_prefix: bytes) -> RowLayout:
    """Lay out the rows of a preset to print from.

    `link_prefix` is all of a link but its code. Raises ValueError when the prefix has
    bytes that cannot stand in a row.
    """
    if not link_prefix or any(
        octet in _NOT_IN_LINKS or not _FIRST_PRINTABLE <= octet <= _LAST_PRINTABLE
        for octet in link_prefix
    ):
        raise ValueError(f"{link_prefix!r} cannot start a link in a file of codes.")
    if preset is Preset.LINES:
        return RowLayout(
            header=b"",
            template=link_prefix + _CODE_TEMPLATE + _CRLF,
            link_at=0,
            link_code_at=len(link_prefix),
        )
    between = delimiter_of(preset)
    before_link = b"0" * SEQUENCE_DIGITS + between
    before_code = before_link + link_prefix
    before_group = before_code + _CODE_TEMPLATE + between
    return RowLayout(
        header=HEADERS[preset],
        template=before_group + _GROUPED_TEMPLATE + _CRLF,
        link_at=len(before_link),
        link_code_at=len(before_code),
        sequence_at=0,
        grouped_at=len(before_group),
    )


def epcis_layout(header: bytes, uri_prefix: bytes, footer: bytes) -> RowLayout:
    """Lay out the names of caps as the items of a JSON array, a row each."""
    before_code = b'"' + uri_prefix
    return RowLayout(
        header=header,
        template=before_code + _CODE_TEMPLATE + b'",' + _CRLF,
        link_at=1,
        link_code_at=len(before_code),
        separator_at=len(before_code) + CODE_SYMBOLS + 1,
        footer=footer,
    )


def blank_rows(layout: RowLayout, count: int) -> Octets:
    """Return (count, row_bytes) uint8 rows that wait for `fill_rows`."""
    rows = np.empty((count, layout.row_bytes), dtype=np.uint8)
    rows[:] = np.frombuffer(layout.template, dtype=np.uint8)
    return rows


def fill_rows(
    layout: RowLayout,
    rows: Octets,
    codes: Octets,
    first_index: int,
    index_step: int = 1,
) -> None:
    """Fill (n, row_bytes) blank or used rows with (n, 16) uint8 ASCII codes.

    Both arrays are C-contiguous. Row r is that of the 0-based index
    `first_index + r * index_step`. Raises ValueError for arrays of other shapes and
    for sequences past MAX_SEQUENCE.
    """
    if rows.shape != (len(codes), layout.row_bytes):
        raise ValueError(f"{len(codes)} codes do not fit rows of shape {rows.shape}.")
    if codes.shape != (len(codes), CODE_SYMBOLS) or codes.dtype != np.uint8:
        raise ValueError("Codes are an (n, 16) array of uint8.")
    last_index = first_index + max(len(codes) - 1, 0) * index_step
    if min(first_index, last_index) < 0 or max(first_index, last_index) >= MAX_SEQUENCE:
        raise ValueError(
            f"Rows are numbered from 1 to {MAX_SEQUENCE}; {len(codes)} rows from "
            f"index {first_index} in steps of {index_step} are not."
        )
    _column(rows, layout.link_code_at, _CODE)[:] = codes.view(_CODE)[:, 0]
    if layout.grouped_at is not None:
        groups = codes.view(_GROUP)
        for place in range(groups.shape[1]):
            at = layout.grouped_at + place * (GROUP_SYMBOLS + 1)
            _column(rows, at, _GROUP)[:] = groups[:, place]
    if layout.sequence_at is not None:
        if index_step == 1:
            _fill_sequence(rows, layout.sequence_at, first_index + 1)
        else:
            numbers = first_index + 1 + index_step * np.arange(len(rows))
            _fill_numbers(rows, layout.sequence_at, numbers)


def format_rows(
    preset: Preset, *, codes: Octets, first_index: int, link_prefix: bytes
) -> Octets:
    """Return (n, row_bytes) uint8 rows of (n, 16) uint8 codes, without a header."""
    layout = row_layout(preset, link_prefix)
    rows = blank_rows(layout, len(codes))
    fill_rows(layout, rows, codes, first_index)
    return rows


def _fill_sequence(rows: Octets, at: int, first_sequence: int) -> None:
    """Write consecutive numbers: a table's rows, and a constant before them."""
    high_digits = SEQUENCE_DIGITS - _LOW_PLACES
    high_column = _column(rows, at, np.dtype(f"V{high_digits}"))
    low_column = _column(rows, at + high_digits, _QUAD)
    done = 0
    while done < len(rows):
        high, low = divmod(first_sequence + done, _LOW)
        until = min(done + _LOW - low, len(rows))
        high_column[done:until] = np.void(b"%0*d" % (high_digits, high))
        low_column[done:until] = _LOW_DIGITS[low : low + until - done]
        done = until


def _fill_numbers(rows: Octets, at: int, numbers: NDArray[np.int64]) -> None:
    """Write any numbers, four digits at a time from the right."""
    end = at + SEQUENCE_DIGITS
    for quad in range(SEQUENCE_DIGITS // _LOW_PLACES):
        place = end - (quad + 1) * _LOW_PLACES
        _column(rows, place, _QUAD)[:] = _LOW_DIGITS[numbers % _LOW]
        numbers = numbers // _LOW
    rest = SEQUENCE_DIGITS % _LOW_PLACES
    digits = _LOW_DIGITS.view(np.uint8).reshape(-1, _LOW_PLACES)[numbers % _LOW]
    rows[:, at : at + rest] = digits[:, _LOW_PLACES - rest :]


def _column(rows: Octets, at: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """View some bytes of each row as one opaque item a row, which copies fastest."""
    return rows[:, at : at + dtype.itemsize].view(dtype)[:, 0]
