"""Dealers whose goods turn up where they are not to be sold (窜货); pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from anti_fraud.domain.stretches import (
    Numbers,
    Ranked,
    Stretches,
    cut_by_highest,
    no_numbers,
)

# The job that counts them.
JOB: Final = "dealers"
# Over so many business days, that of the latest claim included.
WINDOW_D: Final = 7
# From where on a dealer is reported: single packs travel with people.
LEAST_OUTSIDE: Final = 5
LEAST_SHARE: Final = 0.02
# So many dealers are watched, those of whom most is found outside; of each so many
# stretches of codes, the newest; and a worker knows so many of all together.
MOST_DEALERS: Final = 500
MOST_STRETCHES: Final = 50_000
MOST_KNOWN: Final = 200_000


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

    @property
    def share(self) -> float:
        """The part that was outside, in thousandths: 0 to 1."""
        return round(self.outside / self.codes, 3)


class Goods(NamedTuple):
    """A stretch of codes, and who had it last; None where nobody is known to have."""

    dealer: str | None
    first_code_id: int
    last_code_id: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Goods of events after one, up to the event `end`; later ones stand above others.

    What happens after `end` may be among them, and comes again.
    """

    end: int
    goods: Sequence[Goods] = ()
    has_more: bool = False


def count_days(codes: Iterable[SoldCode]) -> list[DealerDay]:
    """Count codes by dealer and day, in one order."""
    listed = list(codes)
    counted = Counter((code.day, code.dealer) for code in listed)
    outside = Counter((code.day, code.dealer) for code in listed if code.is_outside)
    return [
        DealerDay(dealer, day, counted[day, dealer], outside[day, dealer])
        for day, dealer in sorted(counted)
    ]


def lay_out(goods: Sequence[Goods]) -> dict[str | None, Stretches]:
    """Tell by dealer which codes it had last; of two goods the later counts."""
    ranked = [
        Ranked(each.first_code_id, each.last_code_id, place)
        for place, each in enumerate(goods, start=1)
    ]
    edges, ranks = cut_by_highest(ranked)
    pairs: dict[str | None, list[tuple[int, int]]] = {}
    for first, end, rank in zip(edges, edges[1:], ranks, strict=False):
        if rank:
            pairs.setdefault(goods[rank - 1].dealer, []).append((first, end - 1))
    return {dealer: Stretches.of(each) for dealer, each in pairs.items()}


@dataclass(frozen=True, slots=True)
class DealerWatch:
    """What a worker knows of dealers whose goods turn up elsewhere.

    Columns by stretch of codes, in ascending order: its ends, and the place of its
    dealer among `shares`. No two stretches have a code in common.
    """

    version: int = -1
    shares: tuple[DealerShare, ...] = ()
    firsts: Numbers = field(default_factory=no_numbers)
    lasts: Numbers = field(default_factory=no_numbers)
    dealers: Numbers = field(default_factory=no_numbers)

    def find(self, code_id: int) -> DealerShare | None:
        """Tell whose goods a code is of; None where that dealer is not watched."""
        place = int(self.firsts.searchsorted(code_id, side="right")) - 1
        if place < 0 or self.lasts[place] < code_id:
            return None
        return self.shares[int(self.dealers[place])]

    def outside_share(self, code_id: int) -> float | None:
        """Tell which share of its dealer's codes was outside, if that is watched."""
        found = self.find(code_id)
        return None if found is None else found.share
