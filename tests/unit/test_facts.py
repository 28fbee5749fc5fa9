"""The catalogue of facts, and what its readers make of evidence."""

from datetime import date
from typing import Any

import pytest

from anti_fraud.default_rules import shipped_rule_set, shipped_rules
from anti_fraud.domain.clusters import Linked
from anti_fraud.domain.decision import judge
from anti_fraud.domain.facts import KNOWN_FACTS, Evidence
from anti_fraud.domain.networks import KnownNetwork, NetworkKind
from anti_fraud.domain.places import Travel
from anti_fraud.domain.recent import Recent
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from core.conditions import FactKind
from tests.fixtures.rule_sets import SECOND

TODAY = date(2027, 1, 10)
TYPES = {FactKind.FLAG: bool, FactKind.TEXT: str, FactKind.NUMBER: int | float}


def evidence(**known: Any) -> Evidence:
    """Know this of a scan, and nothing else."""
    usual: dict[str, Any] = {
        "signals_available": True,
        "counts": {},
        "travel": None,
        "sell_by": None,
        "today": TODAY,
    }
    return Evidence(**usual | known)


def rules_that_count(*names: str) -> RuleSet:
    """Count scans of members under these names."""
    counters = [{"fact": n, "entity": "member", "window_s": 600} for n in names]
    document = shipped_rules() | {"counters": counters, "rules": []}
    return parse_rule_set(document)


def test_what_is_known_becomes_facts_and_nothing_else_does() -> None:
    rules = shipped_rule_set()
    usual = {known.name: known.usual for known in KNOWN_FACTS}
    nothing = {name: value for name, value in usual.items() if value is not None}
    assert nothing.keys() >= {"shop_listed", "outside_sale_region"}
    assert rules.read(evidence()) == {"signals_available": True} | nothing
    full = evidence(
        counts={"member_scans_10m": 3},
        travel=Travel(12.5, 60, 750.0),
        sell_by=date(2027, 1, 1),
    )
    assert rules.read(full) == {
        "member_scans_10m": 3,
        "signals_available": True,
        "days_past_sell_by": 9,
        "place_distance_km": 12.5,
        "place_elapsed_s": 60,
        "place_speed_kmh": 750.0,
        **nothing,
    }


@pytest.mark.parametrize(("sell_by", "days"), [(9, 1), (10, 0), (11, -1)])
def test_days_past_sell_by_are_below_zero_until_then(sell_by: int, days: int) -> None:
    facts = shipped_rule_set().read(evidence(sell_by=date(2027, 1, sell_by)))
    assert facts["days_past_sell_by"] == days


def test_what_is_not_new_any_more_is_not_told() -> None:
    """A member, goods, a code: an age that says nothing takes no room."""
    ages = ("member_age_days", "days_since_produced", "hours_since_active")
    new = evidence(member_days=30, produced_on=date(2026, 12, 27), hours_active=14 * 24)
    told = shipped_rule_set().read(new)
    assert [told[name] for name in ages] == [30, 14, 14 * 24]
    old = evidence(
        member_days=31, produced_on=date(2026, 12, 26), hours_active=14 * 24 + 1
    )
    assert not set(ages) & shipped_rule_set().read(old).keys()


def test_each_reader_gives_what_the_catalogue_says_it_does() -> None:
    """Of everything that can be known."""
    full = evidence(
        counts={counter.fact: 1 for counter in shipped_rule_set().counters},
        travel=Travel(12.5, 60, 750.0),
        sell_by=TODAY,
        network=KnownNetwork(NetworkKind.CARRIER, "CN", "CN-44"),
        network_distance_km=0,
        environment="normal",
        risk_rank=0,
        member_days=3,
        produced_on=TODAY,
        hours_active=1,
        linked=Linked(20, 6),
        prize=(5, 0),
        recent=Recent(2.5, 0.1, 8, 4, 600),
        dealer_outside_share=0.12,
    )
    for known in shipped_rule_set().facts:
        assert isinstance(known.read(full), TYPES[known.kind]), known.name


def test_each_fact_is_told_in_both_languages() -> None:
    """A counter's by its entity and window, in the largest unit that is whole."""
    sentences = {known.name: known.sentence for known in shipped_rule_set().facts}
    member_day = sentences["member_scans_1d"]
    assert member_day == "Scans of the member within 1 d, this one included."
    assert member_day.say("zh") == "该会员在 1 天内的扫码次数，含本次。"
    assert "10 min" in sentences["network_scans_10m"]


def test_only_a_members_scans_can_be_counted_afterwards() -> None:
    counted = [counter.known_fact for counter in SECOND.counters]
    assert [known.name for known in counted if not known.rebuildable] == [
        *("device_scans_10m", "device_scans_1d", "network_scans_10m"),
    ]


def test_facts_stand_in_an_order_that_only_grows() -> None:
    """What was kept of scans is read by it: add at the end, and take nothing away."""
    assert [known.name for known in KNOWN_FACTS][:6] == [
        *("signals_available", "days_past_sell_by"),
        *("place_distance_km", "place_elapsed_s", "place_speed_kmh", "shop_listed"),
    ]
    assert [known.name for known in rules_that_count("b", "a").facts] == [
        *("b", "a"),
        *(known.name for known in KNOWN_FACTS),
    ]


def test_a_counter_keeps_its_name_from_a_fact_that_came_later() -> None:
    """So an old rule set means what it meant."""
    rules = rules_that_count("a", "days_past_sell_by")
    names = [known.name for known in rules.facts]
    assert names.count("days_past_sell_by") == 1
    facts = rules.read(evidence(counts={"days_past_sell_by": 7}, sell_by=TODAY))
    assert facts["days_past_sell_by"] == 7


def test_a_scan_is_judged_by_what_is_known_of_it() -> None:
    rules = shipped_rule_set()
    assert judge(rules, evidence()).hits == ()
    away = judge(rules, evidence(signals_available=False))
    assert [hit.rule_id for hit in away.hits] == ["signals-away"]
