"""Names that people and programs write differently and mean alike; pure.

A name is kept tidy, as it is shown, and compared folded. Two that look alike are one:
whatever they differ by in blanks, case, composition, width or invisible marks.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Generic, TypeVar

Kept = TypeVar("Kept")

_BLANKS: Final = re.compile(r"\s+")


def tidy(name: str) -> str:
    """Give a name as it is kept: composed, without what nobody sees or means.

    Marks without a width are left out (Unicode's category Cf: joiners, directions,
    soft hyphens, byte order marks), blanks at the ends too, and others are one space.
    """
    if name.isascii():
        return _BLANKS.sub(" ", name).strip()
    # Composed at last, since what stood on both sides of a mark may compose.
    composed = unicodedata.normalize("NFC", _without_marks(name))
    return _BLANKS.sub(" ", composed).strip()


def fold(name: str) -> str:
    """Give what two names have in common that are one (UAX 15 and UAX 31's NFKC_CF).

    Folding may leave what composes, as a letter and an accent whose blank is gone, and
    composing what folds: it is done until nothing changes.
    """
    folded = _BLANKS.sub("", _without_marks(name))
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return folded if folded == name else fold(folded)


def _without_marks(name: str) -> str:
    return "".join(c for c in name if unicodedata.category(c) != "Cf")


def are_one(name: str, other: str) -> bool:
    """Tell whether two names are one, as for four eyes."""
    return fold(name) == fold(other)


class ByName(Generic[Kept]):
    """Things by their names, which are found however they are written."""

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        """Take things by the names that they are kept under."""
        self._kept = kept
        self._folded: dict[str, list[Kept]] | None = None

    def find(self, name: str) -> Kept | None:
        """Find what has a name as it is written, or else the only one that is alike.

        Old data may hold names that are alike; those are found as written only.
        """
        if name in self._kept:
            return self._kept[name]
        if self._folded is None:
            self._folded = {}
            for known, each in self._kept.items():
                self._folded.setdefault(fold(known), []).append(each)
        alike = self._folded.get(fold(name), [])
        return alike[0] if len(alike) == 1 else None


def spelled_as(known: Iterable[str], name: str) -> str:
    """Spell a name as it is known already, or else tidily."""
    folded = fold(name)
    return next((each for each in known if fold(each) == folded), tidy(name))
