"""The phone test sheet: one page of symbols in several sizes and both polarities."""

from io import BytesIO
from typing import Final

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from printer_export.domain.symbols import (
    USUAL_MASK,
    Matrix,
    encode_symbols,
    unpack_symbol,
    version_for,
)
from printer_export.files.images import QUIET_MODULES, dark_runs

MODULES_MM: Final = (0.33, 0.38, 0.42, 0.5)
_FONT: Final = "STSong-Light"
_MARGIN: Final = 16 * mm
_LEFT: Final = 48 * mm
_COLUMN: Final = 37 * mm
_ROW: Final = 44 * mm


def phone_test_sheet(links: list[tuple[str, str]]) -> bytes:
    """Draw an A4 page of each (caption, link), in all sizes and both polarities.

    Deterministic: the same links give the same bytes. Raises ValueError for a link
    that alphanumeric symbols cannot hold.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle("Phone test")
    top = A4[1] - _MARGIN
    top = _draw_head(canvas, top)
    for caption, link in links:
        matrix = _symbol(link)
        for polarity, name in ((0, "黑码白底 normal"), (1, "白码黑底 inverted")):
            canvas.setFont(_FONT, 9)
            canvas.drawString(_MARGIN, top - 14 * mm, caption)
            canvas.drawString(_MARGIN, top - 19 * mm, name)
            for column, module_mm in enumerate(MODULES_MM):
                left = _LEFT + column * _COLUMN
                _draw_symbol(canvas, matrix, (left, top), module_mm * mm, polarity)
            top -= _ROW
        canvas.setFont(_FONT, 7)
        canvas.drawString(_MARGIN, top + 8 * mm, link)
    _draw_ruler(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_head(canvas: Canvas, top: float) -> float:
    canvas.setFont(_FONT, 14)
    canvas.drawString(_MARGIN, top, "手机识读测试页  Phone test sheet")
    canvas.setFont(_FONT, 9)
    canvas.drawString(
        _MARGIN,
        top - 6 * mm,
        "按 100% 打印；用多部手机逐一扫码。这些码永不启用。  Print at 100 %, scan each "
        "with several phones. These codes are never activated.",
    )
    for column, module_mm in enumerate(MODULES_MM):
        canvas.drawString(_LEFT + column * _COLUMN, top - 14 * mm, f"{module_mm} mm")
    return top - 17 * float(mm)


def _symbol(link: str) -> Matrix:
    version = version_for(len(link))
    if version is None:
        raise ValueError(f"A link of {len(link)} characters is too long for a cap.")
    text = np.frombuffer(link.encode(), dtype=np.uint8).reshape(1, -1)
    return unpack_symbol(encode_symbols(text, version=version, mask=USUAL_MASK)[0])


def _draw_symbol(
    canvas: Canvas,
    matrix: Matrix,
    corner: tuple[float, float],
    module: float,
    polarity: int,
) -> None:
    left, top = corner
    size = len(matrix)
    side = (size + 2 * QUIET_MODULES) * module
    canvas.setFillGray(1 - polarity)
    canvas.rect(left, top - side, side, side, stroke=0, fill=1)
    canvas.setFillGray(polarity)
    for row, first, length in dark_runs(matrix):
        canvas.rect(
            left + (first + QUIET_MODULES) * module,
            top - (row + 1 + QUIET_MODULES) * module,
            length * module,
            module,
            stroke=0,
            fill=1,
        )
    canvas.setFillGray(0)


def _draw_ruler(canvas: Canvas) -> None:
    """Draw 50 mm, by which a reader sees whether the page was scaled."""
    canvas.line(_MARGIN, _MARGIN, _MARGIN + 50 * mm, _MARGIN)
    for end in (0, 50):
        at = _MARGIN + end * mm
        canvas.line(at, _MARGIN - 2 * mm, at, _MARGIN + 2 * mm)
    canvas.setFont(_FONT, 8)
    canvas.drawString(_MARGIN + 53 * mm, _MARGIN - 1 * mm, "50 mm")
