"""The rules that ship: each can hit, hardly one refuses alone, docs list them all."""

import json
from pathlib import Path
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rule_set, shipped_rules
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import Rule
from anti_fraud.domain.verdict import Effect
from core.conditions import Comparison, compile_condition

SHIPPED = sorted((Path(__file__).parents[1] / "vectors" / "rule-sets").glob("*.json"))


def value_for(asked: list[Comparison]) -> Any:
    """Find a value of which all comparisons of one fact hold."""
    given = [each.value for each in asked]
    tried: list[Any] = [v for v in given if not isinstance(v, tuple | list | frozenset)]
    tried += [
        v for each in given if isinstance(each, tuple | list | frozenset) for v in each
    ]
    tried += [v + by for v in tried if type(v) in {int, float} for by in (-0.1, 0.1)]
    tests = [compile_condition(each) for each in asked]
    return next(v for v in tried if all(test({asked[0].fact: v}) for test in tests))


@pytest.mark.parametrize(
    "rule", shipped_rule_set().rules, ids=lambda rule: rule.rule_id
)
def test_every_shipped_rule_can_hit(rule: Rule) -> None:
    by_fact: dict[str, list[Comparison]] = {}
    for each in rule.comparisons:
        by_fact.setdefault(each.fact, []).append(each)
    facts = {fact: value_for(asked) for fact, asked in by_fact.items()}
    assert rule.test(facts)
    assert not rule.test({})


def test_no_shipped_rule_refuses_alone_but_what_others_say_or_shelves_of_phones() -> (
    None
):
    """Whom a rule takes for an attacker wrongly has to wait, not to lose."""
    rules = shipped_rule_set()
    alone = {rule.rule_id for rule in rules.rules if rule.score >= rules.refuse_at}
    assert alone == {"device-members-6", "risk-4"}
    assert {rule.effect for rule in rules.rules} == {Effect.SCORE}


def test_every_rule_set_that_ever_shipped_can_be_read() -> None:
    """Since scans that it judged are judged anew by it, and nobody may change it."""
    kept = {
        document["version"]: document
        for document in (json.loads(path.read_text("utf-8")) for path in SHIPPED)
    }
    shipped = shipped_rules()
    assert kept[shipped["version"]] == shipped, "keep it in tests/vectors/rule-sets"
    for version, document in kept.items():
        assert parse_rule_set(document).version == version
