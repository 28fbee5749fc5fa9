"""A shadow: a version that says what it would, beside the one that judges; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Verdict

MOST_DAYS: Final = timedelta(days=90)
# Differing scans are kept for so long, as traces are.
REMEMBERED: Final = timedelta(days=90)
# What stands for a verdict where nobody asked the shadow.
MISSED: Final = "missed"
# No document can hold this, so what only the shadow counts has no name of the live set.
_HIDDEN: Final = "\0"


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """A version in the shadow of a live one, until a moment in ms since 1970."""

    run: int
    rule_set: RuleSet
    until_ms: int
    live: RuleSet
    # The live set that counts for both.
    counted: RuleSet = field(init=False)

    def __post_init__(self) -> None:
        """Add what only the shadow counts, and reads, under names of its own."""
        known = {each.what for each in self.live.counters}
        own = tuple(
            replace(each, fact=_HIDDEN + each.fact)
            for each in self.rule_set.counters
            if each.what not in known
        )
        counters = self.live.counters + own
        counted = replace(
            self.live, counters=counters, also_read=self.rule_set.read_facts
        )
        object.__setattr__(self, "counted", counted)


class ShadowRun(NamedTuple):
    """A version that was, or is, in the shadow."""

    run: int
    version: int
    until: datetime
    started_by: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None


@dataclass(slots=True)
class RuleCounts:
    """How often a rule hit: live, in the shadow, in both; and could not be asked."""

    live_hits: int = 0
    shadow_hits: int = 0
    both: int = 0
    failed: int = 0


class Difference(NamedTuple):
    """A scan of which both say otherwise, and the scores of both."""

    scan_id: int
    live: Verdict
    shadow: Verdict
    live_score: int
    shadow_score: int


@dataclass(slots=True)
class ShadowCounts:
    """What a worker has counted of a run and not written yet.

    Outcomes are by the day, the live verdict, and the shadow's or MISSED.
    """

    outcomes: Counter[tuple[date, Verdict, str]] = field(default_factory=Counter)
    rules: dict[tuple[date, str], RuleCounts] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def rule(self, day: date, rule_id: str) -> RuleCounts:
        """Give the counts of a rule on a day."""
        return self.rules.setdefault((day, rule_id), RuleCounts())


class DayOfShadow(NamedTuple):
    """A day of a run: how many scans were compared, and of how many both differ."""

    day: date
    scans: int
    differ: int


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What a run came to so far.

    `missed` are scans of which nobody asked the shadow; `outcomes` are by the live
    verdict and the shadow's. `differences` are the newest that were kept.
    """

    run: ShadowRun
    outcomes: Mapping[tuple[Verdict, Verdict], int]
    missed: int
    rules: Mapping[str, RuleCounts]
    days: Sequence[DayOfShadow]
    differences: Sequence[Difference]

    @property
    def scans(self) -> int:
        """Count the scans that were compared."""
        return sum(self.outcomes.values())

    @property
    def differ(self) -> int:
        """Count those of which both say otherwise."""
        return sum(n for (live, own), n in self.outcomes.items() if live != own)
