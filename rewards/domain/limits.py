"""The most that may be taken of something, and whose taking counts together."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

# The period of a limit that has none, and who holds what everybody shares.
ALWAYS = date(1970, 1, 1)
EVERYBODY = 0


class Per(StrEnum):
    """Whose taking a limit counts together; those but `total` let more be had later."""

    TOTAL = "total"
    MEMBER = "member"
    DAY = "day"
    MEMBER_DAY = "member_day"


_OF_MEMBERS = frozenset({Per.MEMBER, Per.MEMBER_DAY})
_OF_DAYS = frozenset({Per.DAY, Per.MEMBER_DAY})


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be taken of a unit by one holder in one period."""

    limit_no: int
    per: Per
    most: int
    of_member: bool = field(init=False)
    by_day: bool = field(init=False)

    def __post_init__(self) -> None:
        """Know once what is asked for every scan."""
        object.__setattr__(self, "of_member", self.per in _OF_MEMBERS)
        object.__setattr__(self, "by_day", self.per in _OF_DAYS)

    def holder(self, member_no: int) -> int:
        """Tell whose row a member takes from."""
        return member_no if self.of_member else EVERYBODY

    def period(self, day: date) -> date:
        """Tell which row a business day takes from."""
        return day if self.by_day else ALWAYS
