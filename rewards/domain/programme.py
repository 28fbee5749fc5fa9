"""The programme: until when points are good, and how they are taken back; pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from core.errors import FieldError
from rewards.domain.messages import message

MAX_MONTHS: Final = 120
_DAY_OF_YEAR: Final = re.compile(r"(\d\d)-(\d\d)\Z")
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Clawback(StrEnum):
    """What of a reward that turns out wrong is taken back.

    What still waits for a review; of what was posted as much as the member has; or all,
    and what is missing is owed.
    """

    PENDING_ONLY = "pending_only"
    WITHIN_BALANCE = "within_balance"
    DEBT = "debt"


class ProgrammeState(StrEnum):
    """How far a version has come; one at most is active."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class ProgrammeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the programme promises; without either end points never expire.

    `points_expire_on` is a day of each year, as MM-DD.
    """

    points_valid_months: Annotated[int, msgspec.Meta(ge=1, le=MAX_MONTHS)] | None = None
    points_expire_on: Annotated[str, msgspec.Meta(max_length=5)] | None = None
    clawback: Clawback = Clawback.WITHIN_BALANCE

    def expires_on(self, day: date) -> date | None:
        """Tell the last day on which points of a business day are good; None: for ever.

        The end of a month so many months on, or the first such day of a year that is
        still to come: few days, so that a member has few lots.
        """
        if self.points_valid_months is not None:
            months = day.year * 12 + day.month - 1 + self.points_valid_months
            year, month = months // 12, months % 12 + 1
            return date(year, month, monthrange(year, month)[1])
        if self.points_expire_on is not None:
            this_year = _day_of(day.year, self.points_expire_on)
            if day < this_year:
                return this_year
            return _day_of(day.year + 1, self.points_expire_on)
        return None

    def find_faults(self) -> list[FieldError]:
        """Tell what makes no sense."""
        pointer, word = "/points_expire_on", self.points_expire_on
        if word is None:
            return []
        if self.points_valid_months is not None:
            return [FieldError(pointer, "two_ends", message("points_end_twice"))]
        found = _DAY_OF_YEAR.match(word)
        if found is None or not 1 <= int(found[1]) <= len(_DAYS):
            return [FieldError(pointer, "invalid", message("no_day_of_year"))]
        if not 1 <= int(found[2]) <= _DAYS[int(found[1]) - 1]:
            return [FieldError(pointer, "invalid", message("no_day_of_year"))]
        return []


def _day_of(year: int, word: str) -> date:
    """Tell a day of a year; 29 February is the 28th where there is none."""
    month, day = map(int, word.split("-"))
    return date(year, month, min(day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class ProgrammeVersion:
    """A version of the programme, and who took which step."""

    version: int
    state: ProgrammeState
    terms: ProgrammeTerms
    created_by: str
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


# What holds until two persons say otherwise.
NO_PROGRAMME: Final = ProgrammeTerms()
