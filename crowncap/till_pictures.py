"""Codes in pictures that cashiers take, for phones whose browser reads none itself."""

import asyncio
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import zxingcpp
from PIL import Image, UnidentifiedImageError

from core.errors import Unavailable
from crowncap.messages import message

# What a phone's camera gives, or a browser that made it smaller. Nothing else is read.
_KINDS: Final = ("JPEG", "PNG", "WEBP")
_FORMATS: Final = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.Code128,
    ]
)
# Pixels of a picture that is decoded as a whole, and of a JPEG that is decoded smaller
# at once, which keeps no more than that of it.
_MOST_PIXELS: Final = 16_000_000
_MOST_OF_JPEG: Final = 50_000_000
# A coupon's symbol has 29 modules with its margin; this is ten for each even where it
# fills a quarter of the picture.
_SIDE: Final = 1_200
_WAITING: Final = 8
_OF_ONE: Final = 2


def read_symbols(picture: bytes) -> tuple[str, ...] | None:
    """Give the texts of the symbols in a picture; None for what is no picture.

    JPEG, PNG and WebP of up to 16 megapixels, JPEGs that are not progressive of 50.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=_KINDS) as image:
            if image.width * image.height > _most_pixels(image):
                return None
            image.draft("L", (_SIDE, _SIDE))
            shades = image.convert("L")
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return None
    except (OSError, SyntaxError, ValueError):
        # What ends early, or is not what its head says.
        return None
    shades.thumbnail((_SIDE, _SIDE))
    return tuple(each.text for each in zxingcpp.read_barcodes(shades, _FORMATS))


def _most_pixels(image: Image.Image) -> int:
    """Tell how large a picture may be, by what decoding it keeps in memory."""
    if image.format == "JPEG" and not image.info.get("progressive"):
        return _MOST_OF_JPEG
    return _MOST_PIXELS


@dataclass(slots=True)
class PictureReading:
    """Reads pictures one after another, so that scans have the other core.

    A few wait for it, of one person at most two: who sends more is told to come back.
    """

    _one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _whose: Counter[str] = field(default_factory=Counter)

    async def read(self, picture: bytes, whose: str) -> tuple[str, ...] | None:
        """Read a picture as `read_symbols` does; raises Unavailable in a crowd."""
        if self._whose.total() >= _WAITING or self._whose[whose] >= _OF_ONE:
            raise Unavailable(message("crowded"), code="crowded", retry_after_s=1)
        self._whose[whose] += 1
        try:
            async with self._one:
                return await asyncio.to_thread(read_symbols, picture)
        finally:
            self._whose[whose] -= 1
            self._whose += Counter()
