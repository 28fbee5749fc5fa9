"""A report of a suspected fake; pure."""

import re
from dataclasses import dataclass
from typing import Final

from codegen.domain.symbols import ALPHABET

REFERENCE_SYMBOLS: Final = 8
MAX_NOTE: Final = 500
MAX_PLACE: Final = 100
MAX_SEEN: Final = 256
# Of one network or member, and of everybody together.
MOST_AN_HOUR: Final = 20
ALL_AN_HOUR: Final = 2_000

_GAPS: Final = re.compile(r"[\s-]")
_READ_AS: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class FakeReport:
    """What somebody takes for a fake; `seen` is what was read, unless it is ours.

    Nothing says who it was. `report_id` tells the time.
    """

    report_id: int
    reference: str
    code_id: int | None
    seen: str | None
    brand: str | None
    place: str
    note: str
    language: str


def make_reference(number: int) -> str:
    """Write a number as a reference that can be told by telephone."""
    symbols = ""
    for _ in range(REFERENCE_SYMBOLS):
        number, symbol = divmod(number, len(ALPHABET))
        symbols += ALPHABET[symbol]
    return symbols


def read_reference(text: str) -> str | None:
    """Read a reference as somebody typed it; None for what cannot be one."""
    symbols = _GAPS.sub("", text).upper().translate(_READ_AS)
    if len(symbols) == REFERENCE_SYMBOLS and not symbols.strip(ALPHABET):
        return symbols
    return None


def show_reference(reference: str) -> str:
    """Write a reference as people read it: XXXX-XXXX."""
    return f"{reference[:4]}-{reference[4:]}"
