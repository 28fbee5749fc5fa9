"""What scanners, chats, office programs and input methods put around a code; pure."""

import re
import unicodedata
from typing import Final

from codegen.domain.gs1.element_string import SEPARATOR

_LAST_OF_TWO_BYTES: Final = 0x10000
_TAGS: Final = range(0xE0000, 0xE0080)
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
_TO_ASCII: Final = 0xFEE0
# Letters that show nothing, and what chooses how the sign before it looks.
_BLANK_LETTERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
_SELECTORS: Final = range(0xFE00, 0xFE10)
_SIGNS: Final = {
    ".": "\u3002\uff61",
    ",": "\u3001\uff64\u060c",
    '"': "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a"
    "\u300c\u300d\u300e\u300f\u3008\u3009\u300a\u300b\u3010\u3011\u3014\u3015\u301d"
    "\u301e\u301f\ufe41\ufe42\ufe43\ufe44",
    "/": "\u2044\u2215\u29f8",
    ":": "\u2236\ufe55\ufe13",
    SEPARATOR: "\u241d",
}
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"


def _folding() -> dict[int, str | None]:
    """Map what is not plain ASCII to what it stands for: a sign, a space, nothing."""
    table: dict[int, str | None] = {}
    for point in (*range(_LAST_OF_TWO_BYTES), *_TAGS):
        category = unicodedata.category(chr(point))
        if category in {"Cc", "Cf"} or point in _SELECTORS:
            table[point] = None
        elif category == "Zs":
            table[point] = " "
    table |= dict.fromkeys(map(ord, _BLANK_LETTERS))
    table |= {ord(line): "\n" for line in "\n\r\x0b\x0c\x85\u2028\u2029"}
    table |= {ord("\t"): "\t", ord(SEPARATOR): SEPARATOR}
    table |= {point: chr(point - _TO_ASCII) for point in _FULL_WIDTH}
    for sign, written in _SIGNS.items():
        table |= {ord(each): sign for each in written}
    return table | {ord(each): "-" for each in _HYPHENS}


_FOLDED: Final = _folding()

# How programs spell a separator, a line or a slash that they would rather not send.
_SPELLED: Final = {
    **{
        opened + name + closed: SEPARATOR
        for name in ("gs", "fnc1", "0x1d")
        for opened, closed in ("{}", "<>", "[]", "()")
    },
    r"\x1d": SEPARATOR,
    r"\u001d": SEPARATOR,
    r"\035": SEPARATOR,
    "&#29;": SEPARATOR,
    "&#x1d;": SEPARATOR,
    r"\n": "\n",
    r"\r": "\n",
    r"\t": "\t",
    r"\/": "/",
}
_ANY_SPELLED: Final = re.compile("|".join(map(re.escape, _SPELLED)), re.IGNORECASE)
# What scanners send before what they read (ISO/IEC 15424), such as `]Q1`.
_SYMBOLOGY: Final = re.compile(r"(?<![0-9A-Za-z])(?:\][A-Za-z][0-9A-Za-z])+")


def unwrap(text: str) -> str:
    """Fold a text to what it stands for; separators of GS1 stay as ASCII 29.

    Controls, symbology identifiers and marks that nobody sees are left out, full-width
    characters and typographic quotes become plain ones, all spaces are of one kind.
    """
    text = text.translate(_FOLDED)
    text = _ANY_SPELLED.sub(lambda spelled: _SPELLED[spelled[0].lower()], text)
    return _SYMBOLOGY.sub(" ", text) if "]" in text else text
