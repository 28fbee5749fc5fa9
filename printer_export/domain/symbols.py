"""QR symbols by the million (ISO/IEC 18004:2024), level M, alphanumeric mode.

At a fixed length, version and mask, each module is an affine function over GF(2) of
the data bits: error correction is linear, and mode, padding, function patterns and
mask are constant. So the symbol of a text is a constant matrix, XORed with one table
row for each pair of characters, and a million symbols are a few gathers in numpy.
Pairs that a whole block shares, like the host of its links, are XORed once.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain.symbol_size import (
    ALPHANUMERIC,
    capacity,
    is_alphanumeric,
    symbol_size,
)

__all__ = ["capacity", "is_alphanumeric", "symbol_size"]

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]
Matrix = NDArray[np.bool_]

ALPHABET: Final = ALPHANUMERIC
MASKS: Final = 8
# A whole package has one mask, so that its symbols differ in their data only.
USUAL_MASK: Final = 2
BLOCK_SYMBOLS: Final = 4096

_BASE: Final = len(ALPHABET)
_PAIR_BITS: Final = 11
_LAST_BITS: Final = 6
_MODE: Final = 0b0010
_COUNT_BITS: Final = 9
_PADDING: Final = (0xEC, 0x11)
_LEVEL_M: Final = 0b00
_NOT_ALPHANUMERIC: Final = 255
_VALUE_OF: Final = np.full(256, _NOT_ALPHANUMERIC, dtype=np.uint8)
_VALUE_OF[np.frombuffer(ALPHABET, dtype=np.uint8)] = np.arange(_BASE, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class _Version:
    """Codewords of one version at level M (table 9): equal blocks only."""

    blocks: int
    data: int
    correction: int


_VERSIONS: Final = {
    1: _Version(1, 16, 10),
    2: _Version(1, 28, 16),
    3: _Version(1, 44, 26),
    4: _Version(2, 32, 18),
    5: _Version(2, 43, 24),
    6: _Version(4, 27, 16),
}


def version_for(length: int) -> int | None:
    """Return the smallest version that holds a text; None past version 6."""
    return next((v for v in _VERSIONS if capacity(v) >= length), None)


def encode_symbols(texts: Octets, *, version: int, mask: int) -> Octets:
    """Encode (n, length) ASCII texts as (n, size, ceil(size / 8)) packed matrices.

    Rows are packed most significant bit first, 1 is dark, without quiet zone. Raises
    ValueError for a version other than 1 to 6, a mask other than 0 to 7, a text that
    does not fit and a character that alphanumeric mode has not.
    """
    if texts.ndim != 2 or texts.dtype != np.uint8:  # noqa: PLR2004 - rows of text
        raise ValueError("Texts are an (n, length) array of uint8.")
    count, length = texts.shape
    _check(version, mask, length)
    table = _table(version, mask, length)
    size = symbol_size(version)
    row_bytes = (size + 7) // 8
    packed = np.empty((count, size * row_bytes), dtype=np.uint8)
    for start in range(0, count, BLOCK_SYMBOLS):
        block = texts[start : start + BLOCK_SYMBOLS]
        words = _encode_block(table, block, start)
        packed[start : start + len(block)] = words.view(np.uint8)[:, : packed.shape[1]]
    return packed.reshape(count, size, row_bytes)


def unpack_symbol(packed: Octets) -> Matrix:
    """Turn one packed (size, row_bytes) matrix into (size, size) booleans."""
    size = packed.shape[0]
    return np.unpackbits(packed, axis=1)[:, :size].astype(np.bool_)


def _check(version: int, mask: int, length: int) -> None:
    if version not in _VERSIONS:
        raise ValueError(
            f"Versions 1 to {max(_VERSIONS)} are made here, not {version}."
        )
    if not 0 <= mask < MASKS:
        raise ValueError(f"Masks are 0 to {MASKS - 1}, not {mask}.")
    if not 1 <= length <= capacity(version):
        raise ValueError(
            f"Version {version} at level M holds 1 to {capacity(version)} characters, "
            f"not {length}."
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """The constant symbol, and a row for each value of each pair of characters."""

    constant: Words
    pairs: tuple[Words, ...]


def _encode_block(table: _Table, block: Octets, first_row: int) -> Words:
    values = _VALUE_OF[block]
    wrong = np.flatnonzero((values == _NOT_ALPHANUMERIC).any(axis=1))
    if wrong.size:
        raise ValueError(
            f"Text {first_row + int(wrong[0])} has a character that alphanumeric "
            "mode has not; upper-case links have none."
        )
    constant = table.constant.copy()
    gathered: list[tuple[Words, NDArray[np.intp]]] = []
    for place, rows in enumerate(table.pairs):
        at = values[:, 2 * place].astype(np.intp)
        if 2 * place + 1 < values.shape[1]:
            at = at * _BASE + values[:, 2 * place + 1]
        if (at == at[0]).all():
            constant ^= rows[at[0]]
        else:
            gathered.append((rows, at))
    words = np.empty((len(block), len(constant)), dtype=np.uint64)
    words[:] = constant
    row = np.empty_like(words)
    for rows, at in gathered:
        np.take(rows, at, axis=0, out=row, mode="clip")
        words ^= row
    return words


@lru_cache(maxsize=16)
def _table(version: int, mask: int, length: int) -> _Table:
    shape = _VERSIONS[version]
    order = _placement(version)
    bits = shape.blocks * shape.data * 8
    function = _function_patterns(version, mask)
    header = _bits(_MODE, 4) + _bits(length, _COUNT_BITS)
    after = len(header) + _text_bits(length)
    data = np.zeros(bits, dtype=np.uint8)
    data[: len(header)] = header
    # Terminator, zeros to a whole codeword, then padding codewords in turn.
    filled = -(-min(after + 4, bits) // 8) * 8
    for number, at in enumerate(range(filled, bits, 8)):
        data[at : at + 8] = _bits(_PADDING[number % 2], 8)
    masked = _mask_pattern(version, mask)
    constant = function.copy()
    for module, bit in zip(order, _codeword_bits(data, shape), strict=False):
        constant[module] = bit
    dark = np.zeros_like(constant)
    for module in order:
        dark[module] = masked[module]
    constant = constant ^ dark
    basis = _basis(shape, order, version, range(len(header), after))
    pairs = []
    for start in range(0, length, 2):
        width = _PAIR_BITS if start + 1 < length else _LAST_BITS
        count = _BASE * _BASE if width == _PAIR_BITS else _BASE
        pairs.append(_combine(basis[:width], count))
        basis = basis[width:]
    return _Table(_pack(constant), tuple(pairs))


def _text_bits(length: int) -> int:
    return length // 2 * _PAIR_BITS + length % 2 * _LAST_BITS


def _basis(
    shape: _Version, order: list[tuple[int, int]], version: int, places: range
) -> Words:
    """Give what each data bit turns over, one packed row a bit."""
    size = symbol_size(version)
    rows = []
    for place in places:
        data = np.zeros(shape.blocks * shape.data * 8, dtype=np.uint8)
        data[place] = 1
        matrix = np.zeros((size, size), dtype=np.uint8)
        for module, bit in zip(order, _codeword_bits(data, shape), strict=False):
            matrix[module] = bit
        rows.append(_pack(matrix))
    return np.stack(rows)


def _combine(basis: Words, count: int) -> Words:
    """XOR together, for each value below `count`, the rows of its set bits."""
    width = len(basis)
    rows = np.zeros((1 << width, basis.shape[1]), dtype=np.uint64)
    for bit in range(width):
        # The last basis row belongs to the least significant bit.
        done = 1 << bit
        rows[done : 2 * done] = rows[:done] ^ basis[width - 1 - bit]
    return np.ascontiguousarray(rows[:count])


def _pack(matrix: Octets) -> Words:
    """Pack a (size, size) matrix of bits as whole words, its rows on bytes."""
    octets = np.packbits(matrix, axis=1).reshape(-1)
    padded = np.zeros(-(-len(octets) // 8) * 8, dtype=np.uint8)
    padded[: len(octets)] = octets
    return padded.view(np.uint64)


def _bits(value: int, width: int) -> list[int]:
    return [value >> place & 1 for place in reversed(range(width))]


# Error correction (section 7.5) ------------------------------------------------------


def _codeword_bits(data: Octets, shape: _Version) -> list[int]:
    """Interleave data and error correction codewords; gives their bits in order."""
    codewords = np.packbits(data).tolist()
    blocks = [
        codewords[at : at + shape.data]
        for at in range(0, shape.blocks * shape.data, shape.data)
    ]
    corrections = [_correction(block, shape.correction) for block in blocks]
    ordered = [block[i] for i in range(shape.data) for block in blocks]
    ordered += [block[i] for i in range(shape.correction) for block in corrections]
    return [bit for codeword in ordered for bit in _bits(codeword, 8)]


def _correction(block: list[int], count: int) -> list[int]:
    """Divide by the generator polynomial; gives the remainder's `count` codewords."""
    generator = _generator(count)
    rest = [0] * count
    for codeword in block:
        factor = codeword ^ rest[0]
        rest = [*rest[1:], 0]
        rest = [r ^ _times(g, factor) for r, g in zip(rest, generator, strict=True)]
    return rest


@lru_cache(maxsize=8)
def _generator(count: int) -> tuple[int, ...]:
    """Multiply (x - 2^0) … (x - 2^(count - 1)), without the leading 1."""
    polynomial = [1]
    root = 1
    for _ in range(count):
        shifted = [*polynomial, 0]
        scaled = [0, *(_times(term, root) for term in polynomial)]
        polynomial = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
        root = _times(root, 2)
    return tuple(polynomial[1:])


def _times(a: int, b: int) -> int:
    """Multiply in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = a << 1, b >> 1
        if a >> 8:
            a ^= 0x11D
    return product


# Function patterns, placement and mask (sections 6.3, 7.7 to 7.9) ---------------------


def _function_patterns(version: int, mask: int) -> Octets:
    """Draw finders, timing, alignment, the dark module and format information."""
    size = symbol_size(version)
    matrix = np.zeros((size, size), dtype=np.uint8)
    matrix[6, ::2] = matrix[::2, 6] = 1
    finder = np.zeros((9, 9), dtype=np.uint8)
    finder[1:8, 1:8] = 1
    finder[2:7, 2:7] = 0
    finder[3:6, 3:6] = 1
    matrix[:8, :8] = finder[1:, 1:]
    matrix[:8, size - 8 :] = finder[1:, :8]
    matrix[size - 8 :, :8] = finder[:8, 1:]
    if version > 1:
        at = size - 9
        matrix[at : at + 5, at : at + 5] = 1
        matrix[at + 1 : at + 4, at + 1 : at + 4] = 0
        matrix[at + 2, at + 2] = 1
    matrix[size - 8, 8] = 1
    for place, bit in enumerate(reversed(_bits(_format_word(mask), 15))):
        first, second = _format_places(size, place)
        matrix[first] = matrix[second] = bit
    return matrix


def _format_word(mask: int) -> int:
    """Protect level and mask by the (15, 5) BCH code (annex C)."""
    data = _LEVEL_M << 3 | mask
    rest = data << 10
    for place in reversed(range(10, 15)):
        if rest >> place & 1:
            rest ^= 0x537 << (place - 10)
    return (data << 10 | rest) ^ 0x5412


def _format_places(size: int, place: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Tell where a bit of format information stands, 0 the least significant."""
    if place < 6:  # noqa: PLR2004 - figure 25
        first = (place, 8)
    elif place < 8:  # noqa: PLR2004 - figure 25, past the timing pattern
        first = (place + 1, 8)
    elif place == 8:  # noqa: PLR2004 - figure 25, the corner
        first = (8, 7)
    else:
        first = (8, 14 - place)
    if place < 8:  # noqa: PLR2004 - figure 25
        return first, (8, size - 1 - place)
    return first, (size - 15 + place, 8)


def _placement(version: int) -> list[tuple[int, int]]:
    """List the modules that carry codewords, in the order of their bits."""
    size = symbol_size(version)
    taken = np.zeros((size, size), dtype=np.bool_)
    taken[:9, :9] = taken[:9, size - 8 :] = taken[size - 8 :, :9] = True
    taken[6, :] = taken[:, 6] = True
    if version > 1:
        taken[size - 9 : size - 4, size - 9 : size - 4] = True
    order: list[tuple[int, int]] = []
    upwards = True
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        rows = range(size - 1, -1, -1) if upwards else range(size)
        for row in rows:
            order += [(row, col) for col in (right, right - 1) if not taken[row, col]]
        upwards = not upwards
    return order


def _mask_pattern(version: int, mask: int) -> Octets:
    """Draw the data mask pattern (table 10)."""
    size = symbol_size(version)
    i, j = np.indices((size, size))
    condition = (
        (i + j) % 2,
        i % 2,
        j % 3,
        (i + j) % 3,
        (i // 2 + j // 3) % 2,
        i * j % 2 + i * j % 3,
        (i * j % 2 + i * j % 3) % 2,
        ((i + j) % 2 + i * j % 3) % 2,
    )[mask]
    return np.asarray(condition == 0, dtype=np.uint8)
