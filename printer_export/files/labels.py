"""The sheet of labels: symbols at their physical size, each above its code, in PDF."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain import EpochKeys, seal
from codegen.domain.code_text import group
from codegen.domain.ranges import SERIAL_BITS, SERIALS_PER_EPOCH
from printer_export.domain.symbols import (
    USUAL_MASK,
    encode_symbols,
    symbol_size,
    unpack_symbol,
    version_for,
)
from printer_export.files.images import QUIET_MODULES
from printer_export.files.pdf import A4_MM, POINTS_PER_MM, pdf_document

_MARGIN_MM: Final = 10.0
_HEAD_MM: Final = 8.0
_GAP_MM: Final = 2.0
_TEXT_MM: Final = 6 / POINTS_PER_MM
# A character of Courier is 0.6 of its size wide; a grouped code has 19.
_CODE_MM: Final = 19 * 0.6 * _TEXT_MM


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """What to draw: `count` consecutive codes, behind a prefix that symbols hold."""

    first_code_id: int
    count: int
    link_prefix: str
    module_mm: float
    caption: str

    @property
    def version(self) -> int:
        """The version of every symbol."""
        version = version_for(len(self.link_prefix) + 16)
        assert version is not None, "an order for what no symbol holds is refused"
        return version

    @property
    def side_mm(self) -> float:
        """A symbol's side with its quiet zone."""
        return (symbol_size(self.version) + 2 * QUIET_MODULES) * self.module_mm

    @property
    def pitch_mm(self) -> tuple[float, float]:
        """From one label to the next, across and down."""
        return max(self.side_mm, _CODE_MM) + _GAP_MM, self.side_mm + _TEXT_MM + _GAP_MM

    @property
    def grid(self) -> tuple[int, int]:
        """How many labels a page has, across and down."""
        across, down = self.pitch_mm
        width, height = A4_MM
        return (
            int((width - 2 * _MARGIN_MM) // across),
            int((height - 2 * _MARGIN_MM - _HEAD_MM) // down),
        )


def label_sheet(sheet: LabelSheet, keys: EpochKeys) -> Iterator[bytes]:
    """Yield the PDF in chunks of a page; the same sheet gives the same bytes."""
    across, down = sheet.grid
    per_page = across * down
    page_count = -(-sheet.count // per_page)
    starts = range(0, sheet.count, per_page)
    pages = (
        _page(sheet, keys, start, min(per_page, sheet.count - start), number)
        for number, start in enumerate(starts, 1)
    )
    return pdf_document(pages, page_count)


def _page(
    sheet: LabelSheet, keys: EpochKeys, start: int, count: int, number: int
) -> bytes:
    """Draw one page's labels in rows from the top left, as PDF operators."""
    first = sheet.first_code_id + start
    serial = first & (SERIALS_PER_EPOCH - 1)
    serials = np.arange(serial, serial + count, dtype=np.uint64)
    codes = seal(keys, first >> SERIAL_BITS, serials)
    prefix = np.frombuffer(sheet.link_prefix.encode(), dtype=np.uint8)
    links = np.hstack([np.tile(prefix, (count, 1)), codes])
    packed = encode_symbols(links, version=sheet.version, mask=USUAL_MASK)
    (across, _), (right, below) = sheet.grid, sheet.pitch_mm
    parts = [_head(sheet, start, count, number)]
    for place, symbol in enumerate(packed):
        row, column = divmod(place, across)
        left = _MARGIN_MM + column * right
        top = A4_MM[1] - _MARGIN_MM - _HEAD_MM - row * below
        code_text = group(bytes(codes[place]).decode())
        parts.append(_label(sheet, unpack_symbol(symbol), (left, top), code_text))
    return "".join(parts).encode("ascii")


def _head(sheet: LabelSheet, start: int, count: int, number: int) -> str:
    said = (
        f"{sheet.caption}; page {number}, labels {start + 1} to {start + count} of "
        f"{sheet.count}. Print at 100 %: a module is {sheet.module_mm:g} mm."
    )
    top = A4_MM[1] - _MARGIN_MM - _TEXT_MM
    return f"BT /S {3:.4f} Tf {_MARGIN_MM:.4f} {top:.4f} Td ({said}) Tj ET\n"


def _label(
    sheet: LabelSheet,
    matrix: NDArray[np.bool_],
    corner: tuple[float, float],
    code_text: str,
) -> str:
    """Draw a symbol in one path, so that its rows meet without a seam."""
    left, top = corner
    quiet = QUIET_MODULES * sheet.module_mm
    bottom = top - sheet.side_mm + quiet
    size = len(matrix)
    edges = np.diff(np.pad(matrix, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, begins = np.nonzero(edges == 1)
    lengths = np.nonzero(edges == -1)[1] - begins
    # PDF counts rows from the bottom.
    boxes = "".join(
        f"{begin} {size - 1 - row} {length} 1 re\n"
        for row, begin, length in zip(
            rows.tolist(), begins.tolist(), lengths.tolist(), strict=True
        )
    )
    module = f"{sheet.module_mm:.4f}"
    return (
        f"q {module} 0 0 {module} {left + quiet:.4f} {bottom:.4f} cm\n{boxes}f Q\n"
        f"BT /M {_TEXT_MM:.4f} Tf {left:.4f} {top - sheet.side_mm - _TEXT_MM:.4f} Td "
        f"({code_text}) Tj ET\n"
    )
