"""What rules and analysts came to by business day, as counts; pure.

A figure is named by what it counts and of what: `outcome`/`held`, `hits`/a rule.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import combinations
from typing import Any, Final, NamedTuple

from anti_fraud.domain.cases import Value, Verb

# Scores are counted in steps of so many; the last step has no end.
SCORE_STEP: Final = 5
MOST_SCORE: Final = 100
_HELD: Final = "held"
_REFUSED: Final = "refused"
_STOPPED: Final = frozenset({_HELD, _REFUSED})


class Figure(StrEnum):
    """What is counted, of what: an outcome, a score, a rule, two rules, a place."""

    OUTCOME = "outcome"
    SCORE = "score"
    HITS = "hits"
    HELD = "held"
    REFUSED = "refused"
    BOTH = "both"
    PLACE = "place"
    # Cases that analysts decided, of each of their rules; and what those held.
    APPROVED = "approved"
    DENIED = "denied"
    STOPPED_POINTS = "stopped_points"
    STOPPED_MINOR = "stopped_minor"


class Key(NamedTuple):
    """A figure of a day; `name` is what it is of."""

    day: date
    figure: Figure
    name: str


Counts = Mapping[Key, int]


class JudgedNow(NamedTuple):
    """A scan as it is counted; `hits` are empty where no rule hit, or nobody judged."""

    day: date
    outcome: str
    score: int
    hits: Sequence[str]
    region: str | None


# Gives the scans after one, up to another at most, and up to which it came.
ReadJudged = Callable[[Any, int, int], Awaitable[tuple[int, Sequence[JudgedNow]]]]


class DecidedCase(NamedTuple):
    """A case that somebody decided (`sign` 1), or took the decision of back (-1)."""

    day: date
    decision: Verb
    rules: Sequence[str]
    value: Value
    sign: int


def count_scans(scans: Iterable[JudgedNow]) -> Counter[Key]:
    """Count scans by day: outcomes, scores, rules, pairs of rules, places."""
    counts = Counter[Key]()
    for scan in scans:
        day = scan.day
        counts[Key(day, Figure.OUTCOME, scan.outcome)] += 1
        if not scan.hits:
            continue
        counts[Key(day, Figure.SCORE, name_score(scan.score))] += 1
        rules = sorted(set(scan.hits))
        counts.update(Key(day, Figure.HITS, rule) for rule in rules)
        counts.update(
            Key(day, Figure.BOTH, f"{one} {other}")
            for one, other in combinations(rules, 2)
        )
        if scan.outcome in _STOPPED:
            figure = Figure.HELD if scan.outcome == _HELD else Figure.REFUSED
            counts.update(Key(day, figure, rule) for rule in rules)
            counts[Key(day, Figure.PLACE, scan.region or "")] += 1
    return counts


def name_score(score: int) -> str:
    """Name the step that a score is in by where it begins."""
    return f"{min(score // SCORE_STEP * SCORE_STEP, MOST_SCORE):03d}"


def count_decided(cases: Iterable[DecidedCase]) -> Counter[Key]:
    """Count decisions by day, for each rule that had a part in the case."""
    counts = Counter[Key]()
    for case in cases:
        day = case.day
        is_denied = case.decision is Verb.DENY
        figure = Figure.DENIED if is_denied else Figure.APPROVED
        for rule in case.rules:
            counts[Key(day, figure, rule)] += case.sign
            if is_denied:
                points, minor = case.value.points, case.value.minor
                counts[Key(day, Figure.STOPPED_POINTS, rule)] += case.sign * points
                counts[Key(day, Figure.STOPPED_MINOR, rule)] += case.sign * minor
    return counts


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What a rule did: `both` is the rule that hit most often with it, and how often.

    `approved` and `denied` count decided cases in which it had a part; `stopped` is
    what the denied ones held.
    """

    rule_id: str
    hits: int
    held: int
    refused: int
    approved: int
    denied: int
    stopped: Value
    both: tuple[str, int] | None

    @property
    def share_false(self) -> float | None:
        """The share of its decided cases that were approved; None where none was."""
        decided = self.approved + self.denied
        return self.approved / decided if decided else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some days; `counted_at` is how far, None where nothing was yet."""

    counts: Counts
    counted_at: datetime | None

    def by_day(self, figure: Figure) -> dict[date, dict[str, int]]:
        """Give a figure of each day by name."""
        found: dict[date, dict[str, int]] = {}
        for key, n in self.counts.items():
            if key.figure is figure:
                found.setdefault(key.day, {})[key.name] = n
        return found

    def total(self, figure: Figure) -> Counter[str]:
        """Add a figure of all days up, by name."""
        found = Counter[str]()
        for key, n in self.counts.items():
            if key.figure is figure:
                found[key.name] += n
        return found

    @property
    def rules(self) -> list[RuleFigures]:
        """List what rules did, those that hit most first."""
        hits, both = self.total(Figure.HITS), self.total(Figure.BOTH)
        of = {figure: self.total(figure) for figure in Figure}
        partners: dict[str, Counter[str]] = {}
        for pair, n in both.items():
            one, _, other = pair.partition(" ")
            partners.setdefault(one, Counter())[other] = n
            partners.setdefault(other, Counter())[one] = n
        known = hits.keys() | of[Figure.APPROVED].keys() | of[Figure.DENIED].keys()
        return [
            RuleFigures(
                rule,
                hits[rule],
                of[Figure.HELD][rule],
                of[Figure.REFUSED][rule],
                of[Figure.APPROVED][rule],
                of[Figure.DENIED][rule],
                Value(of[Figure.STOPPED_POINTS][rule], of[Figure.STOPPED_MINOR][rule]),
                partners[rule].most_common(1)[0] if rule in partners else None,
            )
            for rule in sorted(known, key=lambda rule: (-hits[rule], rule))
        ]


# Open cases ---------------------------------------------------------------------------


class DueIn(StrEnum):
    """How long open cases have left; overdue ones by how long they have been."""

    DAY_OVER = "day_over"
    OVER = "over"
    HOURS_4 = "hours_4"
    HOURS_12 = "hours_12"
    DAY = "day"
    LATER = "later"


class OpenCases(NamedTuple):
    """How many open cases are due when, and how old they are, in whole days up to 7."""

    due: Mapping[DueIn, int]
    age_days: Mapping[int, int]
    is_all: bool
