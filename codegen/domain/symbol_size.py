"""How large the QR symbol of a text is (ISO/IEC 18004:2024), at level M; pure."""

from dataclasses import dataclass
from typing import Final

ALPHANUMERIC: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# Data codewords of versions 1 to 9 at level M (table 7). From version 10 on the count
# of characters is longer; no printed link is.
DATA_CODEWORDS: Final = (16, 28, 44, 64, 86, 108, 124, 154, 182)
_MODE_BITS: Final = 4
_COUNT_BITS: Final = 9
_BYTE_COUNT_BITS: Final = 8
_PAIR_BITS: Final = 11
_LAST_BITS: Final = 6


@dataclass(frozen=True, slots=True)
class SymbolSize:
    """A version at level M, modules along its side without quiet zone, and the mode.

    The mode is `alphanumeric`, or `byte` for a text with small letters.
    """

    version: int
    modules: int
    mode: str
    level: str = "M"


def symbol_size(version: int) -> int:
    """Return how many modules a symbol has along its side, without quiet zone."""
    return 17 + 4 * version


def capacity(version: int) -> int:
    """Return how many alphanumeric characters a version holds at level M."""
    bits = DATA_CODEWORDS[version - 1] * 8 - _MODE_BITS - _COUNT_BITS
    return bits // _PAIR_BITS * 2 + (bits % _PAIR_BITS >= _LAST_BITS)


def byte_capacity(version: int) -> int:
    """Return how many bytes a version holds at level M."""
    return (DATA_CODEWORDS[version - 1] * 8 - _MODE_BITS - _BYTE_COUNT_BITS) // 8


def is_alphanumeric(text: bytes) -> bool:
    """Tell whether a text keeps a symbol alphanumeric."""
    return not text.strip(ALPHANUMERIC) or all(octet in ALPHANUMERIC for octet in text)


def symbol_of(text: str) -> SymbolSize | None:
    """Tell which symbol a text has; None past version 9."""
    octets = text.encode()
    mode, holds = (
        ("alphanumeric", capacity)
        if is_alphanumeric(octets)
        else ("byte", byte_capacity)
    )
    for version in range(1, len(DATA_CODEWORDS) + 1):
        if holds(version) >= len(octets):
            return SymbolSize(version, symbol_size(version), mode)
    return None
