"""What a value from outside may be, the same at every door and in every table; pure.

Days and moments lie where the arithmetic of Python, PostgreSQL and every calendar on
the way holds them: a shelf life can be added, a time zone applied. Migration 0017 has
the same bounds as constraints.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Final

import msgspec

from core.errors import FieldError, InvalidInput, NotFound
from core.names import tidy
from core.sentences import message

DAY_MIN: Final = date(2000, 1, 1)
DAY_MAX: Final = date(2199, 12, 31)
MOMENT_MIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
MOMENT_MAX: Final = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
MAX_SHELF_LIFE_DAYS: Final = 36_500
# A bigint of PostgreSQL.
MAX_INTEGER: Final = (1 << 63) - 1
# Sums of so many points, from every cap of an epoch, still fit a bigint.
MAX_POINTS: Final = 10**15
MAX_TEXT: Final = 64
MAX_SENTENCE: Final = 500
# How many entries a list gives at once.
MAX_PAGE: Final = 200
# How many wrong values an answer names.
MAX_FAULTS: Final = 100

# What programs write where they have no date: the first day of .NET and Java, of
# spreadsheets and of Unix, and the last one that there is.
_NO_DATE: Final = frozenset(
    {
        date(1, 1, 1),
        date(1899, 12, 30),
        date(1899, 12, 31),
        date(1900, 1, 1),
        date(1970, 1, 1),
        date(9999, 12, 31),
    }
)
# Controls of C0 and C1, which no label, file or page can show, and halves of surrogate
# pairs, which no UTF-8 can hold. Prose may have lines and tabs.
_NEVER: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff"
_NOT_IN_PROSE: Final = re.compile(f"[{_NEVER}]")
_NOT_IN_LINES: Final = re.compile(rf"[{_NEVER}\t\n\r]")


def check_day(pointer: str, day: date | None) -> Iterable[FieldError]:
    """Say what is wrong with a day; None is nobody's fault."""
    if day is None or DAY_MIN <= day <= DAY_MAX:
        return
    yield _out_of_time(pointer, day, {day})


def check_span(
    first: tuple[str, date | None], last: tuple[str, date | None]
) -> Iterable[FieldError]:
    """Say what is wrong with a span of days, each told with its pointer."""
    for pointer, day in (first, last):
        yield from check_day(pointer, day)
    (pointer, start), (end_pointer, end) = first, last
    if start is not None and end is not None and end < start:
        detail = message(
            "out_of_order",
            name=_name(pointer),
            given=start.isoformat(),
            end_name=_name(end_pointer),
            end=end.isoformat(),
        )
        yield FieldError(end_pointer, "out_of_order", detail)


def check_moment(pointer: str, at: datetime | None) -> Iterable[FieldError]:
    """Say what is wrong with a moment; it comes with its offset."""
    if at is None:
        return
    if at.tzinfo is None:
        yield FieldError(pointer, "no_offset", message("no_offset"))
    elif not MOMENT_MIN <= at <= MOMENT_MAX:
        # The day as it was written, which may have no name in UTC.
        days = {at.date()}
        if at.timestamp() == 0:
            days.add(date(1970, 1, 1))
        yield _out_of_time(pointer, at, days)


def _out_of_time(pointer: str, given: date, days: set[date]) -> FieldError:
    name, written = _name(pointer), given.isoformat()
    if days & _NO_DATE:
        detail = message("no_date", name=name, given=written)
        return FieldError(pointer, "no_date", detail)
    first, last = DAY_MIN.isoformat(), DAY_MAX.isoformat()
    detail = message("out_of_time", name=name, given=written, first=first, last=last)
    return FieldError(pointer, "out_of_range", detail)


def check_integer(pointer: str, number: int | None) -> Iterable[FieldError]:
    """Say so when no bigint can hold a number."""
    if number is not None and abs(number) > MAX_INTEGER:
        detail = message("too_large", name=_name(pointer))
        yield FieldError(pointer, "out_of_range", detail)


def check_float(pointer: str, number: float) -> Iterable[FieldError]:
    """Say so when a number is none, or has no end."""
    if not math.isfinite(number):
        detail = message("not_a_number", name=_name(pointer))
        yield FieldError(pointer, "out_of_range", detail)


def check_text(
    pointer: str, text: str | None, *, most: int | None = None
) -> Iterable[FieldError]:
    """Say what is wrong with one line of text."""
    return _check_text(pointer, text, _NOT_IN_LINES, most)


def check_prose(
    pointer: str, text: str | None, *, most: int | None = None
) -> Iterable[FieldError]:
    """Say what is wrong with text that people wrote, which may have several lines."""
    return _check_text(pointer, text, _NOT_IN_PROSE, most)


def _check_text(
    pointer: str, text: str | None, forbidden: re.Pattern[str], most: int | None
) -> Iterable[FieldError]:
    if text is None:
        return
    if most is not None and len(text) > most:
        length = len(text)
        detail = message("too_long", name=_name(pointer), length=length, most=most)
        yield FieldError(pointer, "too_long", detail)
    elif found := forbidden.search(text):
        detail = message(
            "unstorable",
            name=_name(pointer),
            character=ord(found[0]),
            place=found.start() + 1,
        )
        yield FieldError(pointer, "unstorable", detail)


def check_blank(pointer: str, text: str | None) -> Iterable[FieldError]:
    """Say so when a text has nothing that anybody sees."""
    if text is not None and not tidy(text):
        detail = message("blank", name=_name(pointer))
        yield FieldError(pointer, "blank", detail)


def is_plain(text: str) -> bool:
    """Tell whether a line of text has only characters that can be stored and shown."""
    return _NOT_IN_LINES.search(text) is None


def read_id(text: str) -> int | None:
    """Read a number that the database gave out; None for what cannot be one."""
    # The length first: Python refuses to read thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_INTEGER))):
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None


def check_path(numbers: Iterable[object]) -> None:
    """Raise NotFound for an address with a number that the database gave nobody."""
    for number in numbers:
        if isinstance(number, int) and abs(number) > MAX_INTEGER:
            raise NotFound(message("number_too_large"))


def refuse(faults: Iterable[FieldError]) -> None:
    """Raise InvalidInput when anything is wrong."""
    errors = tuple(error for error, _ in zip(faults, range(MAX_FAULTS), strict=False))
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)


_CHECKS: Final[dict[type, Callable[[str, Any], Iterable[FieldError]]]] = {
    str: check_text,
    int: check_integer,
    float: check_float,
    date: check_day,
    datetime: check_moment,
}


def check_values(value: object) -> list[FieldError]:
    """Say what is wrong with a value and with all that is in it, at any depth.

    Structs and dataclasses are gone through by the names that callers use.
    """
    faults: list[FieldError] = []
    _look_into(value, "", faults, prose=False)
    return faults


def _look_into(
    value: Any, pointer: str, faults: list[FieldError], *, prose: bool
) -> None:
    kind = type(value)
    if kind in _CHECKS:
        check = check_prose if prose and kind is str else _CHECKS[kind]
        faults += check(pointer, value)
    elif isinstance(value, tuple | list):
        if not _all_plain(value):
            for place, each in enumerate(value):
                _look_into(each, f"{pointer}/{place}", faults, prose=prose)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _look_into(each, f"{pointer}/{name}", faults, prose=prose)
    else:
        _look_into_parts(value, pointer, faults, prose=prose)


def _look_into_parts(
    value: object, pointer: str, faults: list[FieldError], *, prose: bool
) -> None:
    kind: Any = type(value)
    later = getattr(kind, "judged_later", Body.judged_later)
    for told, name in _parts_of(kind):
        if name not in later:
            # No name has a slash, which RFC 6901 would escape.
            lines = prose or name in getattr(kind, "prose", Body.prose)
            _look_into(getattr(value, name), f"{pointer}/{told}", faults, prose=lines)


def _all_plain(values: Sequence[object]) -> bool:
    """Tell whether all are texts and fine: thousands of codes are one look."""
    try:
        return is_plain("".join(values))  # type: ignore[arg-type] # that is the question
    except TypeError:
        return False


@cache
def _parts_of(kind: Any) -> tuple[tuple[str, str], ...]:
    """List the fields of a kind of value, each as callers name it and as we do."""
    if issubclass(kind, msgspec.Struct):
        return tuple(
            zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
        )
    if is_dataclass(kind):
        return tuple((field.name, field.name) for field in fields(kind))
    return ()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller sends: read only if each value in it lies within the bounds.

    Raises InvalidInput, which points at each value that does not. `prose` names the
    fields that may have several lines, `judged_later` those that a route itself judges
    by a stricter rule. Every other text is kept tidy (core.names).
    """

    prose: ClassVar[frozenset[str]] = frozenset()
    judged_later: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        """Look at every value, at any depth, and tidy the texts."""
        refuse(check_values(self))
        faults: list[FieldError] = []
        _tidy(self, "", faults)
        refuse(faults)


def _tidy(value: Any, pointer: str, faults: list[FieldError]) -> Any:
    """Give a value with its texts tidied; structs are changed as they are made."""
    if isinstance(value, str) and not isinstance(value, StrEnum):
        tidied = tidy(value)
        if value:
            faults += check_blank(pointer, value)
        return tidied
    if isinstance(value, tuple):
        return tuple(
            _tidy(each, f"{pointer}/{place}", faults)
            for place, each in enumerate(value)
        )
    if isinstance(value, msgspec.Struct):
        kind: Any = type(value)
        kept = getattr(kind, "prose", Body.prose) | getattr(
            kind, "judged_later", Body.judged_later
        )
        for told, name in _parts_of(kind):
            if name not in kept:
                given = getattr(value, name)
                tidied = _tidy(given, f"{pointer}/{told}", faults)
                if tidied is not given:
                    msgspec.structs.force_setattr(value, name, tidied)
    return value


def _name(pointer: str) -> str:
    """Name a field as its caller does."""
    return pointer.removeprefix("/").replace("/", ".") or message("the_value")
