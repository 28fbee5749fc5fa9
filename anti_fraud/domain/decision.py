"""From evidence to facts, and from facts to a verdict."""

from typing import Final

from anti_fraud.domain.facts import Evidence, Facts
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Decision, Hit, Verdict

_CLEAN: Final = Decision(Verdict.PASS, 0, ())


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
        return _CLEAN
    score = sum([hit.score for hit in hits])
    return Decision(_verdict_of(rule_set, score), score, tuple(hits))


def _verdict_of(rule_set: RuleSet, score: int) -> Verdict:
    if score >= rule_set.refuse_at:
        return Verdict.REFUSE
    if score >= rule_set.hold_at:
        return Verdict.HOLD
    return Verdict.PASS
