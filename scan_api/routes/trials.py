"""What a candidate did on recorded scans, as previews and backtests show it."""

from collections.abc import Iterator, Mapping

import msgspec

from anti_fraud.domain.cases import Value
from anti_fraud.domain.trials import (
    Moved,
    Quality,
    RuleTally,
    SideTally,
    Trial,
    quality_of,
)
from anti_fraud.domain.verdict import Verdict


class RuleTrialView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule did: how often it hits in the candidate, in the live set, in both.

    `decided_*` are hits of the candidate that people decided, `value` what the fraud
    among them would have earned; `failed` counts scans of which it can't be asked.
    """

    id: str
    hits: int
    live_hits: int
    both: int
    failed: int
    decided_fraud: int
    decided_good: int
    value: Value


class MovedView(msgspec.Struct, frozen=True, kw_only=True):
    """Scans of which both say otherwise, with the numbers of a few."""

    live: Verdict
    candidate: Verdict
    scans: int
    examples: tuple[str, ...]


class UnknownFactView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that the candidate reads: of how many scans nobody knew it.

    `uncounted` are those whose version never counted it.
    """

    fact: str
    scans: int
    uncounted: int


class QualityView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set against what people decided; shares are null where nothing was.

    Precision: of what it stops, the share that is fraud. Recall: of fraud, the share
    that it stops. `good_hurt` counts good scans that it stops.
    """

    precision: float | None
    recall: float | None
    good_hurt: int
    value_stopped: Value


class TrialView(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same of every trial."""

    scans: int
    # Of which both say otherwise.
    differ: int
    moved: tuple[MovedView, ...]
    by_rule: tuple[RuleTrialView, ...]
    # Scans that people decided, and what the fraud would have earned.
    decided_fraud: int
    decided_good: int
    fraud_value: Value
    # Scans of which the candidate asks what nobody counted, and which facts these are.
    partly_unknown: int
    unknown: tuple[UnknownFactView, ...]
    # Scans of versions that can't be read any more.
    unreadable: int
    examples: tuple[str, ...]


def trial_parts(trial: Trial) -> Mapping[str, object]:
    """Give the fields of TrialView."""
    moved = tuple(map(_view_moved, trial.moved))
    return {
        "scans": trial.scans,
        "differ": trial.differ,
        "moved": moved,
        "by_rule": tuple(_view_rules(trial)),
        "decided_fraud": trial.decided_fraud,
        "decided_good": trial.decided_good,
        "fraud_value": Value(trial.points, trial.minor),
        "partly_unknown": trial.partly_unknown,
        "unknown": tuple(
            UnknownFactView(fact=fact, scans=each.scans, uncounted=each.uncounted)
            for fact, each in sorted(trial.unknown.items())
        ),
        "unreadable": trial.unreadable,
        "examples": tuple(scan_id for each in moved for scan_id in each.examples),
    }


def view_quality(side: SideTally, trial: Trial) -> QualityView:
    """Show how one side does against what people decided."""
    quality: Quality = quality_of(side, trial)
    return QualityView(
        precision=quality.precision,
        recall=quality.recall,
        good_hurt=quality.good_hurt,
        value_stopped=quality.value_stopped,
    )


def _view_moved(moved: Moved) -> MovedView:
    return MovedView(
        live=moved.live,
        candidate=moved.candidate,
        scans=moved.scans,
        examples=tuple(map(str, moved.examples)),
    )


def _view_rules(trial: Trial) -> Iterator[RuleTrialView]:
    for rule_id, tally in sorted(trial.rules.items(), key=_most_first):
        yield RuleTrialView(
            id=rule_id,
            hits=tally.hits,
            live_hits=tally.live_hits,
            both=tally.both,
            failed=tally.failed,
            decided_fraud=tally.decided_fraud,
            decided_good=tally.decided_good,
            value=Value(tally.points, tally.minor),
        )


def _most_first(rule: tuple[str, RuleTally]) -> tuple[int, int, str]:
    rule_id, tally = rule
    return -tally.hits, -tally.live_hits, rule_id
