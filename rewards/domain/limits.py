"""The most that may be taken of something, and whose taking counts together."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from core.bounds import MAX_POINTS

# The period of a limit that has none, and who holds what everybody shares.
ALWAYS: Final = date(1970, 1, 1)
EVERYBODY: Final = 0


class Per(StrEnum):
    """Whose taking a limit counts together; those but `total` let more be had later."""

    TOTAL = "total"
    MEMBER = "member"
    DAY = "day"
    MEMBER_DAY = "member_day"
    REGION_DAY = "region_day"


class Counts(StrEnum):
    """What a limit counts: units of an account, scans that were paid, or rewards."""

    POINTS = "points"
    MINOR = "minor"
    CLAIMS = "claims"
    AWARDS = "awards"


_OF_MEMBERS: Final = frozenset({Per.MEMBER, Per.MEMBER_DAY})
_OF_DAYS: Final = frozenset({Per.DAY, Per.MEMBER_DAY, Per.REGION_DAY})
_OF_AMOUNTS: Final = frozenset({Counts.POINTS, Counts.MINOR})


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be taken by one holder in one period."""

    limit_no: int
    per: Per
    most: int
    counts: Counts = Counts.POINTS
    of_member: bool = field(init=False)
    by_day: bool = field(init=False)
    by_amount: bool = field(init=False)
    # Several rewards of one scan take once.
    once: bool = field(init=False)

    def __post_init__(self) -> None:
        """Know once what is asked for every scan."""
        object.__setattr__(self, "of_member", self.per in _OF_MEMBERS)
        object.__setattr__(self, "by_day", self.per in _OF_DAYS)
        object.__setattr__(self, "by_amount", self.counts in _OF_AMOUNTS)
        object.__setattr__(self, "once", self.counts is Counts.CLAIMS)

    def holder(self, member_no: int, region: int = EVERYBODY) -> int:
        """Tell whose row a member takes from, who is in a region (number_region)."""
        if self.of_member:
            return member_no
        return region if self.per is Per.REGION_DAY else EVERYBODY

    def period(self, day: date) -> date:
        """Tell which row a business day takes from."""
        return day if self.by_day else ALWAYS


def count_claim(counter: int, claim_no: int | None = None) -> Limit:
    """Make the limit that counts a claim of a member, which is their `claim_no`th.

    It has no room once the member has claimed meanwhile; None has room always.
    """
    return Limit(counter, Per.MEMBER, claim_no or MAX_POINTS, Counts.CLAIMS)


def number_region(region: str | None) -> int:
    """Give the holder that a region's rows have; below zero, where nobody else is.

    Who is nowhere known is all in one region.
    """
    digest = hashlib.sha256((region or "").encode()).digest()
    return -1 - (int.from_bytes(digest[:8], "big") >> 2)
