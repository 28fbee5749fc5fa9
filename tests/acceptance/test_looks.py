"""A look at a cap tells what is left of its campaign, before anybody claims it."""

from datetime import timedelta
from functools import partial

import pytest

from core.clock import utc_datetime
from core.ids import random_token
from tests.fixtures.festival import Festival
from tests.fixtures.ground import CLOCK
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json
from tests.fixtures.visitor import Visitor, heading, visiting

GONE = "Genuine, but the rewards are gone"
HAD = "Genuine, but you have had your share"
TODAY = "Genuine, but today is full"
EARLY = "Genuine, but the campaign has not begun"


def reads(visitor: Visitor, code: str, words: str) -> bool:
    """Tell whether a look at a cap is headed so."""
    return heading(visitor.get(f"/C/{code}")) == words


def draw(festival: Festival, *, opens_in: timedelta, closes_in: timedelta) -> str:
    """Make a draw that opens and closes soon."""
    now, draw_id = utc_datetime(CLOCK.now_ms()), f"d-{random_token(6)}"
    wish: Json = {
        "draw_id": draw_id,
        "name": "A draw",
        "opens_at": (now + opens_in).isoformat(),
        "closes_at": (now + closes_in).isoformat(),
        "draws_at": (now + closes_in + timedelta(days=9)).isoformat(),
        "prizes": [{"prize_id": "cup", "name": "A cup", "quantity": 1}],
        "entry": "awarded",
        "claim_days": 9,
    }
    made = festival.service.post("/v1/draws", wish, festival.mona)
    assert made.status_code == 201, made.text
    return draw_id


def tickets(draw_id: str) -> Json:
    """Offer tickets of a draw."""
    return {"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 1}


def test_a_pool_without_coupons_is_gone_for_everybody(festival: Festival) -> None:
    pool = festival.pool(stock=1)
    festival.campaign(offers=[{"offer_id": "c", "kind": "coupon", "pool_id": pool}])
    first, spare = festival.caps(2)
    assert festival.service.scan(first, "one")["outcome"] == "rewarded"
    with visiting(festival.service) as visitor:
        wait_for(partial(reads, visitor, spare, GONE))
        visitor.sign_in("other")
        wait_for(partial(reads, visitor, spare, GONE))
    assert festival.service.scan(spare, "other")["offer"] == "spent"


def test_a_draw_that_has_closed_is_gone(festival: Festival) -> None:
    """A stock beside it keeps the cap worth claiming until that is gone as well."""
    day = timedelta(days=1)
    closing = draw(festival, opens_in=-day, closes_in=timedelta(seconds=2))
    mug: Json = {"offer_id": "g", "kind": "gift", "name": "Mug", "stock": 1}
    festival.campaign(offers=[tickets(closing), mug])
    first, spare = festival.caps(2)
    with visiting(festival.service) as visitor:
        assert "has not" not in heading(visitor.get(f"/C/{spare}"))
        assert heading(visitor.get(f"/C/{spare}")) != GONE
        festival.service.scan(first, "one")
        wait_for(partial(reads, visitor, spare, GONE))


def test_a_draw_that_is_yet_to_open_has_not_begun(festival: Festival) -> None:
    day = timedelta(days=1)
    festival.campaign(offers=[tickets(draw(festival, opens_in=day, closes_in=2 * day))])
    [cap] = festival.caps(1)
    with visiting(festival.service) as visitor:
        assert heading(visitor.get(f"/C/{cap}")) == EARLY
    assert festival.service.scan(cap, "one")["outcome"] == "limit_reached"


@pytest.mark.parametrize(
    ("offer", "cap", "words"),
    [
        ("gift", {"per": "member", "of": "claims", "most": 1}, HAD),
        ("gift", {"per": "member_day", "of": "claims", "most": 1}, TODAY),
        ("points", {"per": "member_day", "of": "points", "most": 9}, TODAY),
        ("points", {"per": "day", "of": "claims", "most": 1}, TODAY),
        ("coupon", None, HAD),
    ],
)
def test_who_has_had_all_is_told_so_and_others_may_claim(
    festival: Festival, offer: str, cap: Json | None, words: str
) -> None:
    """Of whatever kind; a pool's most for a member is one of these limits."""
    offers: dict[str, Json] = {
        "gift": {"offer_id": "g", "kind": "gift", "name": "Mug"},
        "points": {"offer_id": "p", "kind": "points", "amount": 5},
    }
    if offer == "coupon":
        pool = festival.pool(per_member=1)
        offers["coupon"] = {"offer_id": "c", "kind": "coupon", "pool_id": pool}
    festival.campaign(offers=[offers[offer]], caps=[] if cap is None else [cap])
    first, spare = festival.caps(2)
    assert festival.service.scan(first, "one")["outcome"] == "rewarded"
    with visiting(festival.service) as visitor:
        visitor.sign_in("one")
        assert heading(visitor.get(f"/C/{spare}")) == words
        is_shared = cap is not None and cap["per"] == "day"
        visitor.sign_in("another")
        assert (heading(visitor.get(f"/C/{spare}")) == words) is is_shared
    assert festival.service.scan(spare, "one")["outcome"] == "limit_reached"
