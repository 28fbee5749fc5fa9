"""What stands in the fields of a form, and what is wrong with which; pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from console.frame.amounts import read_amount
from console.frame.messages import message
from core.bounds import MAX_TEXT, check_text
from core.errors import FieldError, InvalidInput
from core.moments import local_text
from core.names import tidy

Choice = TypeVar("Choice", bound=StrEnum)
# By the names of fields.
Faults = dict[str, list[FieldError]]
# How a beginning or an end is read (core.moments): (pointer, text, timezone).
ReadMoment = Callable[[str, str | None, ZoneInfo], datetime | None]

MILLION: Final = 1_000_000
_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?\s*%?", re.ASCII)


def local_moment(day: str, time: str, timezone: ZoneInfo) -> str:
    """Put a day and a time of the brand's clock together; without one it is the day."""
    return local_text(f"{day}T{time}", timezone) if day and time else day


def place_errors(fault: InvalidInput, fields: Mapping[str, str]) -> Faults:
    """Tell by field what a pipeline finds wrong, by the names of JSON pointers.

    What is not named stands in the field that the pointer ends with.
    """
    faults: Faults = {}
    for error in fault.errors:
        name = fields.get(error.pointer) or error.pointer.rpartition("/")[2]
        faults.setdefault(name, []).append(error)
    return faults


@dataclass(slots=True)
class Reader:
    """Reads texts of fields, and remembers what is wrong with which."""

    faults: Faults = field(default_factory=dict)

    def note(self, name: str, error: FieldError) -> None:
        """Remember what is wrong with a field."""
        self.faults.setdefault(name, []).append(error)

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Remember what a reader of one value complains of."""
        try:
            yield
        except InvalidInput as fault:
            for error in fault.errors:
                self.note(name, error)

    def text(self, name: str, given: str) -> str:
        """Read one line that has to be there."""
        tidied = tidy(given)
        if not tidied:
            self.need(name)
        for error in check_text(name, tidied, most=MAX_TEXT):
            self.note(name, error)
        return tidied

    def number(self, name: str, given: str, least: int, most: int) -> int | None:
        """Read a whole number; None where there is none."""
        digits = given.replace(",", "").replace("，", "")
        if not digits:
            return None
        fits = digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))
        if not fits or not least <= int(digits) <= most:
            told = message("number_between", given=given[:20], least=least, most=most)
            self.note(name, FieldError(name, "out_of_range", told))
            return None
        return int(digits)

    def need(self, name: str) -> None:
        """Remember that something is missing there."""
        self.note(name, FieldError(name, "required", message("fill_in")))

    def needed(self, name: str, given: str, least: int, most: int) -> int:
        """Read a whole number that has to be there; `least` stands for a wrong one."""
        if not given.strip():
            self.need(name)
        number = self.number(name, given.strip(), least, most)
        return least if number is None else number

    def choice(self, name: str, given: str, kinds: type[Choice]) -> Choice | None:
        """Read one of a few words."""
        try:
            return kinds(given)
        except ValueError:
            self.note(name, FieldError(name, "invalid", message("fill_in")))
            return None

    def money(self, name: str, given: str) -> int | None:
        """Read yuan, in hundredths; None where there are none."""
        try:
            return read_amount(f"/{name}", given.replace(",", ""))
        except InvalidInput as fault:
            self.note(name, fault.errors[0])
            return None

    def moment(
        self, name: str, day: str, time: str, read: ReadMoment, timezone: ZoneInfo
    ) -> datetime | None:
        """Read a day that has to be there, perhaps with a time of the brand's clock."""
        text = local_moment(self.text(name, day), time, timezone)
        try:
            return read(f"/{name}", text or None, timezone)
        except InvalidInput as fault:
            self.faults.setdefault(name, []).extend(fault.errors)
            return None

    def share(self, name: str, given: str) -> int | None:
        """Read percents, of a million."""
        if not given.strip():
            self.need(name)
            return None
        found = _PERCENT.fullmatch(given)
        whole = 0 if found is None else int(found[1]) * 10_000
        part = 0 if found is None else int((found[2] or "").ljust(4, "0"))
        if found is None or not 0 < whole + part <= MILLION:
            told = message("no_percent", given=given[:20])
            self.note(name, FieldError(name, "invalid", told))
            return None
        return whole + part
