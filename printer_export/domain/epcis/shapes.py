"""Shapes that JSON may have: what EPCIS 2.0 needs of JSON Schema (draft 7), no more."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final, Protocol

from core.messages import Message, WrongValueError
from printer_export.domain.messages import message

MAX_TOGETHER: Final = 100
_WORD_SHOWN: Final = 64
_TEXT: Final = message("a_text")
# RFC 3986. Possessive, so that no text is read twice; without addresses in brackets,
# which name nothing in a supply chain.
_SIGN: Final = r"[A-Za-z0-9._~!$&'()*+,;=:@-]"
_PART: Final = rf"(?:{_SIGN}++|%[0-9A-Fa-f]{{2}})*+"
_HOST: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]++|%[0-9A-Fa-f]{2})*+"
_USER: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]++|%[0-9A-Fa-f]{2})*+@"
_TAIL: Final = rf"(?:{_SIGN}++|[/?]|%[0-9A-Fa-f]{{2}})*+"
URI_PATTERN: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*+:"
    rf"(?://(?:{_USER})?+{_HOST}(?::[0-9]*+)?+(?:/{_PART})*+"
    rf"|(?!//)/?+{_PART}(?:/{_PART})*+)"
    rf"(?:\?{_TAIL})?+(?:\#{_TAIL})?+"
)
# RFC 3339, section 5.6.
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2})"
    r"(?:\.([0-9]+))?(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    re.IGNORECASE,
)


class Misshapen(WrongValueError):  # noqa: N818 - one value is wrong, not the program
    """A value has not its shape: where below it (RFC 6901), a code and a sentence."""

    def __init__(self, pointer: str, code: str, detail: Message) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.code = code


class Shape(Protocol):
    """What a value has to be."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for a value of another shape."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text that matches a pattern as a whole; `is_` says what it is, for people."""

    is_: Message = _TEXT
    pattern: re.Pattern[str] | None = None
    at_most: int | None = None

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, str):
            raise _unlike(value, self.is_)
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise _invalid(message("is_not_this", wanted=self.is_))
        if self.at_most is not None and len(value) > self.at_most:
            raise _invalid(message("over_characters", most=self.at_most))


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and a time with its offset, of a day that the calendar has."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, str):
            raise _unlike(value, message("a_time"))
        try:
            read_moment(value)
        except WrongValueError as fault:
            raise _invalid(fault.detail) from None


def read_moment(text: str) -> tuple[datetime, str]:
    """Read a time, to the second, and the digits of its fraction.

    Raises WrongValueError.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise WrongValueError(message("no_moment"))
    whole, fraction, offset = match.groups()
    try:
        return datetime.fromisoformat((whole + offset).upper()), fraction or ""
    except ValueError:
        raise WrongValueError(message("no_such_day")) from None


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a vocabulary, or a URI of somebody else's."""

    words: frozenset[str]
    ours: re.Pattern[str] | None = None

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if isinstance(value, str):
            if value in self.words:
                return
            is_ours = self.ours is not None and self.ours.match(value)
            if URI_PATTERN.fullmatch(value) and not is_ours:
                return
            word = ascii(value[:_WORD_SHOWN])
            near = _nearest(re.split(r"[:/-]", value)[-1], self.words)
            raise _invalid(
                message("no_word", word=word)
                if near is None
                else message("no_word_meant", word=word, near=near)
            )
        raise _unlike(value, message("a_word"))


@dataclass(frozen=True, slots=True)
class Number:
    """A number, never a yes or no."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _unlike(value, message("a_number"))


@dataclass(frozen=True, slots=True)
class YesOrNo:
    """True or false."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, bool):
            raise _unlike(value, message("a_truth"))


@dataclass(frozen=True, slots=True)
class Many:
    """A list whose items are of one shape."""

    of: Shape
    at_least: int = 0
    at_most: int | None = None

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, list):
            raise _unlike(value, message("a_list"))
        if len(value) < self.at_least:
            raise _invalid(message("empty_list"))
        if self.at_most is not None and len(value) > self.at_most:
            raise _invalid(message("long_list", most=self.at_most))
        for place, item in enumerate(value):
            _check_below(self.of, item, f"/{place}")


@dataclass(frozen=True, slots=True)
class Apart:
    """A list of which no two items are equal."""

    of: Many

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        self.of.check(value)
        texts = {item for item in value if isinstance(item, str)}
        others = [item for item in value if not isinstance(item, str)]
        if len(others) > MAX_TOGETHER:
            raise _invalid(message("long_list", most=MAX_TOGETHER))
        alike = any(item in others[:place] for place, item in enumerate(others))
        if alike or len(texts) + len(others) < len(value):
            raise _invalid(message("twice_in_list"))


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes; `is_` names them, for people."""

    of: tuple[Shape, ...]
    is_: Message

    def check(self, value: Any) -> None:
        """Raise Misshapen for what is none of them."""
        for shape in self.of:
            try:
                shape.check(value)
            except Misshapen:
                continue
            return
        raise _invalid(message("is_not_this", wanted=self.is_))


class Others(Enum):
    """What an object may hold beside its own fields."""

    NONE = "none"
    URIS = "uris"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object with some fields; in most, others may extend it under their URIs."""

    fields: Mapping[str, Shape]
    required: Sequence[str] = ()
    others: Others = Others.URIS
    at_least: int = 0

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, dict):
            raise _unlike(value, message("an_object"))
        for name in self.required:
            if name not in value:
                told = message("field_lacking", field=name)
                raise Misshapen(f"/{name}", "required", told)
        if len(value) < self.at_least:
            told = message("some_field_lacking", fields=", ".join(self.fields))
            raise Misshapen("", "required", told)
        for name, inside in value.items():
            shape = self.fields.get(name)
            if shape is not None:
                _check_below(shape, inside, pointer_to(name))
            elif self.others is not Others.ANY:
                self._check_other(name)

    def _check_other(self, name: str) -> None:
        own = self.others is Others.URIS
        if own and URI_PATTERN.fullmatch(name):
            return
        field, near = ascii(name[:_WORD_SHOWN]), _nearest(name, self.fields)
        if near is None:
            told = message("no_own_field" if own else "no_field", field=field)
        else:
            told = message(
                "no_own_field_meant" if own else "no_field_meant",
                field=field,
                near=near,
            )
        raise Misshapen(pointer_to(name[:_WORD_SHOWN]), "unknown_field", told)


def pointer_to(name: str) -> str:
    """Point at a field of an object (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _check_below(shape: Shape, value: Any, at: str) -> None:
    try:
        shape.check(value)
    except Misshapen as wrong:
        raise Misshapen(at + wrong.pointer, wrong.code, wrong.detail) from None


_KINDS: Final = {
    bool: message("a_truth"),
    int: message("a_number"),
    float: message("a_number"),
    str: _TEXT,
    list: message("a_list"),
    dict: message("an_object"),
    type(None): message("a_null"),
}


def _invalid(told: Message) -> Misshapen:
    return Misshapen("", "invalid", told)


def _unlike(value: Any, wanted: Message) -> Misshapen:
    return _invalid(message("is_not", kind=_KINDS[type(value)], wanted=wanted))


def _nearest(given: str, known: Mapping[str, Any] | frozenset[str]) -> str | None:
    """Give the word that is most like what was given; None where none is."""
    near = get_close_matches(given[:_WORD_SHOWN], sorted(known), n=1)
    return near[0] if near else None
