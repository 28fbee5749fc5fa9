"""Rule sets, and the verdicts they give."""

import json
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.decision import decide
from anti_fraud.domain.entities import Entity
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Hit, Verdict
from core.conditions import (
    ConditionValue,
    FactKind,
    Facts,
)
from core.errors import InvalidInput
from core.messages import say
from tests.fixtures.rule_sets import SECOND, kept_rules

KINDS = {"x": FactKind.NUMBER, "flag": FactKind.FLAG, "word": FactKind.TEXT}
SHIPPED = sorted((Path(__file__).parents[1] / "vectors" / "rule-sets").glob("*.json"))
TODAY = date(2027, 1, 10)
SENTENCE = {"en": "Why.", "zh": "原因。"}


def shipped_json() -> dict[str, Any]:
    text = resources.files("anti_fraud").joinpath("rules.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def rule_set_with(*conditions: dict[str, Any], score: int = 60) -> RuleSet:
    data = {
        "version": 7,
        "thresholds": {"refuse": 85, "hold": 60},
        "counters": [],
        "throttles": [],
        "rules": [
            {"id": f"r{index}", "score": score, "sentence": SENTENCE, "when": when}
            for index, when in enumerate(conditions)
        ],
    }
    return parse_rule_set(data, known_facts=KINDS)


def holds(condition: dict[str, Any], facts: Facts) -> bool:
    return bool(decide(rule_set_with(condition), facts, TODAY).hits)


def leaf(op: str, value: Any, fact: str = "x") -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


# Decisions


@pytest.mark.parametrize(
    ("facts", "verdict", "rules"),
    [
        ({}, Verdict.PASS, []),
        ({"member_scans_10m": 20, "member_scans_1d": 50}, Verdict.PASS, []),
        ({"member_scans_10m": 21}, Verdict.PASS, ["member-burst"]),
        ({"member_scans_1d": 51}, Verdict.HOLD, ["member-day"]),
        (
            {"member_scans_10m": 21, "member_scans_1d": 51},
            Verdict.HOLD,
            ["member-burst", "member-day"],
        ),
        ({"member_scans_10m": 21, "device_scans_10m": 31}, Verdict.HOLD, None),
        ({"signals_available": True}, Verdict.PASS, []),
        ({"signals_available": False}, Verdict.HOLD, ["signals-away"]),
        (
            {"place_distance_km": 51.0, "place_elapsed_s": 1800},
            Verdict.HOLD,
            ["two-places"],
        ),
        ({"place_distance_km": 51.0, "place_elapsed_s": 1801}, Verdict.PASS, []),
        ({"place_distance_km": 50.0, "place_elapsed_s": 1800}, Verdict.PASS, []),
        ({"place_speed_kmh": 301.0}, Verdict.HOLD, ["two-places"]),
        ({"network_scans_10m": 10_000}, Verdict.PASS, ["network-burst"]),
    ],
)
def test_the_shipped_rules_decide_as_the_facts_say(
    facts: Facts, verdict: Verdict, rules: list[str] | None
) -> None:
    known = {"shop_listed": False, **facts}
    decision = decide(shipped_rule_set(), known, TODAY)
    assert decision.verdict is verdict
    if rules is not None:
        assert [hit.rule_id for hit in decision.hits] == rules


def test_a_lost_redis_holds_and_never_passes_or_refuses() -> None:
    assert decide(shipped_rule_set(), {"signals_available": False}, TODAY).score == 60


def test_a_hit_explains_itself_with_the_values_of_its_conditions() -> None:
    condition = {"any": [leaf(">", 5), {"not": leaf("==", "cn", "word")}]}
    decision = decide(rule_set_with(condition), {"x": 9, "word": "cn"}, TODAY)
    assert decision.hits == (
        Hit(
            "r0",
            60,
            (
                ConditionValue("x", ">", 5, 9, holds=True),
                ConditionValue("word", "!=", "cn", "cn", holds=False),
            ),
        ),
    )


def test_a_hit_says_nothing_of_a_condition_that_cannot_be_asked() -> None:
    """Another part of an `any` met its rule; the scan is judged all the same."""
    condition = {"any": [leaf(">", 5), leaf("==", "cn", "word")]}
    decision = decide(rule_set_with(condition), {"x": "text", "word": "cn"}, TODAY)
    assert (decision.failed, decision.hits) == (("r0",), ())
    condition = {"any": condition["any"][::-1]}
    decision = decide(rule_set_with(condition), {"x": "text", "word": "cn"}, TODAY)
    [hit] = decision.hits
    assert [each.holds for each in hit.conditions] == [True, None]


def test_scores_add_up_to_the_thresholds() -> None:
    rule_set = rule_set_with(*[leaf(">", n) for n in range(4)], score=30)
    verdicts = [decide(rule_set, {"x": x}, TODAY).verdict for x in range(4)]
    assert verdicts == [Verdict.PASS, Verdict.PASS, Verdict.HOLD, Verdict.REFUSE]


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (leaf(">", 5), 6, 5),
        (leaf(">=", 5), 5, 4),
        (leaf("<", 5), 4, 5),
        (leaf("<=", 5), 5, 6),
        (leaf("==", 5), 5, 6),
        (leaf("!=", 5), 6, 5),
        (leaf("in", [5, 7]), 7, 6),
    ],
)
def test_each_operator_and_its_negation_decide(
    condition: dict[str, Any], yes: int, no: int
) -> None:
    assert holds(condition, {"x": yes})
    assert not holds(condition, {"x": no})
    assert holds({"not": condition}, {"x": no})
    assert not holds({"not": condition}, {"x": yes})
    assert holds({"not": {"not": condition}}, {"x": yes})


@pytest.mark.parametrize("op", [">", ">=", "<", "<=", "==", "!="])
@pytest.mark.parametrize("facts", [{}, {"x": None}])
def test_a_missing_fact_is_never_a_reason_not_even_under_not(
    op: str, facts: Facts
) -> None:
    assert not holds(leaf(op, 5), facts)
    assert not holds({"not": leaf(op, 5)}, facts)
    assert not holds({"not": {"any": [leaf(op, 5), leaf("in", [1])]}}, facts)


trees = st.recursive(
    st.builds(leaf, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.integers()),
    lambda parts: (
        st.builds(lambda part: {"not": part}, parts)
        | st.builds(lambda part: {"all": part}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda part: {"any": part}, st.lists(parts, min_size=1, max_size=3))
    ),
    max_leaves=6,
)


def plainly(tree: dict[str, Any], x: int) -> bool:
    if "not" in tree:
        return not plainly(tree["not"], x)
    if "all" in tree:
        return all(plainly(part, x) for part in tree["all"])
    if "any" in tree:
        return any(plainly(part, x) for part in tree["any"])
    value = tree["value"]
    answers: dict[str, bool] = {
        ">": x > value,
        ">=": x >= value,
        "<": x < value,
        "<=": x <= value,
        "==": x == value,
        "!=": x != value,
    }
    return answers[tree["op"]]


@given(trees, st.integers())
def test_a_compiled_tree_means_what_the_tree_says(tree: dict[str, Any], x: int) -> None:
    try:
        rule_set = rule_set_with(tree)
    except InvalidInput as error:
        assert all("deep" in one.detail for one in error.errors)  # noqa: PT017
        return
    assert bool(decide(rule_set, {"x": x}, TODAY).hits) is plainly(tree, x)


# Reading rule sets


def found(path: str, data: dict[str, Any]) -> tuple[Any, Any]:
    """Follow a JSON pointer to the container and the last step into it."""
    target: Any = data
    steps = [int(step) if step.isdigit() else step for step in path[1:].split("/")]
    for step in steps[:-1]:
        target = target[step]
    return target, steps[-1]


def without(path: str, data: dict[str, Any]) -> None:
    target, last = found(path, data)
    del target[last]


def changed(path: str, value: Any) -> dict[str, Any]:
    data = kept_rules(2)
    target, last = found(path, data)
    target[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "pointer", "says"),
    [
        ("/version", 0, "/version", "from 1 to"),
        ("/version", True, "/version", "whole number"),
        ("/extra", 1, "/extra", "extra"),
        ("/thresholds/hold", 85, "/thresholds/hold", "below"),
        (
            "/thresholds/high_prize",
            {"hold": 60, "points": 1, "minor": 1},
            "/thresholds/high_prize/hold",
            "below hold",
        ),
        (
            "/thresholds/high_prize",
            {"hold": 40, "points": 0, "minor": 1},
            "/thresholds/high_prize/points",
            "from 1 to",
        ),
        ("/counters", {}, "/counters", "list"),
        ("/counters/0/entity", "galaxy", "/counters/0/entity", "galaxy"),
        ("/counters/1/window_s", 9, "/counters/1/window_s", "from 10 to"),
        ("/counters/1/fact", "member_scans_10m", "/counters", "twice"),
        ("/throttles/0/limit", 0, "/throttles/0/limit", "from 1 to"),
        ("/throttles/2", 5, "/throttles/2", "object"),
        ("/rules/1/score", 101, "/rules/1/score", "from 1 to"),
        ("/rules/1/id", "signals-away", "/rules", "twice"),
        ("/rules/1/sentence", {"en": "x"}, "/rules/1/sentence", "zh"),
        ("/rules/1/sentence/en", " ", "/rules/1/sentence/en", "empty"),
        ("/rules/1/when/fact", "membr", "/rules/1/when/fact", "membr"),
        ("/rules/1/when/op", "=>", "/rules/1/when/op", "no comparison '=>'"),
        ("/rules/1/when/value", "20", "/rules/1/when/value", "number"),
        ("/rules/1/when/value", True, "/rules/1/when/value", "number"),
        ("/rules/1/when/value", float("nan"), "/rules/1/when/value", "number"),
        ("/rules/0/when/op", ">", "/rules/0/when/op", "no order"),
        ("/rules/1/when", {"all": []}, "/rules/1/when/all", "at least one"),
        (
            "/rules/1/when",
            {"all": [], "any": []},
            "/rules/1/when",
            "Missing here: fact",
        ),
        ("/rules/1/when", leaf("in", 5), "/rules/1/when/fact", "no fact"),
    ],
)
def test_a_mistake_in_a_rule_set_is_named_with_its_place(
    path: str, value: Any, pointer: str, says: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_rule_set(changed(path, value))
    places = {error.pointer: error.detail for error in caught.value.errors}
    assert says in places[pointer]


def test_analysts_read_in_chinese_what_is_wrong_and_what_to_do() -> None:
    """With its place, in the words of the rule set."""
    data = changed("/rules/1/when/value", "20")
    data["thresholds"]["hold"] = 90
    with pytest.raises(InvalidInput) as caught:
        parse_rule_set(data)
    assert say("zh", caught.value.detail) == (
        "规则集有 2 处错误，第一处在 /thresholds/hold："
        "hold 是 90，应小于 refuse 的 85。"
    )
    assert say("zh", caught.value.errors[1].detail) == (
        'member_scans_10m 是数字；这里也应是数字，不是 "20"。'
    )


def test_a_member_that_is_missing_is_named() -> None:
    data = kept_rules(2)
    without("/rules/3/score", data)
    with pytest.raises(InvalidInput, match="/rules/3: Missing here: score"):
        parse_rule_set(data)


def test_all_mistakes_are_named_at_once() -> None:
    data = changed("/rules/1/score", "x")
    data["throttles"][0]["limit"] = None
    with pytest.raises(InvalidInput) as caught:
        parse_rule_set(data)
    pointers = [error.pointer for error in caught.value.errors]
    assert pointers == ["/throttles/0/limit", "/rules/1/score"]


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_what_is_no_object_is_no_rule_set(data: Any) -> None:
    with pytest.raises(InvalidInput, match="object"):
        parse_rule_set(data)


def test_a_rule_set_groups_its_counters_by_entity() -> None:
    rule_set = SECOND
    assert rule_set.windows[Entity.MEMBER] == (600, 86_400)
    assert rule_set.counter_facts[Entity.MEMBER] == (
        "member_scans_10m",
        "member_scans_1d",
    )
