"""A rule opens cases of scans that pass: nothing is held, and somebody looks."""

import json
from collections.abc import Mapping
from datetime import timedelta

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rule_set, shipped_rules
from anti_fraud.domain.cases import Case, CaseState, Value, Verb
from anti_fraud.domain.decision import decide, obey_list
from anti_fraud.domain.figures import count_decided
from anti_fraud.domain.lists import Listed, ListName
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.pipeline.cases import resolving
from anti_fraud.store.figures import load_decided
from core.clock import business_day, utc_datetime
from core.conditions import Fact
from printer_export.store.aggregation.dealers import find_dealers
from rewards.domain.holds import HoldReason
from scan_api.domain.scans import Outcome
from scan_api.pipeline import case_looks
from scan_api.pipeline.case_looks import SETTLED, open_for_rules
from scan_api.store.scans import Decided
from tests.fixtures.cases import BUSY, PORTS, Review
from tests.fixtures.ground import CLOCK, TIMEZONE
from tests.integration.test_cases import decide as decide_case
from tests.integration.test_undos import codes, undo

# What one rule wants looked at, and holds nothing for.
ODD: Mapping[str, Fact] = {"member_scans_10m": 7}


async def watching(review: Review) -> RuleSet:
    """Write a version of the rules of which one opens cases."""
    document = shipped_rules()
    document["version"] = 99
    document["rules"].append(
        {
            "id": "look-at-it",
            "score": 0,
            "effect": "open_case",
            "kind": "collector",
            "sentence": {"zh": "请看一看。", "en": "Have a look."},
            "when": {"fact": "member_scans_10m", "op": ">=", "value": 7},
        }
    )
    said = json.dumps(document).replace("'", "''").replace(":", r"\:")
    await review.ground.rows(
        "INSERT INTO rule_sets (version, document, created_by, created_at)"
        f" VALUES (99, '{said}', 'anne', now()) RETURNING 1"
    )
    return parse_rule_set(document)


async def scan(
    review: Review,
    rules: RuleSet,
    code_id: int,
    member_no: int,
    facts: Mapping[str, Fact] = ODD,
    *,
    outcome: Outcome = Outcome.REWARDED,
    listed: Listed | None = None,
) -> int:
    """Let rules judge a scan; gives its scan_id."""
    wish = review.ground.wish(code_id, member_no, review.campaign, outcome=outcome)
    decision = decide(
        rules,
        {"signals_available": True, "shop_listed": False, **facts},
        business_day(CLOCK.now_ms(), TIMEZONE),
    )
    if listed is not None:
        decision = obey_list(decision, listed)
    reason = HoldReason.RULES if outcome is Outcome.HELD else None
    plan = msgspec.structs.replace(wish.plan, decision=decision, hold_reason=reason)
    await review.ground.commit(
        Decided(wish.scan, plan, member_no, transfers=wish.transfers)
    )
    return wish.scan.scan_id


async def look(review: Review) -> int:
    """Run the job to its end, when all that was scanned until now is settled."""
    now_ms = CLOCK.now_ms()
    now = utc_datetime(now_ms) + SETTLED + timedelta(milliseconds=1)
    more, runs = 1, 0
    while more:
        async with review.ground.engine.begin() as conn:
            more = await open_for_rules(
                conn,
                next_id=lambda: review.ground.ids.next_id(now_ms),
                find_dealers=find_dealers,
                timezone=TIMEZONE,
                now=now,
            )
        runs += 1
    return runs


async def looked_at(review: Review, scans: int = 2) -> Case:
    """Open a case of a member's scans that passed."""
    rules = await watching(review)
    [member] = await review.ground.members("odd")
    for code in await review.ground.live(scans):
        await scan(review, rules, code, member)
    await look(review)
    return await review.only_case()


async def test_what_passed_is_a_case_of_the_rules_kind(review: Review) -> None:
    """One attack one case, once; what nobody asked to look at is in none."""
    rules = await watching(review)
    odd, plain, let_through = await review.ground.members("odd", "plain", "shop")
    live = await review.ground.live(5)
    for code in live[:2]:
        await scan(review, rules, code, odd)
    await scan(review, rules, live[2], plain, {"member_scans_10m": 6})
    await scan(*(review, rules, live[3], let_through), listed=Listed(ListName.ALLOW, 1))
    await look(review)
    case = await review.only_case()
    assert (case.kind, case.subject, case.rules) == (
        "collector",
        str(odd),
        ("look-at-it",),
    )
    assert (case.scans, case.waiting, case.value) == (2, 2, Value())
    await look(review)
    await scan(review, rules, live[4], odd)
    await look(review)
    assert (await review.only_case()).scans == 3
    assert await review.resolutions() == []
    assert await review.ground.audit() == []


@pytest.mark.parametrize("verb", list(Verb))
async def test_a_decision_settles_nothing_and_says_whether_the_rule_was_right(
    review: Review, verb: Verb
) -> None:
    """It can be taken back, and is counted with the decisions on the rule's cases."""
    case = await looked_at(review)
    before = await review.ground.rows("SELECT available, pending FROM balances")
    outcome = await decide_case(review, case, verb)
    assert (outcome.state, outcome.posted, outcome.voided) == (
        CaseState.DECIDED,
        Value(),
        Value(),
    )
    assert await review.ground.rows("SELECT available, pending FROM balances") == before
    async with review.ground.engine.connect() as conn:
        _, decided = await load_decided(conn, TIMEZONE, after=0, upto=2**62, limit=100)
    counted = count_decided(decided)
    assert [n for key, n in counted.items() if key.name == "look-at-it" and n] == [1]
    assert await review.ground.audit() == []
    assert codes(await undo(review, case)) == [None]
    again = await review.only_case()
    assert (again.state, again.waiting) == (CaseState.OPEN, 2)
    await decide_case(review, again, verb)
    assert await review.ground.audit() == []


async def test_what_is_held_too_is_one_case_with_it(review: Review) -> None:
    """The hold is posted by the decision; the scan that passed is decided with it."""
    rules = await watching(review)
    [member] = await review.ground.members("odd")
    first, second = await review.ground.live(2)
    await scan(review, rules, first, member)
    await scan(review, rules, second, member, ODD, outcome=Outcome.HELD)
    await look(review)
    await review.sorting().sort_once()
    case = await review.only_case()
    assert (case.scans, case.value) == (2, Value(points=5))
    outcome = await decide_case(review, case, Verb.APPROVE)
    assert outcome.posted == Value(points=5)
    assert await review.resolutions() == ["posted"]
    assert await review.ground.audit() == []


async def test_nobody_but_a_person_decides_it(review: Review) -> None:
    """It is worth nothing, and does not resolve itself all the same."""
    await looked_at(review)
    await review.ground.rows(
        "UPDATE cases SET last_at = last_at - interval '99 d' RETURNING 1"
    )
    async with review.ground.engine.begin() as conn:
        work = review.work(conn)
        done = await resolving.resolve_some(
            conn, PORTS, next_id=work.next_id, now=work.now
        )
    assert done == 0


async def test_a_rule_that_hits_everything_does_not_fill_the_queue(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past so many open cases scans are passed over, and the mark goes on."""
    monkeypatch.setattr(case_looks, "MOST_OPEN", 2)
    rules = await watching(review)
    for name in ("a", "b", "c"):
        [member] = await review.ground.members(name)
        [code] = await review.ground.live(1)
        await scan(review, rules, code, member)
        await look(review)
    assert await review.ground.rows("SELECT count(*) FROM cases") == [(2,)]


async def test_many_are_read_in_pieces(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece is a transaction, and none is read twice."""
    monkeypatch.setattr("scan_api.store.case_scans._HITS_AT_ONCE", 2)
    case = await looked_at(review, 5)
    assert (case.scans, case.waiting) == (5, 5)


async def test_other_facts_open_no_case(review: Review) -> None:
    """The rules that ship hold, and want nothing looked at that passes."""
    [member] = await review.ground.members("busy")
    [code] = await review.ground.live(1)
    await scan(review, shipped_rule_set(), code, member, BUSY, outcome=Outcome.HELD)
    await look(review)
    assert await review.ground.rows("SELECT count(*) FROM cases") == [(0,)]
