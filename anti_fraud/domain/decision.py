"""From evidence to facts, and from facts to a verdict."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.lists import Listed, ListName
from anti_fraud.domain.rule_sets import Rule, RuleSet
from anti_fraud.domain.shadows import Shadow
from anti_fraud.domain.verdict import Effect, HeldBy, Hit, Verdict
from core.conditions import Facts

# What an effect makes of a scan by itself.
_VERDICTS: Final[Mapping[Effect, Verdict]] = MappingProxyType(
    {Effect.HOLD: Verdict.HOLD, Effect.REFUSE: Verdict.REFUSE}
)
_SEVERITY: Final = tuple(Verdict)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was judged by which rules: the verdict, its score, the rules behind it.

    `failed` are rules that could not be asked: neither hits nor a "no".
    """

    rule_set: RuleSet
    facts: Facts
    verdict: Verdict
    score: int = 0
    hits: tuple[Hit, ...] = ()
    failed: tuple[str, ...] = ()
    # The entry of a list that changed the verdict, or would have.
    listed: Listed | None = None
    # What ran in the shadow meanwhile; the facts have what only that counts as well.
    shadow: Shadow | None = None
    # What changed the verdict after rules and lists.
    held_by: HeldBy | None = None


def judge(rule_set: RuleSet, evidence: Evidence) -> Decision:
    """Judge one scan by what is known of it."""
    return decide(rule_set, rule_set.read(evidence), evidence.today)


def decide(rule_set: RuleSet, facts: Facts, day: date) -> Decision:
    """Judge one scan of a business day.

    The same facts, rule set and day always give the same decision. A condition on a
    missing fact is false; a rule that can't be asked fails by itself.
    """
    rules = rule_set.rules_on(day) if rule_set.expires else rule_set.rules
    found: list[Rule] | None = None
    failed: list[str] | None = None
    for rule in rules:
        try:
            if not rule.test(facts):
                continue
        except Exception:  # noqa: BLE001 - it is told by who asked
            failed = [*(failed or ()), rule.rule_id]
            continue
        if found is None:
            found = [rule]
        else:
            found.append(rule)
    if found is None:
        return Decision(rule_set, facts, Verdict.PASS, failed=tuple(failed or ()))
    hits = tuple([_hit(rule, facts) for rule in found])
    if rule_set.plain:
        score = sum([rule.score for rule in found])
        verdict = _verdict_of(rule_set, score, facts)
    else:
        score = _score_of(found)
        verdict = _heavier(_verdict_of(rule_set, score, facts), found)
    return Decision(rule_set, facts, verdict, score, hits, tuple(failed or ()))


def obey_list(decision: Decision, listed: Listed) -> Decision:
    """Give what a list makes of a decision; score and hits are the rules' as before."""
    verdict = decision.verdict
    if listed.list is ListName.OVERRIDE:
        verdict = Verdict.PASS
    elif listed.list is ListName.BLOCK:
        verdict = Verdict.REFUSE
    elif verdict is Verdict.HOLD:
        verdict = Verdict.PASS
    return msgspec.structs.replace(decision, verdict=verdict, listed=listed)


def hold_for(decision: Decision, reason: HeldBy) -> Decision:
    """Let a scan wait for another reason than its rules, which are kept as they are."""
    return msgspec.structs.replace(decision, verdict=Verdict.HOLD, held_by=reason)


def _hit(rule: Rule, facts: Facts) -> Hit:
    values = tuple([comparison.explain(facts) for comparison in rule.comparisons])
    return Hit(rule.rule_id, rule.score, values)


def _score_of(found: Sequence[Rule]) -> int:
    """Add up scores, of each group the highest."""
    grouped: dict[str, int] = {}
    score = 0
    for rule in found:
        if rule.group is None:
            score += rule.score
        else:
            grouped[rule.group] = max(grouped.get(rule.group, 0), rule.score)
    return score + sum(grouped.values())


def _heavier(verdict: Verdict, found: Sequence[Rule]) -> Verdict:
    """Give the verdict of scores, or a heavier one that a rule gives by itself."""
    said = [_VERDICTS[rule.effect] for rule in found if rule.effect in _VERDICTS]
    return max([verdict, *said], key=_SEVERITY.index)


def _verdict_of(rule_set: RuleSet, score: int, facts: Facts) -> Verdict:
    if score >= rule_set.refuse_at:
        return Verdict.REFUSE
    if score >= rule_set.hold_at:
        return Verdict.HOLD
    high = rule_set.high_prize
    if high is not None and score >= high.hold_at and high.is_met(facts):
        return Verdict.HOLD
    return Verdict.PASS
