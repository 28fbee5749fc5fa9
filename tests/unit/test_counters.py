"""Counters of rule sets: read from JSON, grouped by entity, told to people."""

from datetime import date
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.counters import CountedSet, Counter
from anti_fraud.domain.entities import Distinct, Entity
from anti_fraud.domain.evaluation import translate
from anti_fraud.domain.recent import Recent, RecentScan, read_recent
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_set_warnings import find_warnings
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.shadows import Shadow
from core.errors import InvalidInput

DAY_S = 86_400


def counter(fact: str, entity: str, window_s: int = DAY_S, **told: Any) -> Any:
    return {"fact": fact, "entity": entity, "window_s": window_s} | told


def rules_of(*counters: Any, when: Any = None) -> RuleSet:
    """Make a rule set of counters, and of one rule that asks of `when`."""
    asked = when or {"fact": "signals_available", "op": "==", "value": False}
    sentence = {"en": "Why.", "zh": "原因。"}
    rule = {"id": "rule", "score": 100, "sentence": sentence, "when": asked}
    changed = {"counters": list(counters), "rules": [rule]}
    return parse_rule_set(shipped_rules() | changed)


def test_a_counter_may_tell_apart_and_say_up_to_how_many() -> None:
    rules = rules_of(
        counter("scans", "member"),
        counter("members", "device", distinct="member", up_to=6),
        counter("case", "member", 600, distinct="code", near=24),
    )
    assert rules.counters == (
        Counter("scans", Entity.MEMBER, DAY_S),
        Counter("members", Entity.DEVICE, DAY_S, Distinct.MEMBER, 6),
        Counter("case", Entity.MEMBER, 600, Distinct.CODE, 32, 24),
    )


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (counter("a", "galaxy"), "entity"),
        (counter("a", "device", distinct="galaxy"), "distinct"),
        (counter("a", "device", distinct="device"), "distinct"),
        (counter("a", "device", up_to=3), "up_to"),
        (counter("a", "device", near=3), "near"),
        (counter("a", "device", distinct="member", near=3), "near"),
        (counter("a", "device", distinct="member", up_to=1), "up_to"),
        (counter("a", "device", distinct="member", up_to=201), "up_to"),
        (counter("a", "device", distinct="code", near=1), "near"),
        (counter("a", "device", distinct="code", near="3"), "near"),
    ],
)
def test_each_mistake_is_named_by_its_place(wrong: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        rules_of(counter("right", "member"), wrong)
    assert [e.pointer for e in raised.value.errors] == [f"/counters/1/{pointer}"]


def test_all_of_an_entity_is_counted_together() -> None:
    """Each window and set once, whatever it is called."""
    rules = rules_of(
        counter("a", "member", 600),
        counter("b", "member", distinct="code", up_to=4),
        counter("c", "member", 600),
        counter("d", "member", distinct="code", near=5, up_to=9),
        counter("e", "cell", 3600),
        counter("f", "member", 3600),
    )
    member, cell = rules.counted
    assert (member.entity, member.windows) == (Entity.MEMBER, (600, 3600))
    assert member.sets == (CountedSet(Distinct.CODE, DAY_S, 9, (0, 5)),)
    assert {fact: (at, up_to) for fact, at, up_to in member.facts} == {
        "a": (0, None),
        "b": (2, 4),
        "c": (0, None),
        "d": (3, 9),
        "f": (1, None),
    }
    assert (cell.entity, cell.windows, cell.sets) == (Entity.CELL, (3600,), ())
    assert not member.recent


def test_last_scans_are_kept_where_a_rule_reads_what_they_tell() -> None:
    when = {"fact": "rhythm_median_s", "op": "<", "value": 3}
    [member] = rules_of(when=when).counted
    assert (member.entity, member.windows, member.recent) == (Entity.MEMBER, (), True)
    assert rules_of().counted == ()


def test_what_was_counted_by_other_rules_is_only_read_again() -> None:
    when = {"fact": "rhythm_median_s", "op": "<", "value": 3}
    old = rules_of(counter("a", "member", 600), counter("b", "member", 60))
    new = rules_of(
        counter("c", "member", 3600),
        counter("d", "member", 60),
        counter("e", "member", distinct="code"),
        when=when,
    )
    read, noted = new.counted[0].renewed(old.counted[0])
    assert (read.windows, read.sets, read.recent) == ((60,), (), False)
    assert read.facts == (("d", 0, None),)
    assert (noted.windows, noted.recent) == ((3600,), True)
    assert noted.facts == (("c", 0, None), ("e", 1, 32))
    assert new.counted[0].renewed(None) == (new.counted[0],)
    assert not new.counted[0].renewed(new.counted[0])[1].recent


def test_a_shadow_is_counted_for_beside_the_live_rules() -> None:
    """What both count is counted once; last scans are kept if either asks for them."""
    when = {"fact": "rhythm_median_s", "op": "<", "value": 3}
    live = rules_of(counter("a", "device", distinct="member"))
    other = rules_of(
        counter("b", "device", distinct="member"),
        counter("c", "device", distinct="member", up_to=9),
        when=when,
    )
    device, member = Shadow(1, other, 0, live).counted.counted
    assert [fact for fact, _, _ in device.facts] == ["a", "\0c"]
    assert member.recent


def test_each_counter_is_told_in_both_languages() -> None:
    told = [
        known.sentence.say(language)
        for known in rules_of(
            counter("a", "device", distinct="member", up_to=6),
            counter("b", "member", 600, distinct="code", near=24),
            counter("c", "cell", 3600),
        ).facts[:3]
        for language in ("en", "zh")
    ]
    assert told == [
        "Different members that the device had within 1 d; up to 6.",
        "该设备在 1 天内涉及多少个不同的会员，含本次；最多数到 6。",
        "Codes of the member, 10 min, less than 24 serials off; up to 32.",
        "该会员在 10 分钟内扫过的、序号相差小于 24 的码，最多 32。",
        "Scans of the H3 cell of resolution 8 within 1 h, this one included.",
        "该 H3 单元（8 级）在 1 小时内的扫码次数，含本次。",
    ]


def test_only_a_members_scans_are_found_again() -> None:
    rules = rules_of(
        counter("a", "member"),
        counter("b", "member", distinct="code"),
        counter("c", "member", distinct="device"),
        counter("d", "device", distinct="member"),
    )
    told = [known.rebuildable for known in rules.facts[:4]]
    assert told == [True, False, False, False]


def test_what_counts_nothing_or_not_so_far_is_warned_of() -> None:
    when = {
        "any": [
            {"fact": "members", "op": op, "value": value}
            for op, value in ((">", 5), (">", 6), (">=", 6), (">=", 7), ("==", 7))
        ]
    }
    rules = rules_of(
        counter("members", "device", distinct="member", up_to=6),
        counter("sites", "site"),
        when=when,
    )
    told = [(w.pointer, w.code) for w in find_warnings(rules, date(2027, 1, 1))]
    assert told.count(("/rules/0/when", "beyond_up_to")) == 3
    assert ("/counters/1/entity", "never_counted") in told


def test_what_two_rule_sets_count_alike_is_known_by_both_names() -> None:
    old = rules_of(
        counter("a", "device", distinct="member", up_to=6), counter("b", "device")
    )
    new = rules_of(
        counter("x", "device", distinct="member", up_to=6),
        counter("y", "device"),
        counter("z", "device", distinct="member", up_to=7),
    )
    facts = {"a": 3, "b": 9, "signals_available": True}
    assert translate(facts, old, new) == {"x": 3, "y": 9, "signals_available": True}


def scans(*gaps_ms: int, batches: int = 1) -> list[RecentScan]:
    """Make scans so far apart, the newest first, of batches in turn."""
    at_ms = [10**12 - sum(gaps_ms[:n]) for n in range(len(gaps_ms) + 1)]
    return [RecentScan(at, n % batches + 1, n % 3) for n, at in enumerate(at_ms)]


def test_a_rhythm_takes_ten_scans_and_origins_twenty() -> None:
    assert read_recent(scans(*[2000] * 8)) == Recent()
    assert read_recent(scans(*[2000] * 9)) == Recent(2.0, 0.0)
    assert read_recent(scans(*[0] * 9)) == Recent(0.0, 0.0)
    assert read_recent(scans(*[2000] * 18)).recent_batches is None
    assert read_recent(scans(*[2000] * 19, batches=8)) == Recent(2.0, 0.0, 8, 2, 38)


def test_people_pause_and_machines_do_not() -> None:
    """Their gaps' standard deviation is that of a sample known whole."""
    told = read_recent(scans(1000, 3000, 1000, 3000, 2000, 2000, 9000, 1000, 5000))
    assert told == Recent(2.0, 0.816)
