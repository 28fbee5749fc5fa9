"""Dealers whose goods turn up where they are not to be sold (窜货); pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

# The job that counts them.
JOB: Final = "dealers"
# Over so many business days, that of the latest claim included.
WINDOW_D: Final = 7
# From where on a dealer is reported: single packs travel with people.
LEAST_OUTSIDE: Final = 5
LEAST_SHARE: Final = 0.02


class SoldCode(NamedTuple):
    """A code that was claimed, of goods that a dealer had last."""

    dealer: str
    day: date
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Sold:
    """Codes of dealers that scans up to `end` claimed."""

    end: int
    codes: Sequence[SoldCode]


class DealerDay(NamedTuple):
    """Of a dealer's codes that were claimed on a day, how many were outside."""

    dealer: str
    day: date
    codes: int
    outside: int


class DealerShare(NamedTuple):
    """The same over all days of the window."""

    dealer: str
    codes: int
    outside: int

    @property
    def is_diversion(self) -> bool:
        """Whether this is more than people's own travels."""
        return (
            self.outside >= LEAST_OUTSIDE and self.outside >= self.codes * LEAST_SHARE
        )


def count_days(codes: Iterable[SoldCode]) -> list[DealerDay]:
    """Count codes by dealer and day, in one order."""
    listed = list(codes)
    counted = Counter((code.day, code.dealer) for code in listed)
    outside = Counter((code.day, code.dealer) for code in listed if code.is_outside)
    return [
        DealerDay(dealer, day, counted[day, dealer], outside[day, dealer])
        for day, dealer in sorted(counted)
    ]
