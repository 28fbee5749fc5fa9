"""The first line of a line report: which column says what, by name; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import FieldError
from core.messages import Message
from printer_export.domain.messages import message

MAX_NAMES_TOLD: Final = 50
_MAX_NAME: Final = 64
_FIRST_LINE: Final = "/1/1"
_NO_HEADER: Final = "no_header"
_STATUS: Final = "status"
_OPTIONAL: Final = ("reason", "grade")
# Blanks, and the byte order mark, which stands before the first name.
_AROUND: Final = "\ufeff \t\r\n"
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")


class Naming(StrEnum):
    """How a report names codes, by the columns that do it."""

    RANGES = "from_index,to_index"
    CODES = "code"
    UNITS = "unit,quantity"

    @property
    def columns(self) -> tuple[str, ...]:
        """List the columns."""
        return tuple(self.split(","))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a line each column stands, from 0; `width` is how many there are.

    `names` are those that name codes, in the order of their Naming. `passed_over` are
    the names of columns that nothing is read from.
    """

    naming: Naming
    width: int
    names: tuple[int, ...]
    status: int
    reason: int | None = None
    grade: int | None = None
    passed_over: tuple[str, ...] = ()


def read_header(fields: Sequence[str]) -> Columns | FieldError:
    """Find the columns by their names, in any order.

    Case, blanks, hyphens and a byte order mark are forgiven.
    """
    names = [_plain(field) for field in fields]
    known = {each for naming in Naming for each in naming.columns}
    known |= {_STATUS, *_OPTIONAL}
    twice = {name for name in names if name in known and names.count(name) > 1}
    if twice:
        return _wrong(message("column_twice", column=min(twice)))
    ways = [naming for naming in Naming if set(naming.columns) <= set(names)]
    if len(ways) > 1:
        return _wrong(message("columns_of_two_ways"))
    if _STATUS not in names:
        return _wrong(message("column_lacking", column=_STATUS))
    if not ways:
        halves = (n for n in Naming if set(n.columns) & set(names))
        lacking = {c for n in halves for c in n.columns} - set(names)
        if not lacking:
            return FieldError(_FIRST_LINE, _NO_HEADER, message("columns_needed"))
        return _wrong(message("column_lacking", column=min(lacking)))
    naming = ways[0]
    read = {*naming.columns, _STATUS, *_OPTIONAL}
    passed_over = [
        _shown(field)
        for name, field in zip(names, fields, strict=True)
        if name and name not in read
    ]
    at_reason, at_grade = (
        names.index(name) if name in names else None for name in _OPTIONAL
    )
    return Columns(
        naming,
        len(names),
        tuple(map(names.index, naming.columns)),
        names.index(_STATUS),
        at_reason,
        at_grade,
        tuple(passed_over[:MAX_NAMES_TOLD]),
    )


def count_known(fields: Sequence[str]) -> int:
    """Count how many of our names a first line has, to see how it is separated."""
    known = {each for naming in Naming for each in naming.columns}
    return len({_plain(field) for field in fields} & {*known, _STATUS, *_OPTIONAL})


def _plain(field: str) -> str:
    return _BETWEEN_WORDS.sub("_", field.strip(_AROUND)).lower()


def _shown(field: str) -> str:
    """Write a name of somebody else's so that it can be stored and shown."""
    text = field.strip(_AROUND)[:_MAX_NAME]
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _wrong(why: Message) -> FieldError:
    return FieldError(_FIRST_LINE, _NO_HEADER, message("columns_wrong", why=why))
