"""Shapes that JSON may have: what EPCIS 2.0 needs of JSON Schema (draft 7), no more."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final, Protocol

MAX_TOGETHER: Final = 100
_WORD_SHOWN: Final = 64
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


class Misshapen(ValueError):  # noqa: N818 - one value is wrong, not the program
    """A value has not its shape: where below it (RFC 6901), a code and a sentence."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.code = code
        self.detail = detail


class Shape(Protocol):
    """What a value has to be."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for a value of another shape."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text that matches a pattern as a whole; `is_` says what it is, for people."""

    is_: str = "text"
    pattern: re.Pattern[str] | None = None
    at_most: int | None = None

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, str):
            raise Misshapen("", "invalid", f"This is {_kind(value)}, not {self.is_}.")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise Misshapen("", "invalid", f"This is not {self.is_}.")
        if self.at_most is not None and len(value) > self.at_most:
            raise Misshapen("", "invalid", f"This is over {self.at_most} characters.")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and a time with its offset, of a day that the calendar has."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, str):
            raise Misshapen("", "invalid", f"This is {_kind(value)}, not a time.")
        try:
            read_moment(value)
        except ValueError as fault:
            raise Misshapen("", "invalid", f"{fault}.") from None


def read_moment(text: str) -> tuple[datetime, str]:
    """Read a time, to the second, and the digits of its fraction; raises ValueError."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        reason = "This is not a time with its offset, as in 2026-05-01T08:00:00+08:00"
        raise ValueError(reason)
    whole, fraction, offset = match.groups()
    try:
        return datetime.fromisoformat((whole + offset).upper()), fraction or ""
    except ValueError:
        reason = "The calendar has no such day"
        raise ValueError(reason) from None


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
            detail = f"{value[:_WORD_SHOWN]!a} is not a word of the standard."
            bare = re.split(r"[:/-]", value)[-1]
            raise Misshapen("", "invalid", detail + _suggest(bare, self.words))
        raise Misshapen("", "invalid", f"This is {_kind(value)}, not a word.")


@dataclass(frozen=True, slots=True)
class Number:
    """A number, never a yes or no."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise Misshapen("", "invalid", f"This is {_kind(value)}, not a number.")


@dataclass(frozen=True, slots=True)
class YesOrNo:
    """True or false."""

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, bool):
            raise Misshapen(
                "", "invalid", f"This is {_kind(value)}, not true or false."
            )


@dataclass(frozen=True, slots=True)
class Many:
    """A list whose items are of one shape."""

    of: Shape
    at_least: int = 0
    at_most: int | None = None

    def check(self, value: Any) -> None:
        """Raise Misshapen for anything else."""
        if not isinstance(value, list):
            raise Misshapen("", "invalid", f"This is {_kind(value)}, not a list.")
        if len(value) < self.at_least:
            raise Misshapen("", "invalid", "This list is empty.")
        if self.at_most is not None and len(value) > self.at_most:
            detail = f"This list has over {self.at_most:,} items."
            raise Misshapen("", "invalid", detail)
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
            raise Misshapen("", "invalid", f"This list has over {MAX_TOGETHER} items.")
        alike = any(item in others[:place] for place, item in enumerate(others))
        if alike or len(texts) + len(others) < len(value):
            raise Misshapen("", "invalid", "Something stands twice in this list.")


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes; `is_` names them, for people."""

    of: tuple[Shape, ...]
    is_: str

    def check(self, value: Any) -> None:
        """Raise Misshapen for what is none of them."""
        for shape in self.of:
            try:
                shape.check(value)
            except Misshapen:
                continue
            return
        raise Misshapen("", "invalid", f"This is not {self.is_}.")


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
            raise Misshapen("", "invalid", f"This is {_kind(value)}, not an object.")
        for name in self.required:
            if name not in value:
                raise Misshapen(f"/{name}", "required", f"There is no {name}.")
        if len(value) < self.at_least:
            raise Misshapen("", "required", f"Say {' or '.join(self.fields)}.")
        for name, inside in value.items():
            shape = self.fields.get(name)
            if shape is not None:
                _check_below(shape, inside, pointer_to(name))
            elif self.others is not Others.ANY:
                self._check_other(name)

    def _check_other(self, name: str) -> None:
        if self.others is Others.URIS and URI_PATTERN.fullmatch(name):
            return
        detail = f"{name[:_WORD_SHOWN]!a} is not a field of this."
        if self.others is Others.URIS:
            detail += " Fields of your own have a prefix, as in example:colour."
        at = pointer_to(name[:_WORD_SHOWN])
        suggestion = _suggest(name, self.fields)
        raise Misshapen(at, "unknown_field", detail + suggestion)


def pointer_to(name: str) -> str:
    """Point at a field of an object (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _check_below(shape: Shape, value: Any, at: str) -> None:
    try:
        shape.check(value)
    except Misshapen as wrong:
        raise Misshapen(at + wrong.pointer, wrong.code, wrong.detail) from None


_KINDS: Final = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "null (leave it out instead)",
}


def _kind(value: Any) -> str:
    return _KINDS[type(value)]


def _suggest(given: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    near = get_close_matches(given[:_WORD_SHOWN], sorted(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
