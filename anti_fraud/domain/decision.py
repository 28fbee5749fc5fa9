"""From evidence to facts, and from facts to a verdict."""

import msgspec

from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Hit, Verdict
from core.conditions import Facts


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was judged by which rules: the verdict, its score, the rules behind it."""

    rule_set: RuleSet
    facts: Facts
    verdict: Verdict
    score: int = 0
    hits: tuple[Hit, ...] = ()


def judge(rule_set: RuleSet, evidence: Evidence) -> Decision:
    """Judge one scan by what is known of it."""
    return decide(rule_set, rule_set.read(evidence))


def decide(rule_set: RuleSet, facts: Facts) -> Decision:
    """Judge one scan: the same facts and rule set always give the same decision.

    A condition on a missing fact is false.
    """
    hits: list[Hit] | None = None
    for rule in rule_set.rules:
        if rule.test(facts):
            values = tuple(
                [comparison.explain(facts) for comparison in rule.comparisons]
            )
            hit = Hit(rule.rule_id, rule.score, values)
            if hits is None:
                hits = [hit]
            else:
                hits.append(hit)
    if hits is None:
        return Decision(rule_set, facts, Verdict.PASS)
    score = sum([hit.score for hit in hits])
    return Decision(rule_set, facts, _verdict_of(rule_set, score), score, tuple(hits))


def _verdict_of(rule_set: RuleSet, score: int) -> Verdict:
    if score >= rule_set.refuse_at:
        return Verdict.REFUSE
    if score >= rule_set.hold_at:
        return Verdict.HOLD
    return Verdict.PASS
