"""A candidate beside the live rules, on scans that were: what both say, added up; pure.

A trial counts what it is given and forgets the scans, so that a year of them takes no
more room than a day. What it has counted can be kept as JSON, and gone on with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.columns import VERDICTS, Columns, ManyDecisions, Mask
from anti_fraud.domain.facts import PRIZE_MINOR, PRIZE_POINTS
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Verdict

# So many scans are named of each way in which two rule sets differ.
EXAMPLES: Final = 5


class Decided(msgspec.Struct, frozen=True):
    """What a person decided of a scan, and what it would have earned."""

    verb: Verb
    value: Value


@dataclass(frozen=True, slots=True)
class TriedScans:
    """Scans that one version judged, once more under two others; all of one length n.

    Verdicts are int8[n] places in VERDICTS, after lists: as it was judged, by what is
    live, by the candidate.
    """

    scan_ids: Sequence[int]
    recorded: NDArray[np.int8]
    live: NDArray[np.int8]
    candidate: NDArray[np.int8]
    # What the rules of both say, before lists.
    by_live: ManyDecisions
    by_candidate: ManyDecisions
    # What the candidate reads, and which of it the version that judged never counted.
    columns: Columns
    uncounted: frozenset[str]
    decided: Mapping[int, Decided]


class RuleTally(msgspec.Struct):
    """What a rule of the candidate, or one that only is live, did.

    `points` and `minor` are what fraud that it hits would have earned.
    """

    hits: int = 0
    live_hits: int = 0
    both: int = 0
    failed: int = 0
    decided_fraud: int = 0
    decided_good: int = 0
    points: int = 0
    minor: int = 0


class SideTally(msgspec.Struct):
    """What a rule set made of the scans, and of those that people decided.

    Stopped is what is held or refused; `points` and `minor` are of stopped fraud.
    """

    outcomes: dict[Verdict, int] = msgspec.field(
        default_factory=lambda: dict.fromkeys(VERDICTS, 0)
    )
    stopped_fraud: int = 0
    stopped_good: int = 0
    points: int = 0
    minor: int = 0


class Unknown(msgspec.Struct):
    """Of how many scans nobody knew a fact, and of how many nobody counted it."""

    scans: int = 0
    uncounted: int = 0


class Moved(msgspec.Struct):
    """Scans of which both say otherwise, and the first of them."""

    live: Verdict
    candidate: Verdict
    scans: int = 0
    examples: list[int] = msgspec.field(default_factory=list)


class Trial(msgspec.Struct):
    """What was counted of a candidate so far."""

    scans: int = 0
    decided_fraud: int = 0
    decided_good: int = 0
    # What all that was decided as fraud would have earned.
    points: int = 0
    minor: int = 0
    # Scans of which the candidate asks what nobody counted.
    partly_unknown: int = 0
    # Scans of versions that can't be read any more; nothing else counts them.
    unreadable: int = 0
    candidate: SideTally = msgspec.field(default_factory=SideTally)
    live: SideTally = msgspec.field(default_factory=SideTally)
    recorded: dict[Verdict, int] = msgspec.field(
        default_factory=lambda: dict.fromkeys(VERDICTS, 0)
    )
    rules: dict[str, RuleTally] = msgspec.field(default_factory=dict)
    unknown: dict[str, Unknown] = msgspec.field(default_factory=dict)
    moved: list[Moved] = msgspec.field(default_factory=list)

    @property
    def differ(self) -> int:
        """Count the scans of which both say otherwise."""
        return sum(each.scans for each in self.moved)

    def add(self, tried: TriedScans) -> None:
        """Count scans."""
        labels = _Labels.of(tried)
        self.scans += len(tried.scan_ids)
        self.decided_fraud += int(labels.fraud.sum())
        self.decided_good += int(labels.good.sum())
        self.points += int(labels.points.sum())
        self.minor += int(labels.minor.sum())
        for verdict, number in _count(tried.recorded):
            self.recorded[verdict] += number
        _add_side(self.candidate, tried.candidate, labels)
        _add_side(self.live, tried.live, labels)
        self._add_rules(tried, labels)
        self._add_unknown(tried)
        self._add_moved(tried)

    def _add_rules(self, tried: TriedScans, labels: "_Labels") -> None:
        live = _by_id(tried.by_live)
        for rule_id, (hit, failed) in _by_id(tried.by_candidate).items():
            tally = self.rules.setdefault(rule_id, RuleTally())
            tally.hits += int(hit.sum())
            tally.failed += int(failed.sum())
            tally.decided_fraud += int((hit & labels.fraud).sum())
            tally.decided_good += int((hit & labels.good).sum())
            tally.points += int(labels.points[hit].sum())
            tally.minor += int(labels.minor[hit].sum())
            if rule_id in live:
                tally.both += int((hit & live[rule_id][0]).sum())
        for rule_id, (hit, _) in live.items():
            tally = self.rules.setdefault(rule_id, RuleTally())
            tally.live_hits += int(hit.sum())

    def _add_unknown(self, tried: TriedScans) -> None:
        size = len(tried.scan_ids)
        read = facts_read(tried.by_candidate.rule_set)
        for name in read:
            column = tried.columns.get(name)
            known = 0 if column is None else int(column.known.sum())
            if known < size:
                unknown = self.unknown.setdefault(name, Unknown())
                unknown.scans += size - known
                unknown.uncounted += size if name in tried.uncounted else 0
        if tried.uncounted & read:
            self.partly_unknown += size

    def _add_moved(self, tried: TriedScans) -> None:
        pairs = tried.live.astype(np.int16) * len(VERDICTS) + tried.candidate
        found, firsts = np.unique(pairs[tried.live != tried.candidate]), {}
        for pair in found:
            firsts[int(pair)] = np.flatnonzero(pairs == pair)
        for pair, places in firsts.items():
            live, candidate = divmod(pair, len(VERDICTS))
            moved = self._moved(VERDICTS[live], VERDICTS[candidate])
            moved.scans += len(places)
            room = max(EXAMPLES - len(moved.examples), 0)
            moved.examples += [tried.scan_ids[place] for place in places[:room]]

    def _moved(self, live: Verdict, candidate: Verdict) -> Moved:
        for moved in self.moved:
            if (moved.live, moved.candidate) == (live, candidate):
                return moved
        self.moved.append(Moved(live, candidate))
        return self.moved[-1]


class Quality(msgspec.Struct, frozen=True):
    """How a rule set does against what people decided; None where nothing was.

    Precision: of what it stops, the share that is fraud. Recall: of fraud, the share
    that it stops. `good_hurt` counts good scans that it stops.
    """

    precision: float | None
    recall: float | None
    good_hurt: int
    value_stopped: Value


def quality_of(side: SideTally, trial: Trial) -> Quality:
    """Hold one side of a trial against what people decided."""
    stopped = side.stopped_fraud + side.stopped_good
    return Quality(
        side.stopped_fraud / stopped if stopped else None,
        side.stopped_fraud / trial.decided_fraud if trial.decided_fraud else None,
        side.stopped_good,
        Value(side.points, side.minor),
    )


def facts_read(rule_set: RuleSet) -> frozenset[str]:
    """Name the facts that conditions and thresholds of a rule set read."""
    read = frozenset(
        comparison.fact for rule in rule_set.rules for comparison in rule.comparisons
    )
    if rule_set.high_prize is None:
        return read
    return read | {PRIZE_POINTS, PRIZE_MINOR}


def uncounted_by(old: RuleSet, new: RuleSet) -> frozenset[str]:
    """Name the counters of one rule set that count what another never counted."""
    counted = {counter.what for counter in old.counters}
    return frozenset(
        counter.fact for counter in new.counters if counter.what not in counted
    )


@dataclass(frozen=True, slots=True)
class _Labels:
    """What people decided of n scans: masks, and what the fraud was worth, int64[n]."""

    fraud: Mask
    good: Mask
    points: NDArray[np.int64]
    minor: NDArray[np.int64]

    @classmethod
    def of(cls, tried: TriedScans) -> "_Labels":
        size = len(tried.scan_ids)
        labels = cls(
            *(np.zeros(size, np.bool_), np.zeros(size, np.bool_)),
            *(np.zeros(size, np.int64), np.zeros(size, np.int64)),
        )
        if not tried.decided:
            return labels
        for place, scan_id in enumerate(tried.scan_ids):
            decided = tried.decided.get(scan_id)
            if decided is None:
                continue
            if decided.verb is Verb.APPROVE:
                labels.good[place] = True
                continue
            labels.fraud[place] = True
            labels.points[place] = decided.value.points
            labels.minor[place] = decided.value.minor
        return labels


def _add_side(side: SideTally, verdicts: NDArray[np.int8], labels: _Labels) -> None:
    for verdict, number in _count(verdicts):
        side.outcomes[verdict] += number
    stopped = verdicts != VERDICTS.index(Verdict.PASS)
    side.stopped_fraud += int((stopped & labels.fraud).sum())
    side.stopped_good += int((stopped & labels.good).sum())
    side.points += int(labels.points[stopped].sum())
    side.minor += int(labels.minor[stopped].sum())


def _count(verdicts: NDArray[np.int8]) -> list[tuple[Verdict, int]]:
    numbers = np.bincount(verdicts, minlength=len(VERDICTS)).tolist()
    return list(zip(VERDICTS, numbers, strict=True))


def _by_id(decisions: ManyDecisions) -> dict[str, tuple[Mask, Mask]]:
    rules = decisions.rule_set.rules
    asked = zip(decisions.hits, decisions.failed, strict=True)
    return dict(zip((rule.rule_id for rule in rules), asked, strict=True))
