"""What a printed label looks like: dots, as the printer's state makes them fall."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import qrcode
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Dots = NDArray[np.bool_]

# Letters are drawn so high, and then fitted to what a printer's font is.
_DRAWN_HEIGHT: Final = 64


@dataclass(frozen=True, slots=True)
class Mark:
    """A symbol or a line of text; all in dots from the label's corner.

    `across` and `down` are of one module of a symbol, or of one letter.
    """

    is_symbol: bool
    x: int
    y: int
    across: int
    down: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A label of width by height dots, what is on it, and how the printer prints it.

    `moved` is by how many dots it lands beside its place: across and down.
    """

    width: int
    height: int
    marks: tuple[Mark, ...]
    moved: tuple[int, int] = (0, 0)
    scale: int = 1
    traits: frozenset[str] = field(default_factory=frozenset)


# What a picture can be besides right.
TURNED: Final = "turned"
MIRRORED: Final = "mirrored"
NEGATIVE: Final = "negative"
PALE: Final = "pale"


def rasterize(picture: Picture) -> Dots:
    """Draw a picture as it comes out; True is black."""
    dots = np.zeros((picture.height, picture.width), dtype=np.bool_)
    for mark in picture.marks:
        stamp = _symbol(mark) if mark.is_symbol else _letters(mark)
        stamp = np.kron(stamp, np.ones((picture.scale, picture.scale), np.bool_))
        _put(dots, stamp, mark.x * picture.scale, mark.y * picture.scale)
    if NEGATIVE in picture.traits:
        dots = ~dots
    if TURNED in picture.traits:
        dots = dots[::-1, ::-1]
    if MIRRORED in picture.traits:
        dots = dots[:, ::-1]
    if PALE in picture.traits:
        dots = np.zeros_like(dots)
    landed = np.zeros_like(dots)
    _put(landed, dots, *picture.moved)
    return landed


def _put(dots: Dots, stamp: Dots, x: int, y: int) -> None:
    """Blacken what of a stamp lies on the label."""
    top, left = max(0, y), max(0, x)
    part = stamp[top - y : dots.shape[0] - y, left - x : dots.shape[1] - x]
    dots[top : top + part.shape[0], left : left + part.shape[1]] |= part


def _symbol(mark: Mark) -> Dots:
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M, border=0, box_size=1
    )
    code.add_data(mark.text.encode())
    code.make(fit=True)
    modules = np.array(code.get_matrix(), dtype=np.bool_)
    return np.kron(modules, np.ones((mark.down, mark.across), np.bool_))


def _letters(mark: Mark) -> Dots:
    font = ImageFont.load_default(_DRAWN_HEIGHT)
    wide = Image.new("L", (round(font.getlength(mark.text)) or 1, _DRAWN_HEIGHT))
    ImageDraw.Draw(wide).text((0, _DRAWN_HEIGHT), mark.text, 255, font, anchor="ld")
    size = (max(1, mark.across * len(mark.text)), max(1, mark.down))
    return np.asarray(wide.resize(size)) > 127  # noqa: PLR2004 - half of 255
