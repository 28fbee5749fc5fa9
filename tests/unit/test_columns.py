"""Judging many scans by columns is judging each of them by itself."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.columns import (
    VERDICTS,
    Numbers,
    Words,
    column_of,
    columns_of,
    decide_many,
    obey_lists,
)
from anti_fraud.domain.decision import decide, obey_list
from anti_fraud.domain.lists import Listed, ListName
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from core.conditions import Fact, FactKind

NUMBERS = ("x", "y", "prize_points", "prize_minor")
FLAGS, TEXTS = ("flag",), ("word",)
KINDS = {
    **dict.fromkeys(NUMBERS, FactKind.NUMBER),
    **dict.fromkeys(FLAGS, FactKind.FLAG),
    **dict.fromkeys(TEXTS, FactKind.TEXT),
}
SENTENCE = {"en": "Why.", "zh": "原因。"}
FIRST_DAY = date(2027, 1, 10)
# Few values, so that thresholds are met exactly; and what no float holds.
FEW = st.one_of(
    st.integers(-2, 3),
    st.sampled_from([0.5, -0.5, 1e300, 2**53, 2**53 + 1, -(2**70), 10**400]),
)
WORDS = st.sampled_from(["a", "b", "c", ""])


def leaves(names: tuple[str, ...], ops: str, values: Any) -> st.SearchStrategy[Any]:
    one = st.fixed_dictionaries(
        {
            "fact": st.sampled_from(names),
            "op": st.sampled_from(ops.split()),
            "value": values,
        }
    )
    some = st.fixed_dictionaries(
        {
            "fact": st.sampled_from(names),
            "op": st.just("in"),
            "value": st.lists(values, min_size=1, max_size=3),
        }
    )
    return st.one_of(one, some)


CONDITIONS = st.recursive(
    st.one_of(
        leaves(NUMBERS, "> >= < <= == !=", FEW),
        leaves(FLAGS, "== !=", st.booleans()),
        leaves(TEXTS, "== !=", WORDS),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    rules = []
    for place, when in enumerate(draw(st.lists(CONDITIONS, min_size=1, max_size=5))):
        rule: dict[str, Any] = {"id": f"r{place}", "sentence": SENTENCE, "when": when}
        rule["score"] = draw(st.integers(1, 100))
        rule["effect"] = draw(st.sampled_from(["score", "hold", "refuse", "open_case"]))
        if draw(st.booleans()):
            rule["group"] = draw(st.sampled_from(["g", "h"]))
        if draw(st.booleans()):
            ends = FIRST_DAY + timedelta(days=draw(st.integers(0, 3)))
            rule["expires_on"] = ends.isoformat()
        rules.append(rule)
    thresholds: dict[str, Any] = {"refuse": 85, "hold": 40}
    if draw(st.booleans()):
        high = {name: draw(st.integers(1, 3)) for name in ("points", "minor")}
        thresholds["high_prize"] = {"hold": draw(st.integers(1, 39))} | high
    document = {"thresholds": thresholds, "rules": rules}
    return parse_rule_set(
        document | {"counters": [], "throttles": []}, known_facts=KINDS
    )


# Each fact as its kind has it, mostly; nothing keeps a column from holding all sorts.
SCAN = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS, st.one_of(st.none(), FEW)),
        **dict.fromkeys(FLAGS, st.one_of(st.none(), st.booleans())),
        **dict.fromkeys(TEXTS, st.one_of(st.none(), WORDS)),
    }
)
ODD = st.fixed_dictionaries(
    dict.fromkeys(
        KINDS, st.one_of(st.none(), FEW, WORDS, st.booleans(), st.just(float("nan")))
    )
)


@given(
    rule_sets(),
    st.one_of(st.lists(SCAN, min_size=1), st.lists(ODD, min_size=1)),
    st.data(),
)
def test_columns_say_of_each_scan_what_it_is_told_alone(
    rule_set: RuleSet, scans: list[dict[str, Fact]], data: st.DataObject
) -> None:
    """Verdict, score, hits, and the rules that can't be asked; and what lists do."""
    size = len(scans)
    days = [
        FIRST_DAY + timedelta(days=data.draw(st.integers(0, 4))) for _ in range(size)
    ]
    listed = [
        data.draw(st.sampled_from([None, "override", "block", "allow"]))
        for _ in range(size)
    ]
    names = [None if each is None else ListName(each) for each in listed]
    columns = {name: column_of([scan[name] for scan in scans]) for name in KINDS}
    many = decide_many(
        rule_set, columns, np.array([day.toordinal() for day in days], np.int32)
    )
    obeyed = obey_lists(many.verdicts, names)
    ids = [rule.rule_id for rule in rule_set.rules]
    for place, (scan, day) in enumerate(zip(scans, days, strict=True)):
        alone = decide(rule_set, scan, day)
        hits = [i for i, mask in zip(ids, many.hits, strict=True) if mask[place]]
        failed = [i for i, mask in zip(ids, many.failed, strict=True) if mask[place]]
        assert (VERDICTS[many.verdicts[place]], many.scores[place]) == (
            alone.verdict,
            alone.score,
        )
        assert hits == [hit.rule_id for hit in alone.hits]
        assert tuple(failed) == alone.failed
        name = names[place]
        if name is not None:
            alone = obey_list(alone, Listed(name, 1))
        assert VERDICTS[obeyed[place]] == alone.verdict


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 2.5, True], Numbers),
        ([2**53, -(2**53)], Numbers),
        ([2**53 + 2], Words),
        ([10**400], Words),
        (["1.5", None], Words),
        ([1, "1"], Words),
        ([float("nan"), None], Words),
    ],
)
def test_numbers_are_floats_where_floats_hold_them(
    values: list[Fact], kind: type
) -> None:
    column = column_of(values)
    assert isinstance(column, kind)
    assert column.known.tolist() == [value is not None for value in values]


def test_what_was_kept_short_is_usual_at_its_end() -> None:
    """As `from_order` reads it, for scans of before a fact was known as well."""
    document = {
        "thresholds": {"refuse": 85, "hold": 60},
        "counters": [{"fact": "n", "entity": "member", "window_s": 60}],
        "throttles": [],
        "rules": [],
    }
    rule_set = parse_rule_set(document)
    kept: list[list[Fact]] = [[3, True], [], [1, True, 5, 1.5, 60, 90.0, True]]
    columns = columns_of(rule_set, kept)
    for place, values in enumerate(kept):
        told = {
            name: column.at(place)
            for name, column in columns.items()
            if column.known[place]
        }
        assert told == rule_set.from_order(values)
