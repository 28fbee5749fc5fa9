"""What a campaign's terms may say, and what they come to as limits."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.clock import utc_datetime
from rewards.domain.active_campaigns import Campaign, OfferState
from rewards.domain.campaigns import MOVES, CampaignState, Move, NewCampaign
from rewards.domain.limits import Counts, Per
from rewards.domain.terms import (
    Budget,
    Cap,
    CapPer,
    Counted,
    LimitTerms,
    OfferKind,
    OfferTerms,
    Terms,
    TwoNames,
    find_faults,
    find_uncountable,
)
from tests.fixtures.campaigns import points_campaign

NOW = utc_datetime(1_800_000_000_000)
DAY = timedelta(days=1)
POINTS = OfferTerms(offer_id="p", kind=OfferKind.POINTS, amount=5)
DAILY = Cap(per=CapPer.MEMBER_DAY, of=Counted.CLAIMS, most=10)
ALWAYS = Cap(per=CapPer.MEMBER, of=Counted.CLAIMS, most=10)
STOCKED = msgspec.structs.replace(POINTS, stock=7)
OTHER = msgspec.structs.replace(STOCKED, offer_id="q")


def terms(**given: Any) -> Terms:
    """Write terms of five points a cap, unless told otherwise."""
    said: dict[str, Any] = {"starts_at": NOW, "name": TwoNames(zh="春", en="Spring")}
    return Terms(**said | {"offers": (POINTS,)} | given)


def points(amount: int) -> tuple[OfferTerms, ...]:
    """Offer other points."""
    return (OfferTerms(offer_id="p", kind=OfferKind.POINTS, amount=amount),)


def test_each_budget_cap_and_stock_is_a_limit_of_its_own() -> None:
    stocked = OfferTerms(
        offer_id="c", kind=OfferKind.COUPON, pool_id="p", stock=9, daily_stock=3
    )
    capped = terms(
        offers=(POINTS, stocked),
        budget=Budget(points=0),
        caps=(DAILY, Cap(per=CapPer.MEMBER_DAY, of=Counted.POINTS, most=30)),
    )
    assert set(capped.limits) == {
        LimitTerms(Per.TOTAL, Counts.POINTS, 0),
        LimitTerms(Per.MEMBER_DAY, Counts.CLAIMS, 10),
        LimitTerms(Per.MEMBER_DAY, Counts.POINTS, 30),
        LimitTerms(Per.TOTAL, Counts.AWARDS, 9, "c"),
        LimitTerms(Per.DAY, Counts.AWARDS, 3, "c"),
    }
    assert terms().limits == ()


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"ends_at": NOW}, "/ends_at"),
        ({"offers": ()}, "/offers"),
        ({"offers": (POINTS, POINTS)}, "/offers/1/offer_id"),
        (
            {"offers": (OfferTerms(offer_id="p", kind=OfferKind.POINTS),)},
            "/offers/0/amount",
        ),
        ({"offers": (msgspec.structs.replace(POINTS, minor=5),)}, "/offers/0/minor"),
        ({"caps": (DAILY, DAILY)}, "/caps/1"),
    ],
)
def test_terms_that_make_no_sense_are_pointed_at(
    given: dict[str, Any], pointer: str
) -> None:
    assert [fault.pointer for fault in find_faults(terms(**given))] == [pointer]
    assert list(find_faults(terms())) == []


@pytest.mark.parametrize(
    ("now", "before", "pointers"),
    [
        ({"budget": Budget(points=9)}, {}, ["/budget"]),
        ({"budget": Budget(points=9)}, {"budget": Budget(points=7)}, []),
        ({}, {"budget": Budget(points=7)}, []),
        ({"offers": points(6)}, {}, []),
        ({"offers": points(6), "caps": (DAILY,)}, {}, []),
        ({"caps": (ALWAYS,)}, {"caps": (DAILY,)}, ["/caps/0"]),
        ({"offers": (STOCKED,)}, {}, ["/offers/0/stock"]),
        ({"offers": (POINTS, OTHER)}, {}, []),
    ],
)
def test_a_version_adds_nothing_that_was_not_counted(
    now: dict[str, Any], before: dict[str, Any], pointers: list[str]
) -> None:
    found = find_uncountable(terms(**now), [terms(**before)])
    assert [fault.pointer for fault in found] == pointers


def test_terms_are_kept_whole() -> None:
    """As JSON and back, with what the operator's short way says too."""
    short = NewCampaign("s", "S" * 99, 5, NOW, NOW + DAY, 50, 20).terms
    for each in (terms(caps=(DAILY,), ends_at=NOW + DAY), short):
        kept = msgspec.json.decode(msgspec.json.encode(each), type=Terms)
        assert kept == each
    assert [(each.per, each.most) for each in short.limits] == [
        (Per.TOTAL, 50),
        (Per.MEMBER_DAY, 20),
    ]


def campaign(state: CampaignState) -> Campaign:
    """Give a campaign of two days, which begins tomorrow."""
    return points_campaign(NOW + DAY, NOW + 3 * DAY, state=state)


@pytest.mark.parametrize(
    ("state", "offers"),
    [
        (CampaignState.DRAFT, ["paused", "paused", "ended"]),
        (CampaignState.ACTIVE, ["not_begun", "open", "ended"]),
        (CampaignState.PAUSED, ["paused", "paused", "ended"]),
        (CampaignState.STOPPED, [None, "ended", "ended"]),
    ],
)
def test_what_may_pay_one_day_keeps_a_caps_worth(
    state: CampaignState, offers: list[str | None]
) -> None:
    """Before it begins, while it runs, and after: only what is over uses a cap up."""
    found = [campaign(state).offer(NOW + DAY * days, ()) for days in (0, 2, 4)]
    assert [offer and offer.state.value for offer in found] == offers
    spent = campaign(state).offer(NOW + 2 * DAY, {1})
    assert spent is not None
    expected = OfferState.SPENT if state is CampaignState.ACTIVE else found[1]
    assert spent.state is getattr(expected, "state", expected)


def test_a_stop_is_final_and_a_draft_is_not_paused() -> None:
    for legal, _ in MOVES.values():
        assert CampaignState.STOPPED not in legal
    assert CampaignState.DRAFT not in MOVES[Move.PAUSE][0]
    paused = frozenset({CampaignState.PAUSED})
    assert MOVES[Move.RESUME] == (paused, CampaignState.ACTIVE)
