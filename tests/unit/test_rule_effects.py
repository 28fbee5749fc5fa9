"""What a rule may say beside its score: effects, groups, ends; and how one fails."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.decision import decide
from anti_fraud.domain.evaluation import evaluate
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_set_warnings import can_hold, find_warnings
from anti_fraud.domain.rule_sets import RuleSet
from core.conditions import FactKind, compile_condition
from core.conditions.reading import read_condition

KINDS = {"x": FactKind.NUMBER, "y": FactKind.NUMBER, "word": FactKind.TEXT}
SENTENCE = {"en": "Why.", "zh": "原因。"}
TODAY = date(2027, 1, 10)


def rule_set(*rules: dict[str, Any]) -> RuleSet:
    """Make a rule set whose rules hit where x is 1, unless they say otherwise."""
    when = {"fact": "x", "op": "==", "value": 1}
    return parse_rule_set(
        {
            "thresholds": {"refuse": 85, "hold": 60},
            "counters": [],
            "throttles": [],
            "rules": [
                {"id": f"r{place}", "score": 50, "sentence": SENTENCE, "when": when}
                | each
                for place, each in enumerate(rules)
            ],
        },
        known_facts=KINDS,
    )


@pytest.mark.parametrize(
    ("score", "facts", "verdict"),
    [
        (40, {"prize_points": 1000, "prize_minor": 0}, "hold"),
        (40, {"prize_points": 0, "prize_minor": 200}, "hold"),
        (40, {"prize_points": 999, "prize_minor": 199}, "pass"),
        (39, {"prize_points": 1000}, "pass"),
        # What nobody knows is not high; and who is refused is not held for it.
        (40, {}, "pass"),
        (85, {"prize_points": 1000}, "refuse"),
    ],
)
def test_a_high_prize_is_held_from_a_lower_score(
    score: int, facts: dict[str, int], verdict: str
) -> None:
    rule = {"id": "r", "score": score, "sentence": SENTENCE}
    when = {"fact": "x", "op": "==", "value": 1}
    high = {"hold": 40, "points": 1000, "minor": 200}
    rules = parse_rule_set(
        {
            "thresholds": {"refuse": 85, "hold": 60, "high_prize": high},
            "counters": [],
            "throttles": [],
            "rules": [rule | {"when": when}],
        },
        known_facts=KINDS,
    )
    assert rules.asks_for_prize
    assert decide(rules, {"x": 1} | facts, TODAY).verdict == verdict


@pytest.mark.parametrize(
    ("rules", "verdict", "score"),
    [
        ([{"effect": "hold", "score": 0}], "hold", 0),
        ([{"effect": "refuse", "score": 5}], "refuse", 5),
        ([{"effect": "open_case", "score": 0}], "pass", 0),
        ([{"effect": "hold", "score": 40}, {"score": 50}], "refuse", 90),
        ([{"effect": "hold"}, {"effect": "refuse", "score": 1}], "refuse", 51),
        # Of a group the heaviest counts, beside what is in none or another.
        ([{"group": "g", "score": 40}, {"group": "g", "score": 45}], "pass", 45),
        ([{"group": "g", "score": 40}, {"group": "h", "score": 45}], "refuse", 85),
        ([{"group": "g", "score": 40}, {"score": 20}, {"score": 1}], "hold", 61),
    ],
)
def test_a_rule_does_what_its_effect_says_and_groups_count_once(
    rules: list[dict[str, Any]], verdict: str, score: int
) -> None:
    decision = decide(rule_set(*rules), {"x": 1}, TODAY)
    assert (decision.verdict, decision.score) == (verdict, score)
    assert len(decision.hits) == len(rules)
    assert decide(rule_set(*rules), {"x": 2}, TODAY).verdict == "pass"


def test_a_rule_that_opens_cases_is_nothing_to_warn_of() -> None:
    """It does by itself what it says."""
    rules = rule_set({"effect": "open_case"}, {"effect": "hold"})
    told = [each.pointer for each in find_warnings(rules, TODAY)]
    assert not any(pointer.endswith("/effect") for pointer in told)


@pytest.mark.parametrize(("day", "hits"), [(9, 2), (10, 2), (11, 1)])
def test_a_rule_is_asked_until_the_end_of_its_last_day(day: int, hits: int) -> None:
    rules = rule_set({"expires_on": "2027-01-10"}, {})
    assert len(decide(rules, {"x": 1}, date(2027, 1, day)).hits) == hits


def test_a_rule_that_cannot_be_asked_is_neither_a_hit_nor_a_no() -> None:
    """The others judge; a fact of another kind than the rule was written for."""
    rules = rule_set({"when": {"fact": "x", "op": ">", "value": 1}}, {"score": 60})
    decision = decide(rules, {"x": "text"}, TODAY)
    assert (decision.failed, decision.hits) == (("r0",), ())
    told = {
        each.rule.rule_id: each for each in evaluate(rules, {"x": "text"}, TODAY).rules
    }
    assert [told[name].answer for name in ("r0", "r1")] == ["failed", "miss"]
    assert told["r0"].conditions[0].holds is None
    fine = decide(rules, {"x": 1}, TODAY)
    assert (fine.failed, fine.verdict) == ((), "hold")


LEAF = st.builds(
    lambda fact, op, value: {
        "fact": fact,
        "op": op,
        "value": [value, value + 1] if op == "in" else value,
    },
    st.sampled_from(["x", "y"]),
    st.sampled_from([">", ">=", "<", "<=", "==", "!=", "in"]),
    st.integers(0, 3),
)
TREE = st.recursive(
    LEAF,
    lambda parts: (
        st.builds(lambda each: {"all": each}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda each: {"any": each}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda each: {"not": each}, parts)
    ),
    max_leaves=6,
)
# Between all values that leaves compare with, and at them, and beyond.
GRID = [n / 2 for n in range(-2, 12)]


@given(tree=TREE)
def test_what_is_called_impossible_holds_of_nothing(tree: dict[str, Any]) -> None:
    """And what holds of something is never called impossible."""
    condition = read_condition(tree, "", KINDS)
    test = compile_condition(condition)
    if any(test({"x": x, "y": y}) for x in GRID for y in GRID):
        assert can_hold(condition)
    else:
        text = str(tree)
        # Nobody looks for all contradictions of a value that is shut out.
        assert not can_hold(condition) or "!=" in text or "not" in text
