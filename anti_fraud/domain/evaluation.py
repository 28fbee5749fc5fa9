"""What a rule set says of a scan, told in full: of each rule what it saw; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from anti_fraud.domain.decision import Decision, decide
from anti_fraud.domain.rule_sets import Rule, RuleSet
from core.conditions import ConditionValue, Facts

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
class SeenRule:
    """A rule, what it said, and what each of its conditions saw."""

    rule: Rule
    answer: RuleAnswer
    conditions: tuple[ConditionValue, ...]


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
                tuple(each.explain(facts) for each in rule.comparisons),
            )
            for rule in rule_set.rules
        ),
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
