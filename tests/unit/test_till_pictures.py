"""Pictures of coupons: what is read of them, and what is not even decoded."""

import asyncio
import io
import struct
import zlib

import pytest
from PIL import Image, ImageFilter

from core.errors import Unavailable
from crowncap.till_pictures import PictureReading, read_symbols
from tests.fixtures.pictures import picture_of

CODE = "0S7NNXNY6ZT4QM5Q"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 60}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
    ],
)
def test_a_coupon_is_read_from_a_phones_picture(
    kind: str, options: dict[str, object]
) -> None:
    """Small in a large picture, turned, and not quite sharp."""
    blurred = picture_of(CODE, 2_000, 1_500).filter(ImageFilter.GaussianBlur(2))
    file = io.BytesIO()
    blurred.save(file, kind, **options)
    assert read_symbols(file.getvalue()) == (CODE,)


def test_a_picture_of_48_megapixels_is_decoded_smaller() -> None:
    large = picture_of(CODE, 2_016, 1_512).resize((8_064, 6_048))
    file = io.BytesIO()
    large.save(file, "JPEG", quality=40)
    assert read_symbols(file.getvalue()) == (CODE,)


def test_what_shows_no_code_has_none() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(file, "PNG")
    assert read_symbols(file.getvalue()) == ()


def bomb(side: int) -> bytes:
    """Write the head of a PNG that claims to be so wide and high."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk


def cut_short() -> bytes:
    """Give half of a picture."""
    file = io.BytesIO()
    picture_of(CODE, 800, 600).save(file, "JPEG")
    return file.getvalue()[:4_000]


def too_many_pixels() -> bytes:
    """Give a whole picture of more pixels than are decoded."""
    file = io.BytesIO()
    Image.new("1", (4_100, 4_100)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"%PDF-1.7 not a picture",
        b"GIF89a" + bytes(64),
        bomb(5_000),
        bomb(60_000),
        cut_short(),
        too_many_pixels(),
    ],
    ids=["nothing", "pdf", "gif", "large", "bomb", "short", "pixels"],
)
def test_what_is_no_picture_of_these_kinds_is_not_read(file: bytes) -> None:
    """And never raises: it is for the cashier to take another."""
    assert read_symbols(file) is None


async def test_one_person_holds_up_nobody_else() -> None:
    """Two of one at once, eight of all; then they are told to come back."""
    reading = PictureReading()
    file = io.BytesIO()
    picture_of(CODE, 800, 600).save(file, "JPEG")
    picture = file.getvalue()

    async def ask(whose: str) -> object:
        try:
            return await reading.read(picture, whose)
        except Unavailable as fault:
            return fault.code

    greedy = await asyncio.gather(*(ask("ann") for _ in range(4)))
    assert greedy == [(CODE,), (CODE,), "crowded", "crowded"]
    crowd = await asyncio.gather(*(ask(f"till-{n}") for n in range(9)))
    assert crowd == [(CODE,)] * 8 + ["crowded"]
    assert await ask("ann") == (CODE,)
