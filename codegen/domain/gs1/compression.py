"""Compressed GS1 Digital Links (GS1 Digital Link 1.1, its part on compression).

A link's identifiers and values as a string of bits in base64url: four bits a digit of
an identifier, or a code for several that often come together, then each part of a
value in as few bits as its kind allows.
"""

from math import ceil, log
from typing import Final

from codegen.domain.gs1.identifiers import IDENTIFIERS, Identifier

# Longer than any link that a symbol or a request line holds.
_MAX_CHARACTERS: Final = 1_024
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Final = {character: place for place, character in enumerate(_ALPHABET)}
_CHARACTER_BITS: Final = 6
_DIGIT_BITS: Final = 4
_KIND_BITS: Final = 3
_FOREIGN: Final = 15
_FOREIGN_LENGTH_BITS: Final = 7
_LAST_DIGIT: Final = 9
_LONGEST_AI: Final = 4


def _together() -> dict[str, tuple[str, ...]]:
    """List the codes of identifiers that come together, by their two hex digits."""
    found = {
        "0A": ("01", "22"),
        "0B": ("01", "10"),
        "0C": ("01", "21"),
        "0D": ("01", "17"),
        "0E": ("01", "7003"),
        "0F": ("01", "30"),
        "1A": ("01", "10", "21", "17"),
        "1B": ("01", "15"),
        "1C": ("01", "11"),
        "1D": ("01", "16"),
        "1E": ("01", "91"),
        "1F": ("01", "10", "15"),
        "9A": ("8010", "8011"),
        "9B": ("8017", "8019"),
        "9C": ("8018", "8019"),
        "9D": ("414", "254"),
    }
    # Weights in kilograms and pounds, by the places behind the comma.
    for place, letter in enumerate("ABCDEF"):
        found[f"2{letter}"] = ("01", f"310{place}")
        found[f"3{letter}"] = ("01", f"320{place}")
    for place in range(10):
        found[f"A{place}"] = ("01", f"392{place}")
        found[f"C{place}"] = ("255", f"390{place}")
    for place, letter in enumerate("ABCD"):
        found[f"C{letter}"] = ("255", f"394{place}")
    return found


_TOGETHER: Final = _together()


class _EndError(Exception):
    """The bits end too early, or say what no compressed link says."""


class _Bits:
    """Bits that are read from the left."""

    __slots__ = ("_number", "left")

    def __init__(self, text: str) -> None:
        number = 0
        for character in text:
            number = number << _CHARACTER_BITS | _VALUES[character]
        self._number = number
        self.left = len(text) * _CHARACTER_BITS

    def take(self, count: int) -> int:
        """Read a number of so many bits."""
        if count > self.left:
            raise _EndError
        self.left -= count
        return self._number >> self.left & ((1 << count) - 1)

    def take_characters(self, count: int, bits: int, alphabet: str) -> str:
        return "".join(alphabet[self.take(bits)] for _ in range(count))

    def take_digits(self, count: int) -> str:
        """Read a number of so many digits."""
        number = self.take(_bits_of_digits(count))
        digits = str(number) if number else ""
        if len(digits) > count:
            raise _EndError
        return digits.zfill(count)


def _bits_of_digits(count: int) -> int:
    """Give the bits of a number; that of no digits has one too."""
    return ceil(count * log(10) / log(2) + 0.01)


def decompress(text: str) -> tuple[tuple[str, str], ...] | None:
    """Give the identifiers and values of a compressed link; None when it is none.

    Names that are not GS1's are read over. Values are not checked.
    """
    if not 0 < len(text) <= _MAX_CHARACTERS or not _VALUES.keys() >= set(text):
        return None
    bits = _Bits(text)
    found: list[tuple[str, str]] = []
    try:
        # Less than a character's worth of zeros fills the last one up.
        while bits.left >= _CHARACTER_BITS:
            found += _take_entry(bits)
        if bits.take(bits.left):
            return None
    except _EndError:
        return None
    return tuple(found) or None


def _take_entry(bits: _Bits) -> list[tuple[str, str]]:
    first = bits.take(_DIGIT_BITS)
    if first == _FOREIGN:
        _take_foreign(bits)
        return []
    name = f"{first:X}{bits.take(_DIGIT_BITS):X}"
    together = _TOGETHER.get(name)
    if together is None:
        while name not in IDENTIFIERS:
            digit = bits.take(_DIGIT_BITS)
            if digit > _LAST_DIGIT or not name.isdigit() or len(name) == _LONGEST_AI:
                raise _EndError
            name += str(digit)
        together = (name,)
    return [(ai, _take_value(bits, IDENTIFIERS[ai])) for ai in together]


def _take_value(bits: _Bits, identifier: Identifier) -> str:
    return "".join(
        _take_part(bits, kind, shortest, longest)
        for kind, shortest, longest in _compressed_parts(identifier)
    )


def _compressed_parts(identifier: Identifier) -> list[tuple[str, int, int]]:
    """Join the parts of a value as compression does: kind, shortest and longest.

    Neighbours of one kind are one part, but what may be missing stands by itself.
    """
    joined: list[tuple[str, int, int]] = []
    loose = False
    for part in identifier.parts:
        kind = "N" if part.kind == "N" else "X"
        shortest = 0 if part.optional else part.shortest
        fixed = shortest == part.longest
        if joined and joined[-1][0] == kind and (kind == "X" or fixed or loose):
            last = joined.pop()
            joined.append((kind, last[1] + shortest, last[2] + part.longest))
        else:
            joined.append((kind, shortest, part.longest))
        loose = not fixed
    return joined


def _take_part(bits: _Bits, kind: str, shortest: int, longest: int) -> str:
    written = 0 if kind == "N" else bits.take(_KIND_BITS)
    length = longest
    if shortest != longest:
        length = bits.take(longest.bit_length())
        if length > longest:
            raise _EndError
    return _take_written(bits, written, length)


def _take_written(bits: _Bits, written: int, length: int) -> str:
    """Read characters that are written in one of five ways."""
    match written:
        case 0:
            return bits.take_digits(length)
        case 1:
            return bits.take_characters(length, 4, "0123456789abcdef")
        case 2:
            return bits.take_characters(length, 4, "0123456789ABCDEF")
        case 3:
            return bits.take_characters(length, _CHARACTER_BITS, _ALPHABET)
        case 4:
            return "".join(chr(bits.take(7)) for _ in range(length))
    raise _EndError


def _take_foreign(bits: _Bits) -> None:
    """Read over a name and value of a query that are not GS1's."""
    bits.take_characters(bits.take(_FOREIGN_LENGTH_BITS), _CHARACTER_BITS, _ALPHABET)
    written = bits.take(_KIND_BITS)
    _take_written(bits, written, bits.take(_FOREIGN_LENGTH_BITS))
