"""Bulk QR symbols: module for module what independent encoders draw."""

import io

import numpy as np
import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode.util import QRData

from printer_export.domain import encode_symbols
from printer_export.domain.symbols import (
    ALPHABET,
    BLOCK_SYMBOLS,
    MASKS,
    capacity,
    symbol_size,
    unpack_symbol,
    version_for,
)
from printer_export.files.images import eps_image, png_image, svg_image

LINK = "HTTPS://CAPS.CN/C/0S7NNXNY6ZT4QM5Q"


def as_rows(*texts: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Lay texts of one length out as rows of ASCII."""
    octets = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
    return octets.reshape(len(texts), -1)


@settings(max_examples=150, deadline=None)
@given(
    version=st.integers(1, 6),
    mask=st.integers(0, MASKS - 1),
    data=st.data(),
)
def test_every_module_is_as_an_independent_encoder_draws_it(
    version: int, mask: int, data: st.DataObject
) -> None:
    """Any version, mask, length and text."""
    text = data.draw(
        st.text(ALPHABET.decode(), min_size=1, max_size=capacity(version)), "text"
    )
    theirs = qrcode.QRCode(
        version=version,
        error_correction=qrcode.ERROR_CORRECT_M,
        mask_pattern=mask,
        border=0,
    )
    theirs.add_data(QRData(text.encode(), mode=2), optimize=0)
    theirs.make(fit=False)
    packed = encode_symbols(as_rows(text), version=version, mask=mask)
    size = symbol_size(version)
    assert packed.shape == (1, size, (size + 7) // 8)
    assert (unpack_symbol(packed[0]) == np.array(theirs.get_matrix())).all()


def test_a_batch_is_its_symbols_one_by_one() -> None:
    """Across blocks, and whether or not a block shares its prefix."""
    texts = [f"HTTPS://CAPS.CN/C/{number:016d}" for number in range(BLOCK_SYMBOLS + 3)]
    texts[5] = "HTTPS://DAIRY.X/C/0123456789ABCDEF"
    together = encode_symbols(as_rows(*texts), version=2, mask=2)
    for number in (0, 5, BLOCK_SYMBOLS - 1, BLOCK_SYMBOLS, BLOCK_SYMBOLS + 2):
        alone = encode_symbols(as_rows(texts[number]), version=2, mask=2)
        assert (together[number] == alone[0]).all()


def test_what_cannot_be_encoded_is_refused() -> None:
    """Too long, small letters, versions and masks that there are not."""
    with pytest.raises(ValueError, match="holds 1 to 38"):
        encode_symbols(as_rows("A" * 39), version=2, mask=0)
    with pytest.raises(ValueError, match="Text 1 has a character"):
        encode_symbols(as_rows("AB", "Ab"), version=2, mask=0)
    with pytest.raises(ValueError, match="Versions 1 to 6"):
        encode_symbols(as_rows("A"), version=7, mask=0)
    with pytest.raises(ValueError, match="Masks are 0 to 7"):
        encode_symbols(as_rows("A"), version=2, mask=8)


def test_capacities_are_those_of_the_standard() -> None:
    """Alphanumeric characters at level M (ISO/IEC 18004, table 7)."""
    assert [capacity(v) for v in range(1, 7)] == [20, 38, 61, 90, 122, 154]
    assert version_for(len(LINK)) == 2
    assert version_for(155) is None


def test_images_have_their_size_and_quiet_zone_and_are_read() -> None:
    """A PNG says its resolution, an SVG its millimetres, an EPS its points."""
    matrix = unpack_symbol(encode_symbols(as_rows(LINK), version=2, mask=2)[0])
    side_mm = (25 + 8) * 0.42
    with Image.open(io.BytesIO(png_image(matrix))) as image:
        assert image.width / image.info["dpi"][0] * 25.4 == pytest.approx(side_mm, 0.01)
        pixels = np.asarray(image.convert("L"))
        assert pixels[:40].min() == 255
        (read,) = zxingcpp.read_barcodes(image)
        assert read.text == LINK
    assert f'width="{side_mm:.2f}mm"'.encode() in svg_image(matrix)
    assert f"0 0 {side_mm * 72 / 25.4:.4f}".encode() in eps_image(matrix)
    assert png_image(matrix) == png_image(matrix)
    with pytest.raises(ValueError, match="too small"):
        svg_image(matrix, module_mm=0.3)
