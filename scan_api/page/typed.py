"""What is wrong with a code as somebody typed it; pure.

Nothing here asks whether a code is genuine. What it offers instead, U read as V, is
the same for every text, and whoever follows it looks at that code as at any other.
"""

from dataclasses import dataclass
from typing import Final

from codegen.domain.code_text import group, normalise
from codegen.domain.symbols import CODE_SYMBOLS

MAX_SHOWN: Final = 40
# No code has a U, and what looks like one is a V.
_MEANT: Final = str.maketrans("UuＵｕ", "VVVV")
_SYMBOL: Final = "0"


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of what was typed, and whether a code may have it."""

    text: str
    fits: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is not a code, and why; `wrong` are (place from 1, character)."""

    text: str
    symbols: int
    wrong: tuple[tuple[int, str], ...]
    meant: str | None

    @property
    def miscounted(self) -> bool:
        """Whether it has more or fewer symbols than a code."""
        return self.symbols != CODE_SYMBOLS

    @property
    def marks(self) -> list[Mark]:
        """Cut the text where it goes from right to wrong and back."""
        marks: list[Mark] = []
        for each in self.text:
            fits = _is_gap(each) or _is_symbol(each)
            if marks and marks[-1].fits == fits:
                marks[-1] = Mark(marks[-1].text + each, fits)
            else:
                marks.append(Mark(each, fits))
        return marks


def read_typed(text: str) -> Typed:
    """Find out what keeps a text from being a code; long ones are cut to be shown."""
    line = "".join(filter(str.isprintable, " ".join(text.split())))
    symbols = [each for each in line if not _is_gap(each)]
    wrong = tuple(
        (place, each)
        for place, each in enumerate(symbols, 1)
        if place <= MAX_SHOWN and not _is_symbol(each)
    )
    meant = normalise(text.translate(_MEANT))
    return Typed(line[:MAX_SHOWN], len(symbols), wrong, group(meant) if meant else None)


def _is_symbol(character: str) -> bool:
    """Tell whether a code may have it, in any of the ways that codes are typed."""
    return normalise(character * CODE_SYMBOLS) is not None


def _is_gap(character: str) -> bool:
    """Tell whether it only stands between the symbols of a code."""
    return normalise(_SYMBOL * CODE_SYMBOLS + character) is not None
