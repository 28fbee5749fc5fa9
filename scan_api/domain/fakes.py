"""A report of a suspected fake; pure."""

from dataclasses import dataclass
from typing import Final

from codegen.domain.code_text import group, read_symbols
from codegen.domain.symbols import ALPHABET

REFERENCE_SYMBOLS: Final = 8
MAX_NOTE: Final = 500
MAX_PLACE: Final = 100
MAX_SEEN: Final = 256
# Of one network or member, and of everybody together.
MOST_AN_HOUR: Final = 20
ALL_AN_HOUR: Final = 2_000


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
    return read_symbols(text, REFERENCE_SYMBOLS)


def show_reference(reference: str) -> str:
    """Write a reference as people read it: XXXX-XXXX."""
    return group(reference)
