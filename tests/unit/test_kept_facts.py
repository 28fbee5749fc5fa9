"""What is kept of a scan: small, exact, and readable by Crowncaps before and after."""

from datetime import date
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.decision import decide, judge
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.places import Travel
from scan_api.store.kept_facts import KeptFacts, pack_facts, unpack_facts
from tests.fixtures.rule_sets import SECOND

RULES = SECOND
COUNTERS = [counter.fact for counter in RULES.counters]
DAY_OF_SCAN = date(2027, 1, 1)
DAYS = st.dates(date(2000, 1, 1), date(2199, 12, 31))
KM = st.floats(0, 21_000)
EVIDENCE = st.builds(
    Evidence,
    signals_available=st.booleans(),
    counts=st.dictionaries(st.sampled_from(COUNTERS), st.integers(0, 700_000)),
    travel=st.none() | st.builds(Travel, KM, st.integers(1, 86_400), KM),
    sell_by=st.none() | DAYS,
    today=DAYS,
)


@given(EVIDENCE)
def test_what_is_kept_gives_the_same_decision_again(evidence: Evidence) -> None:
    """To the last digit, since a condition may lie just there."""
    decision = judge(RULES, evidence)
    kept = unpack_facts(pack_facts(decision, None))
    version, *values = kept.judged
    assert version == RULES.version
    assert decide(RULES, RULES.from_order(values), DAY_OF_SCAN) == decision
    assert kept.score == decision.score
    assert list(kept.hits) == [hit.rule_id for hit in decision.hits]


def test_a_scan_that_no_rule_hits_takes_a_few_bytes() -> None:
    """And what nobody judged none."""
    counts = dict.fromkeys(COUNTERS, 1)
    usual = Evidence(
        signals_available=True,
        counts=counts,
        travel=None,
        sell_by=date(2027, 1, 31),
        today=date(2027, 1, 1),
    )
    assert len(pack_facts(judge(RULES, usual), None)) == 12
    assert pack_facts(None, None) == b""
    assert unpack_facts(b"") == KeptFacts()


def test_scans_of_before_facts_were_kept_are_read() -> None:
    """These kept the values of rules that hit, and are not judged again."""
    hits = {"member-burst": {"member_scans_10m": 21}}
    before = {"score": 40, "hits": hits, "context": {"store_id": "s1"}}
    kept = unpack_facts(msgspec.msgpack.encode(before))
    assert (kept.judged, kept.score, list(kept.hits)) == ((), 40, ["member-burst"])
    assert kept.context == {"store_id": "s1"}


def test_workers_of_before_facts_were_kept_read_in_which_store_a_scan_was() -> None:
    """While they run beside new ones: by the name that they know."""
    known = Evidence(
        signals_available=True,
        counts={},
        travel=None,
        sell_by=None,
        today=date(2027, 1, 1),
    )
    for decision in (judge(RULES, known), None):
        packed = pack_facts(decision, {"store_id": "s1"})
        as_before: dict[str, Any] = msgspec.msgpack.decode(packed)
        assert as_before.get("context", {}).get("store_id") == "s1"


def test_facts_that_came_later_are_unknown_of_earlier_scans() -> None:
    """Or what they usually are; an earlier Crowncap passes over what is new to it."""
    names = [known.name for known in RULES.facts]
    values = list(range(len(names) + 1))
    told = ((known.name, known.usual) for known in RULES.facts)
    usual = {name: value for name, value in told if value is not None}
    assert RULES.from_order(values[:2]) == {names[0]: 0, names[1]: 1} | usual
    assert RULES.from_order(values) == dict(zip(names, values, strict=False))
