"""Tiers of chances that are won far more often somewhere than luck has it; pure.

What a code wins is settled before anybody scans it, and a tier's odds are published. So
codes that win a tier turn up in a region as often as its odds say, whoever scans there;
unless somebody knows which caps win, and picks them.

What counts is what a code's roll came to, not what was paid: whether a tier is frozen,
its stock gone, its winner held or denied changes nothing, and no tier looks lucky
because it is given where the one above it has nothing left.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

# The job that counts them.
JOB: Final = "win_rates"
# Over so many business days, that of the latest claim included.
COUNTED_D: Final = 7
# From where on a tier is reported: so many wins, and so many standard deviations more
# than its odds promise.
LEAST_WINS: Final = 200
MOST_SIGMA: Final = 4.0
# Out of how many odds are counted.
_WHOLE: Final = 1_000_000


class RegionTier(NamedTuple):
    """A tier of a chance of a campaign, and the region in which codes were scanned."""

    campaign_id: str
    offer_id: str
    tier_id: str
    region: str

    @property
    def subject(self) -> str:
        """Name it as incidents do."""
        return f"tier:{self.campaign_id}/{self.offer_id}/{self.tier_id}@{self.region}"


class Odds(NamedTuple):
    """How many times in a million a tier is won."""

    tier_id: str
    per_million: int


class Roll(NamedTuple):
    """A chance that a claim had: the table that it had it by, and the tier it won."""

    campaign_id: str
    offer_id: str
    region: str
    day: date
    table: tuple[Odds, ...]
    won: str | None


@dataclass(frozen=True, slots=True)
class Rolled:
    """The chances that scans up to `end` had, where they were scanned in a region."""

    end: int
    rolls: Sequence[Roll]


class TierDay(NamedTuple):
    """Claims that could have won a tier on a day, and those that did.

    `promised` adds up what each claim's own odds were, in millionths of a win: versions
    of a campaign may have other odds.
    """

    tier: RegionTier
    day: date
    claims: int
    wins: int
    promised: int


class WinRate(NamedTuple):
    """The same over all days of the window."""

    claims: int
    wins: int
    promised: int

    @property
    def expected(self) -> float:
        """How many wins the odds promise."""
        return self.promised / _WHOLE

    @property
    def deviation(self) -> float:
        """The standard deviation of the wins, at most.

        The variance of the wins is the sum of p(1 - p) over the claims' odds p. It is
        the largest where all odds are alike, as they are taken to be here.
        """
        if not self.claims:
            return 0.0
        return math.sqrt(self.expected * (1 - self.expected / self.claims))

    @property
    def sigma(self) -> float:
        """How many standard deviations there are more wins than expected."""
        more, deviation = self.wins - self.expected, self.deviation
        return more / deviation if deviation else 0.0

    @property
    def is_no_luck(self) -> bool:
        """Whether this is more than luck."""
        return self.wins >= LEAST_WINS and self.sigma > MOST_SIGMA


def count_rolls(rolls: Iterable[Roll]) -> list[TierDay]:
    """Count rolls by tier, region and day, in one order, but for tiers without odds."""
    counted: dict[tuple[date, RegionTier], list[int]] = {}
    for roll in rolls:
        for odds in roll.table:
            if not odds.per_million:
                continue
            tier = RegionTier(
                roll.campaign_id, roll.offer_id, odds.tier_id, roll.region
            )
            day = counted.setdefault((roll.day, tier), [0, 0, 0])
            day[0] += 1
            day[1] += odds.tier_id == roll.won
            day[2] += odds.per_million
    return [TierDay(tier, day, *counted[day, tier]) for day, tier in sorted(counted)]


def add_up(
    days: Iterable[TierDay], looked_into: Mapping[RegionTier, date]
) -> dict[RegionTier, WinRate]:
    """Add up days by tier, in order; of a tier that was looked into, those after."""
    rates: dict[RegionTier, WinRate] = {}
    for each in days:
        last = looked_into.get(each.tier)
        if last is None or each.day > last:
            so_far = rates.get(each.tier, WinRate(0, 0, 0))
            rates[each.tier] = WinRate(
                so_far.claims + each.claims,
                so_far.wins + each.wins,
                so_far.promised + each.promised,
            )
    return dict(sorted(rates.items()))
