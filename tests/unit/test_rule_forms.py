"""A rule set that comes back with a page is shown, or told to be lost."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.default_rules import shipped_rules
from console.frame.conditions import decode_condition, is_condition
from console.fraud.rules.form import read_rule_set_form
from console.fraud.rules.words import RuleWords, facts_of
from core.errors import InvalidInput

TODAY = date(2027, 1, 10)
SHIPPED = shipped_rules()
# One rule of a comparison, one of a tree, and one of a kind of its own.
SMALL = SHIPPED | {"rules": SHIPPED["rules"][:6], "counters": SHIPPED["counters"][:3]}
LEAF = {"fact": "risk_rank", "op": ">", "value": 1}
NODES = [{"all": 3}, {"all": [{}]}, {"not": None}, {"not": {"op": "in"}}, LEAF, [LEAF]]
JUNK = st.sampled_from(
    [None, True, -1, 0, 1.5, 1e300, "", "hold", "all", [], [3], {}, *NODES]
)


def places(node: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """List where in a document something stands."""
    yield path
    parts: Any = ()
    if isinstance(node, dict | list):
        parts = node.items() if isinstance(node, dict) else enumerate(node)
    for name, part in parts:
        yield from places(part, *path, name)


def put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Copy a document with something else in one place."""
    if not path:
        return value
    changed = json.loads(json.dumps(document))
    node = changed
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return changed


def show(sent: dict[str, str]) -> None:
    """Do what the page does with a form that was sent."""
    form = read_rule_set_form(sent)
    facts = facts_of(form.document)
    form.take_in({name: known.kind for name, known in facts.items()})
    for step in ("open_0", "open_5", "add_row_0", "close"):
        form.faults = {}
        form.change(step, sent)
    form.check(TODAY)
    words = RuleWords("en", str, facts)
    for rule in form.rules:
        words.rule(rule)
    words.tell(form.document)
    words.conditions.tell_kept(form.when.kept)


@given(st.sampled_from(list(places(SMALL))), JUNK, st.sampled_from(["", "0", "5"]))
def test_a_document_with_anything_in_it_is_shown_or_lost(
    path: tuple[str | int, ...], junk: Any, opened: str
) -> None:
    document = json.dumps(put(SMALL, path, junk))
    with suppress(InvalidInput):
        show({"document": document, "open": opened, "when_kept": json.dumps(junk)})


def test_what_was_not_touched_is_shown() -> None:
    show({"document": json.dumps(SHIPPED)})


@pytest.mark.parametrize("document", ["[" * 100_000, '{"rules":' * 5_000, "{", ""])
def test_what_is_no_document_is_lost(document: str) -> None:
    with pytest.raises(InvalidInput):
        read_rule_set_form({"document": document})


@pytest.mark.parametrize(
    ("tree", "is_one"),
    [
        (LEAF, True),
        ({"not": {"all": [LEAF, {"any": [LEAF]}]}}, True),
        (LEAF | {"more": 1}, False),
        (LEAF | {"fact": 1}, False),
        ({"all": LEAF}, False),
        ({"all": [LEAF], "any": [LEAF]}, False),
        ({"all": [3]}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_condition_has_its_shape(tree: Any, *, is_one: bool) -> None:
    assert is_condition(tree) is is_one
    assert (decode_condition(json.dumps(tree)) is not None) is is_one


def test_a_condition_is_as_deep_as_rules_may_be() -> None:
    deep: Any = LEAF
    for _ in range(7):
        deep = {"not": deep}
    assert is_condition(deep)
    assert not is_condition({"not": deep})
    assert decode_condition("[" * 100_000) is None
