"""Packed QR matrices of printed links on one core, against other encoders.

2-M for short links, 3-M for GS1 Digital Links. `qrcode` draws with the mask forced,
since choosing one is most of its work; zint's bindings draw at the same version and
level. Random texts share no prefix and so show the rate without that help.
"""

import statistics
from collections.abc import Callable
from functools import partial

import numpy as np
import qrcode
from qrcode.util import QRData
from zint import Symbol, Symbology

from bench.measure import median_seconds, rounded, time_once
from codegen.domain import EpochKeys, seal
from printer_export.domain.symbols import ALPHABET, Octets, encode_symbols

COUNT = 1_000_000
FEW = 200
SOME = 5_000
ROUNDS = 5
SHORT = b"HTTPS://CAPS.CN/C/"
DIGITAL = b"HTTPS://CAPS.CN/01/06901234567892/21/"


def run() -> dict[str, object]:
    """Return matrices a second, and the ratios."""
    short, digital = _links(SHORT), _links(DIGITAL)
    dice = np.random.default_rng(1)
    letters = np.frombuffer(ALPHABET, dtype=np.uint8)
    anything = letters[dice.integers(0, len(letters), short.shape)]
    version_2 = _rate(short, 2)
    theirs, zints = [], []
    texts = [bytes(row).decode() for row in short[:SOME]]
    for _ in range(ROUNDS):
        theirs.append(FEW / time_once(partial(_each, _with_qrcode, texts[:FEW])))
        zints.append(SOME / time_once(partial(_each, _with_zint, texts)))
    qrcode_rate, zint_rate = statistics.median(theirs), statistics.median(zints)
    return {
        "matrices": COUNT,
        "rounds": ROUNDS,
        "version_2_per_s": rounded(version_2),
        "version_3_per_s": rounded(_rate(digital, 3)),
        "version_2_random_texts_per_s": rounded(_rate(anything, 2)),
        "qrcode_per_s": rounded(qrcode_rate),
        "zint_per_s": rounded(zint_rate),
        "ratio_to_qrcode": rounded(version_2 / qrcode_rate),
        "ratio_to_zint": rounded(version_2 / zint_rate),
    }


def _links(prefix: bytes) -> Octets:
    keys = EpochKeys.from_masters({0: bytes(32)})
    codes = seal(keys, 0, np.arange(COUNT, dtype=np.uint64))
    links = np.empty((COUNT, len(prefix) + 16), dtype=np.uint8)
    links[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    links[:, len(prefix) :] = codes
    return links


def _rate(texts: Octets, version: int) -> float:
    seconds = median_seconds(
        lambda: encode_symbols(texts, version=version, mask=2), ROUNDS
    )
    return len(texts) / seconds


def _each(draw: Callable[[str], None], texts: list[str]) -> None:
    for text in texts:
        draw(text)


def _with_qrcode(text: str) -> None:
    symbol = qrcode.QRCode(
        version=2, error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=2, border=0
    )
    symbol.add_data(QRData(text.encode(), mode=2), optimize=0)
    symbol.make(fit=False)


def _with_zint(text: str) -> None:
    symbol = Symbol()
    symbol.symbology = Symbology.QRCODE
    # Level M, version 2, and the mask forced: the pattern's number and one.
    symbol.option_1, symbol.option_2, symbol.option_3 = 2, 2, 3 << 8
    symbol.encode(text)
