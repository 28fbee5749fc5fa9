"""What a scan should come to: every outcome, and which comes first."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.decision import Decision
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.verdict import Verdict
from codegen.domain.products import Product
from codegen.domain.range_table import RangeTable, TableRow
from codegen.domain.ranges import Binding, EpochState, RangeState
from codegen.domain.terms import RangeTerms
from core.clock import utc_datetime
from rewards.domain.active_campaigns import (
    Campaign,
    Campaigns,
    best_offer,
    plan_rewards,
)
from rewards.domain.campaigns import CampaignState
from rewards.domain.holds import HoldReason
from rewards.domain.plans import Claim, HindranceReason
from scan_api.domain.scans import CodeStatus, Outcome, Plan, look_up_code, plan_scan
from scan_api.domain.worker_state import WorkerState
from tests.fixtures.campaigns import first_card, points_campaign

NOW = utc_datetime(1_800_000_000_000)
HOUR = timedelta(hours=1)
GTIN, PRINTED = "06901234567892", "04006381333931"
CODE = 500
CLAIM = Claim(CODE, dict, lambda *_: 0, first_card)
RULES = parse_rule_set(shipped_rules())
CAMPAIGN = points_campaign(NOW - HOUR, NOW + HOUR)
PRODUCT = Product(GTIN, "Milk", "Dairy")


def look(
    state: RangeState = RangeState.ACTIVATED,
    *,
    epoch: EpochState = EpochState.OPEN,
    placement: str = "inside",
    gtin: str | None = None,
    code: int = CODE,
    product: Product = PRODUCT,
    **binding: Any,
) -> CodeStatus:
    """Look a code up in a table of one range."""
    bound = replace(Binding(gtin=GTIN, campaign_id="points"), **binding)
    terms = RangeTerms(7, state, bound, placement, PRINTED)
    worker_state = WorkerState(
        1,
        RangeTable.of([TableRow(CODE, CODE + 9, 1, terms)]),
        products={GTIN: product},
        epochs={0: epoch},
        campaigns=Campaigns(),
        rule_set=RULES,
    )
    return look_up_code(worker_state, worker_state.table.find(code), code, gtin, NOW)


@pytest.mark.parametrize(
    ("batch_brand", "product_brand", "foreign"),
    [
        ("Dairy", "Dairy", False),
        (None, "Dairy", False),
        ("Dairy", None, False),
        (None, None, False),
        ("Other", "Dairy", True),
        ("Dairy", "Other", True),
        (None, "Other", True),
        ("Other", None, True),
    ],
)
def test_another_brands_code_is_invalid_to_a_token_of_one_brand(
    batch_brand: str | None, product_brand: str | None, *, foreign: bool
) -> None:
    """By its batch or by what it was bound to; what is nobody's is anybody's."""
    bound = Binding(gtin=GTIN if product_brand else None)
    terms = RangeTerms(
        7, RangeState.ACTIVATED, bound, "inside", None, brand=batch_brand
    )
    products = {GTIN: replace(PRODUCT, brand=product_brand or "")}
    worker_state = WorkerState(
        *(1, RangeTable.of([TableRow(CODE, CODE, 1, terms)]), products),
        *({0: EpochState.OPEN}, Campaigns(), RULES),
    )
    found = worker_state.table.find(CODE)
    status = look_up_code(worker_state, found, CODE, None, NOW, brand="Dairy")
    assert status.foreign is foreign
    assert (plan(status).outcome is Outcome.INVALID) is foreign
    assert plan(status).foreign is foreign
    assert not look_up_code(worker_state, found, CODE, None, NOW).foreign


def plan(status: CodeStatus, **given_: Any) -> Plan:
    """Plan a good member's scan in a running campaign, unless told."""
    usual: dict[str, Any] = {
        "member_id": "ann",
        "decision": verdict(Verdict.PASS),
        "signals_available": True,
    }
    given = usual | given_
    now: datetime = given.pop("now", NOW)
    campaign: Campaign | None = given.pop("campaign", CAMPAIGN)
    spent = given.pop("spent", ())
    there = [] if campaign is None else [campaign]
    return plan_scan(
        status,
        offer=best_offer(each.offer(now, spent) for each in there),
        earned=lambda: plan_rewards(there, CLAIM, now),
        **given,
    )


def verdict(kind: Verdict) -> Decision:
    """Decide so."""
    return Decision(RULES, {}, kind)


def test_a_good_scan_is_rewarded_with_the_campaigns_points() -> None:
    """With what it is for."""
    done = plan(look())
    assert (done.outcome, done.rewards) == ("rewarded", CAMPAIGN.rewards)
    assert done.product == PRODUCT
    assert done.claims
    assert done.hold_reason is None


@pytest.mark.parametrize(
    ("state", "epoch", "expected"),
    [
        (RangeState.ISSUED, EpochState.OPEN, Outcome.NOT_ACTIVE),
        (RangeState.VOID, EpochState.OPEN, Outcome.NOT_ACTIVE),
        (RangeState.RECALLED, EpochState.OPEN, Outcome.RECALLED),
        (RangeState.RECALLED, EpochState.RETIRED, Outcome.NOT_ACTIVE),
        (RangeState.ACTIVATED, EpochState.RETIRED, Outcome.NOT_ACTIVE),
        (RangeState.ACTIVATED, EpochState.CLOSED, Outcome.REWARDED),
        (RangeState.ACTIVATED, EpochState.FROZEN, Outcome.HELD),
    ],
)
def test_states_decide_first(
    state: RangeState, epoch: EpochState, expected: Outcome
) -> None:
    """Whoever asks."""
    status = look(state, epoch=epoch)
    assert plan(status).outcome is expected
    if expected in {Outcome.NOT_ACTIVE, Outcome.RECALLED}:
        refused = plan(status, member_id=None, decision=verdict(Verdict.REFUSE))
        assert refused.outcome is expected


@pytest.mark.parametrize("code", [CODE - 1, CODE + 10, 0, 1 << 40])
def test_what_was_never_issued_is_invalid(code: int) -> None:
    """Also in an epoch that nobody knows."""
    assert plan(look(code=code)).outcome is Outcome.INVALID


def test_the_gtin_of_the_link_must_be_the_ranges_or_the_printed_one() -> None:
    """Links were printed before the product was bound."""
    for good in (None, GTIN, PRINTED):
        assert plan(look(gtin=good)).outcome is Outcome.REWARDED
    for wrong in ("", "06901234567014"):
        assert plan(look(gtin=wrong)).outcome is Outcome.INVALID
        recalled = look(RangeState.RECALLED, gtin=wrong)
        assert plan(recalled).outcome is Outcome.INVALID


def test_an_activation_begins_when_it_says() -> None:
    """To the moment."""
    assert plan(look(effective_at=NOW)).outcome is Outcome.REWARDED
    later = look(effective_at=NOW + timedelta(milliseconds=1))
    assert plan(later).outcome is Outcome.NOT_ACTIVE


@pytest.mark.parametrize("placement", ["outside", "carton", "pallet"])
def test_only_inside_pays(placement: str) -> None:
    """Neither claims nor is refused: it verifies."""
    status = look(placement=placement)
    assert plan(status).outcome is Outcome.VERIFIED
    refused = plan(status, decision=verdict(Verdict.REFUSE))
    assert refused.outcome is Outcome.VERIFIED


def test_nobody_signed_in_verifies() -> None:
    """Nothing is claimed."""
    done = plan(look(), member_id=None, decision=None)
    assert (done.outcome, done.claims, done.rewards) == ("verified", False, ())


def test_refused_comes_before_the_campaign_and_that_before_a_hold() -> None:
    """The order of the contract."""
    refuse, hold = verdict(Verdict.REFUSE), verdict(Verdict.HOLD)
    unborn = replace(CAMPAIGN, starts_at=NOW + HOUR)
    over = replace(CAMPAIGN, ends_at=NOW)
    assert plan(look(), decision=refuse, campaign=unborn).outcome is Outcome.REFUSED
    waiting = plan(look(), decision=hold, campaign=unborn)
    assert waiting.outcome is Outcome.LIMIT_REACHED
    assert waiting.retry_at == NOW + HOUR
    assert not waiting.claims
    for ended in (over, None):
        done = plan(look(), decision=hold, campaign=ended)
        assert (done.outcome, done.rewards, done.claims) == ("no_reward", (), True)
    held = plan(look(), decision=hold)
    assert (held.outcome, held.hold_reason) == ("held", HoldReason.RULES)
    assert held.rewards == CAMPAIGN.rewards


def test_why_a_reward_waits_is_said_in_one_order() -> None:
    """A frozen epoch first, then missing signals, then the rules."""
    hold = verdict(Verdict.HOLD)
    frozen = look(epoch=EpochState.FROZEN)
    away = {"signals_available": False, "decision": hold}
    assert plan(frozen, **away).hold_reason is HoldReason.EPOCH
    assert plan(look(), **away).hold_reason is HoldReason.SIGNALS
    assert plan(look(), decision=hold).hold_reason is HoldReason.RULES


@given(
    st.tuples(
        st.sampled_from(RangeState),
        st.sampled_from(EpochState),
        st.sampled_from(["inside", "outside"]),
        st.sampled_from([None, "ann"]),
        st.sampled_from([None, *Verdict]),
        st.sampled_from([None, CAMPAIGN]),
        st.booleans(),
    )
)
def test_nothing_is_paid_unless_all_is_well(
    drawn: tuple[
        RangeState,
        EpochState,
        str,
        str | None,
        Verdict | None,
        Campaign | None,
        bool,
    ],
) -> None:
    """Activated, inside, signed in, a running campaign, a live epoch, no refusal."""
    state, epoch, placement, member_id, kind, campaign, signals = drawn
    status = look(state, epoch=epoch, placement=placement)
    done = plan(
        status,
        member_id=member_id,
        campaign=campaign,
        decision=None if kind is None else verdict(kind),
        signals_available=signals,
    )
    if done.rewards:
        assert state is RangeState.ACTIVATED
        assert epoch is not EpochState.RETIRED
        assert (placement, member_id) == ("inside", "ann")
        assert kind is not Verdict.REFUSE
        assert campaign is CAMPAIGN
    assert (done.hold_reason is not None) == (done.outcome is Outcome.HELD)
    if done.outcome is Outcome.REWARDED:
        assert signals
        assert epoch is not EpochState.FROZEN
        assert kind is not Verdict.HOLD


def test_the_last_day_of_sale_is_known_where_somebody_said_it() -> None:
    """By when goods were made, and how long they keep."""
    made = NOW.date() - timedelta(days=30)
    product = replace(PRODUCT, shelf_life_days=21)
    status = look(produced_on=made, product=product)
    assert status.sell_by == made + timedelta(days=21)
    for unknown in (look(produced_on=made), look(product=product)):
        assert unknown.sell_by is None


@pytest.mark.parametrize(
    ("asks_for_time", "reason"),
    [(True, HindranceReason.PAUSED), (False, HindranceReason.CONDITION)],
)
def test_what_may_hold_at_another_time_keeps_a_caps_worth(
    reason: HindranceReason, *, asks_for_time: bool
) -> None:
    """A paused campaign of Sundays may pay a cap one day, one of another lot never."""
    paused = points_campaign(
        NOW - HOUR,
        state=CampaignState.PAUSED,
        when=lambda _: False,
        asked=("hour",) if asks_for_time else ("lot",),
    )
    hindrance = paused.hindrance(CLAIM, NOW)
    assert hindrance is not None
    assert hindrance.reason is reason
    running = replace(paused, state=CampaignState.ACTIVE).hindrance(CLAIM, NOW)
    assert running is not None
    assert running.reason is HindranceReason.CONDITION
