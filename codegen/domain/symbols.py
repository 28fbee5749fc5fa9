"""80 bits as 16 symbols of Crockford's base32 alphabet, many codes at a time.

Half a code, 40 bits, is one uint64 word, so a batch is an array of shape (n, 2).
The words are spread so that each symbol has a byte of its own, and one table of 256
bytes maps values to ASCII; reading goes the same way backwards.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_SYMBOLS: Final = 16
# As people read a code: XXXX-XXXX-XXXX-XXXX.
GROUP_SYMBOLS: Final = 4

Words = NDArray[np.uint64]
Octets = NDArray[np.uint8]

_U64 = np.uint64
_BE64: Final = np.dtype(">u8")

# Whatever is no symbol is read as a byte with its highest bit set.
_NOT_A_SYMBOL: Final = 0x80
_ANY_NOT_A_SYMBOL: Final = _U64(0x8080808080808080)
_TO_ASCII: Final = ALPHABET.encode() + bytes(256 - len(ALPHABET))
_FROM_ASCII: Final = bytes(
    ALPHABET.index(chr(octet)) if chr(octet) in ALPHABET else _NOT_A_SYMBOL
    for octet in range(256)
)
# The same for int(..., 32), which counts 0-9 and a-v and refuses "!".
_PYTHON_DIGITS: Final = b"0123456789abcdefghijklmnopqrstuv"
_TO_PYTHON_DIGITS: Final = bytes(
    ord("!") if value == _NOT_A_SYMBOL else _PYTHON_DIGITS[value]
    for value in _FROM_ASCII
)

# Steps that spread 40 bits over the low five bits of eight bytes: each adds the
# upper half of a group times (2^k - 1), which moves that half k bits up.
_SPREAD: Final = (
    (_U64(0x000000FFFFF00000), _U64((1 << 12) - 1)),
    (_U64(0x000FFC00000FFC00), _U64((1 << 6) - 1)),
    (_U64(0x03E003E003E003E0), _U64((1 << 3) - 1)),
)
# Steps that gather them again: each moves the lower half of a group k bits up to
# meet the upper half, so that the 40 bits end GATHERED_SHIFT bits from the right.
_GATHER: Final = (
    (_U64(0x001F001F001F001F), _U64((1 << 3) - 1)),
    (_U64(0x00001FF800001FF8), _U64((1 << 6) - 1)),
    (_U64(0x000000001FFFFE00), _U64((1 << 12) - 1)),
)
GATHERED_SHIFT: Final = _U64(21)


class SymbolBuffer:
    """Room to convert chunks of at most `size` codes, made once and used again."""

    __slots__ = ("_scratch", "_text", "size", "words")

    def __init__(self, size: int) -> None:
        self.size = size
        # bytearray.translate maps 16 symbols in 4.6 ns; numpy's take over pairs of
        # symbols and compare-and-add measured slower, a 4 MB table of 20 bits a
        # tenth faster, which is not worth its memory. So words live in a bytearray.
        self._text = bytearray(CODE_SYMBOLS * size)
        self.words: Words = np.frombuffer(self._text, dtype=_U64).reshape(size, 2)
        self._scratch: Words = np.empty((size, 2), dtype=_U64)

    def write_codes(self, out: Octets) -> None:
        """Write the codes whose two 40-bit halves are in `words`; spoils `words`.

        `out` is (n, 16) uint8, C-contiguous, and receives ASCII.
        """
        count = len(out)
        words = self.words[:count]
        self._multiply_and_add(_SPREAD, words)
        ascii_words = self._translated(_TO_ASCII, count)
        # The most significant symbol comes first in memory.
        np.copyto(out.view(_BE64), ascii_words)

    def read_codes(self, codes: Octets) -> tuple[Words, NDArray[np.bool_]]:
        """Read (n, 16) uint8 ASCII as `(gathered, all_symbols)`; spoils `words`.

        `gathered` is (n, 2) uint64, each holding 40 bits above GATHERED_SHIFT and
        rubbish below it and in rows that hold anything but the 32 upper-case
        symbols; `all_symbols` is (n,) bool and tells the rows without such.
        """
        count = len(codes)
        np.copyto(self.words[:count], np.ascontiguousarray(codes).view(_BE64))
        gathered = self._translated(_FROM_ASCII, count)
        strange = np.bitwise_or(gathered[:, 0], gathered[:, 1])
        np.bitwise_and(strange, _ANY_NOT_A_SYMBOL, out=strange)
        all_symbols = np.equal(strange, _U64(0))
        self._multiply_and_add(_GATHER, gathered)
        return gathered, all_symbols

    def _multiply_and_add(
        self, steps: tuple[tuple[np.uint64, np.uint64], ...], words: Words
    ) -> None:
        flat = words.reshape(-1)
        moved = self._scratch[: len(words)].reshape(-1)
        for mask, factor in steps:
            np.bitwise_and(flat, mask, out=moved)
            np.multiply(moved, factor, out=moved)
            np.add(flat, moved, out=flat)

    def _translated(self, table: bytes, count: int) -> Words:
        whole = count == self.size
        text = self._text if whole else self._text[: CODE_SYMBOLS * count]
        return np.frombuffer(text.translate(table), dtype=_U64).reshape(count, 2)


def code_value(code_text: str) -> int | None:
    """Read 16 canonical symbols as an 80-bit integer; None for anything else."""
    if len(code_text) != CODE_SYMBOLS:
        return None
    try:
        return int(code_text.encode("ascii").translate(_TO_PYTHON_DIGITS), 32)
    except ValueError:
        return None
