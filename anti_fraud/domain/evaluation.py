"""What a rule set says of a scan, told in full: of each rule what it saw; pure."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from anti_fraud.domain.decision import Decision, decide
from anti_fraud.domain.rule_sets import Rule, RuleSet
from core.conditions import Comparison, Fact, Facts

# A fact of one scan, or a column of many scans.
Told = TypeVar("Told")


class RuleAnswer(StrEnum):
    """What a rule said."""

    HIT = "hit"
    MISS = "miss"
    # It could not be asked.
    FAILED = "failed"
    # Its last day was over.
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SeenCondition:
    """A comparison, the value that it saw, and whether it holds; None if none can say.

    An `actual` of None is a value that nobody knew, of which nothing holds.
    """

    fact: str
    op: str
    value: Any
    actual: Fact
    holds: bool | None


@dataclass(frozen=True, slots=True)
class SeenRule:
    """A rule, what it said, and what each of its conditions saw."""

    rule: Rule
    answer: RuleAnswer
    conditions: tuple[SeenCondition, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A decision, and every rule behind it and beside it."""

    decision: Decision
    rules: tuple[SeenRule, ...]


def evaluate(rule_set: RuleSet, facts: Facts, day: date) -> Evaluation:
    """Tell in full what a rule set says of a scan of a business day."""
    decision = decide(rule_set, facts, day)
    hits = {hit.rule_id for hit in decision.hits}
    asked = {rule.rule_id for rule in rule_set.rules_on(day)}

    def answer(rule_id: str) -> RuleAnswer:
        if rule_id in hits:
            return RuleAnswer.HIT
        if rule_id in decision.failed:
            return RuleAnswer.FAILED
        return RuleAnswer.MISS if rule_id in asked else RuleAnswer.ENDED

    return Evaluation(
        decision,
        tuple(
            SeenRule(
                rule,
                answer(rule.rule_id),
                tuple(_see(each, facts) for each in rule.comparisons),
            )
            for rule in rule_set.rules
        ),
    )


def _see(comparison: Comparison, facts: Facts) -> SeenCondition:
    holds = None
    # One that fails says nothing, and its rule's answer that it failed.
    with suppress(Exception):
        holds = comparison.explain(facts).holds
    actual = facts.get(comparison.fact)
    return SeenCondition(
        comparison.fact, comparison.op, comparison.value, actual, holds
    )


def translate(facts: Mapping[str, Told], old: RuleSet, new: RuleSet) -> dict[str, Told]:
    """Give facts that one rule set counted by the names of another; so with columns.

    What only the other counts stays unknown: nobody counted it.
    """
    counted = {counter.fact for counter in old.counters}
    by_what = {counter.what: facts.get(counter.fact) for counter in old.counters}
    told = {name: value for name, value in facts.items() if name not in counted}
    for counter in new.counters:
        told.pop(counter.fact, None)
        value = by_what.get(counter.what)
        if value is not None:
            told[counter.fact] = value
    return told
