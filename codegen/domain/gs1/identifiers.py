"""GS1 application identifiers (AIs): what may stand behind each of them.

From the GS1 General Specifications, section 3, as GS1's Barcode Syntax Dictionary
tells it to programs. Values are checked for their length, their characters, their
check digits, days and times of day; lists that change (countries, currencies, company
prefixes) and which identifiers go together are nobody's business here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from codegen.domain.gs1.table import CHECKS, KEYS, TABLE
from codegen.domain.gtin import check_digit
from codegen.domain.messages import message
from core.messages import Message, WrongValueError

_CHARACTERS: Final = {
    "N": frozenset("0123456789"),
    # GS1 AI encodable character sets 82 and 39 (General Specifications, 7.11).
    "X": frozenset(
        "!\"%&'()*+,-./0123456789:;<=>?_"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    ),
    "Y": frozenset("#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    # base64url
    "Z": frozenset("-_=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
}
ENCODABLE: Final = _CHARACTERS["X"]
_WORDS: Final = {
    "N": message("digits"),
    "X": message("characters_of_gs1"),
    "Y": message("capitals"),
    "Z": message("letters_and_digits"),
}


class Gs1Error(WrongValueError):
    """Something breaks GS1's rules."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a value: what characters, from how many to how many."""

    kind: str
    shortest: int
    longest: int
    optional: bool
    check: str | None


@dataclass(frozen=True, slots=True)
class Identifier:
    """An application identifier.

    `predefined` values need no separator behind them; `attribute` says that it may
    stand in the query of a Digital Link. `qualifiers` are the ways to qualify it in a
    link, each in its only order, and None for what is no primary key.
    """

    ai: str
    parts: tuple[Part, ...]
    predefined: bool
    attribute: bool
    qualifiers: tuple[tuple[str, ...], ...] | None
    shortest: int = field(init=False)
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        """Sum the lengths up."""
        needed = sum(part.shortest for part in self.parts if not part.optional)
        object.__setattr__(self, "shortest", needed)
        object.__setattr__(self, "longest", sum(part.longest for part in self.parts))

    def fits(self, value: str) -> bool:
        """Tell whether a value has the lengths and the characters; looks no further."""
        if not self.shortest <= len(value) <= self.longest:
            return False
        return all(
            _CHARACTERS[part.kind].issuperset(piece) and len(piece) >= part.shortest
            for part, piece in self._cut(value)
        )

    def check(self, value: str) -> None:
        """Raise Gs1Error with what is wrong with a value."""
        if not self.fits(value):
            raise Gs1Error(self._tell_form())
        for part, piece in self._cut(value):
            if part.check is None:
                continue
            fault = _CHECKED_BY[part.check](piece)
            if fault is not None:
                raise Gs1Error(
                    message("value_wrong", ai=self.ai, value=value, why=fault)
                )

    def _cut(self, value: str) -> Iterator[tuple[Part, str]]:
        """Lay the parts on a value; an optional part that is not there is left out."""
        at = 0
        for part in self.parts:
            piece = value[at : at + part.longest]
            at += len(piece)
            if piece or not part.optional:
                yield part, piece

    def _tell_form(self) -> Message:
        kinds = {part.kind for part in self.parts}
        kind = kinds.pop() if len(kinds) == 1 else "X"
        length = str(self.longest)
        if self.shortest < self.longest:
            length = message("from_to", least=self.shortest, most=self.longest)
        return message(
            "value_of_length", ai=self.ai, length=length, characters=_WORDS[kind]
        )


def _check_sum(value: str) -> Message | None:
    expected = check_digit(value[:-1])
    if value[-1] == expected:
        return None
    return message("other_check_digit", expected=expected)


_PRIMES: Final = (
    *(2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67),
    *(71, 73, 79, 83),
)
_PAIR: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ORDER: Final = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    "abcdefghijklmnopqrstuvwxyz"
)


def _check_pair(value: str) -> Message | None:
    """Check the two last characters of a GMN (General Specifications, 7.9.5)."""
    body = value[:-2]
    if not body or len(body) > len(_PRIMES):
        return message("too_short_to_check")
    weights = _PRIMES[: len(body)][::-1]
    total = sum(
        _ORDER.index(character) * weight
        for character, weight in zip(body, weights, strict=True)
    )
    total %= 1021
    expected = _PAIR[total >> 5] + _PAIR[total & 31]
    if value[-2:] == expected:
        return None
    return message("other_check_characters", expected=expected)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _check_day(value: str) -> Message | None:
    # A leap year for the one that every fourth is: 2000 to 2099 have no other.
    found = _is_day(2000 + int(value[:2]), int(value[2:4]), int(value[4:]))
    return None if found else message("not_a_date", form="YYMMDD")


def _check_day_or_month(value: str) -> Message | None:
    """Let a day 00 be the whole month (General Specifications, 3.4.2)."""
    return _check_day(value[:4] + "01" if value.endswith("00") else value)


def _check_whole_day(value: str) -> Message | None:
    found = _is_day(int(value[:4]), int(value[4:6]), int(value[6:]))
    return None if found else message("not_a_date", form="YYYYMMDD")


def _check_time(value: str) -> Message | None:
    """Check hours and, where they are told, minutes."""
    hours, minutes = int(value[:2]), int(value[2:] or 0)
    if hours < 24 and minutes < 60:  # noqa: PLR2004 - a clock's
        return None
    return message("not_a_time")


def _check_sixty(value: str) -> Message | None:
    return None if int(value) < 60 else message("not_a_time")  # noqa: PLR2004 - minutes


_CHECKED_BY: Final[dict[str, Callable[[str], Message | None]]] = dict(
    zip(
        CHECKS,
        (
            _check_sum,
            _check_pair,
            _check_day_or_month,
            _check_day,
            _check_whole_day,
            _check_time,
            _check_sixty,
        ),
        strict=True,
    )
)


def _read_part(text: str) -> Part:
    """Read one part, such as `N6:day` or `[X..17]`."""
    form, _, check = text.strip("[]").partition(":")
    kind, least, most = form[0], form[1:].partition("..")[0], form.rpartition("..")[2]
    longest = int(most.lstrip("NXYZ"))
    shortest = int(least) if least else 1
    return Part(kind, shortest, longest, text.startswith("["), check or None)


def _numbers(text: str) -> Iterator[str]:
    """Spell `3100-3105` out."""
    for each in text.split():
        first, _, last = each.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield f"{number:0{len(first)}}"


def _read_table() -> dict[str, Identifier]:
    found: dict[str, Identifier] = {}
    for line in TABLE.strip().splitlines():
        form, _, numbers = line.partition("=")
        flags, *parts = form.split()
        for ai in _numbers(numbers):
            found[ai] = Identifier(
                ai,
                tuple(map(_read_part, parts)),
                predefined="*" in flags,
                attribute="?" in flags,
                qualifiers=KEYS.get(ai),
            )
    return found


IDENTIFIERS: Final = _read_table()
