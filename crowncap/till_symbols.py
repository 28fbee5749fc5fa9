"""The symbols that consumers show at tills, by the encoder of packages."""

import numpy as np

from printer_export.domain.symbols import (
    USUAL_MASK,
    encode_symbols,
    unpack_symbol,
    version_for,
)
from printer_export.files.images import svg_path
from scan_api.page.context import Symbol


def draw_symbol(text: str) -> Symbol:
    """Draw the QR symbol of a coupon's code, of capital letters and digits."""
    version = version_for(len(text))
    assert version is not None, "a coupon's code is short"
    row = np.frombuffer(text.encode(), dtype=np.uint8).reshape(1, -1)
    [packed] = encode_symbols(row, version=version, mask=USUAL_MASK)
    return Symbol(*svg_path(unpack_symbol(packed)))
