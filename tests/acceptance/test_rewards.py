"""What one cap earns of several campaigns and kinds, over HTTP, with two workers."""

from collections import Counter
from typing import cast

import pytest

from core.ids import random_token
from tests.fixtures.festival import POINTS, Festival, kinds
from tests.fixtures.service import Json


def test_one_cap_earns_of_two_campaigns_and_lists_it_all(festival: Festival) -> None:
    """In their order; the coupon is in the wallet at once; a retry says the same."""
    service, pool = festival.service, festival.pool()
    second = festival.campaign(order=200)
    first = festival.campaign(
        order=50, offers=[{"offer_id": "c", "kind": "coupon", "pool_id": pool}]
    )
    [code] = festival.caps(1)
    earned = service.scan(code, "two")
    assert earned["outcome"] == "rewarded"
    assert [(each["kind"], each["campaign_id"]) for each in earned["rewards"]] == [
        ("coupon", first),
        ("points", second),
    ]
    coupon = earned["rewards"][0]
    assert coupon["name"] == "Five off"
    wallet = service.get("/v1/me/coupons", service.member_token("two")).json()
    assert coupon["coupon_id"] in {each["coupon_id"] for each in wallet["items"]}
    again = service.scan(code, "two")
    assert (again["outcome"], again["by_you"]) == ("already_claimed", True)
    assert again["rewards"] == earned["rewards"]
    scans = service.get("/v1/me/scans", service.member_token("two")).json()["items"]
    assert [each["rewards"] for each in scans if each["outcome"] == "rewarded"] == [
        earned["rewards"]
    ]
    assert service.scan(code, "somebody")["rewards"] == []


def test_an_exclusive_campaign_ends_the_list_only_where_it_pays(
    festival: Festival,
) -> None:
    """Its stock of one goes to one cap; the next earns of the campaign behind it."""
    festival.campaign(order=200)
    festival.campaign(
        order=50,
        exclusive=True,
        offers=[{"offer_id": "g", "kind": "gift", "name": "Mug", "stock": 1}],
    )
    answers = festival.scan_together(festival.caps(6), *(f"ex{n}" for n in range(6)))
    assert Counter(map(str, map(kinds, answers))) == {"['gift']": 1, "['points']": 5}


def test_a_condition_asks_for_facts_of_the_code_and_the_scan(
    festival: Festival,
) -> None:
    pool = festival.pool()
    festival.campaign(
        when={"all": [{"fact": "lot", "op": "==", "value": "L-7"}]},
        offers=[{"offer_id": "c", "kind": "coupon", "pool_id": pool}],
    )
    [mine] = festival.caps(1, lot="L-7")
    [other] = festival.caps(1, lot="L-8")
    assert kinds(festival.service.scan(mine, "lot")) == ["coupon"]
    unpaid = festival.service.scan(other, "lot")
    assert (unpaid["outcome"], unpaid["rewards"]) == ("no_reward", [])
    assert unpaid["message"] == "正品！这次没有奖励。"


@pytest.mark.parametrize(
    ("cap", "paid", "of_second"),
    [
        ({"per": "member", "of": "claims", "most": 2}, 2, 2),
        ({"per": "member_day", "of": "points", "most": 14}, 2, 2),
        ({"per": "day", "of": "claims", "most": 3}, 3, 0),
        ({"per": "region_day", "of": "points", "most": 15}, 3, 0),
    ],
)
def test_each_kind_of_cap_stops_where_it_says(
    festival: Festival, cap: Json, paid: int, of_second: int
) -> None:
    """Of claims, a scan counts once whatever it earns; what is full leaves the cap."""
    offers = [POINTS]
    if cap["of"] == "claims":
        offers.append({"offer_id": "more", "kind": "points", "amount": 1})
    festival.campaign(caps=[cap], offers=offers)
    caps = festival.caps(8)
    first = festival.scan_together(caps[:5], "one")
    assert [each["outcome"] for each in first].count("rewarded") == paid
    assert {each["outcome"] for each in first} == {"rewarded", "limit_reached"}
    full = [each for each in first if each["outcome"] == "limit_reached"]
    # Nobody who has had all is told to come back tomorrow.
    told = ("full", "none") if cap["per"] == "member" else ("full_today", "retry_later")
    assert {(each["offer"], each["next"]["kind"]) for each in full} == {told}
    second = festival.scan_together(caps[5:], "other")
    assert [each["outcome"] for each in second].count("rewarded") == of_second


def test_a_chance_is_won_as_often_as_its_stock_lets_and_falls_to_the_next(
    festival: Festival,
) -> None:
    """Forty at once: two mugs, three coupons, then points without end."""
    pool = festival.pool(stock=3)
    table: list[Json] = [
        {
            "tier_id": "gold",
            "name": "Gold",
            "per_million": 1_000_000,
            "stock": 2,
            "gives": {"kind": "gift", "name": "Mug"},
        },
        {
            "tier_id": "silver",
            "name": "Silver",
            "per_million": 0,
            "gives": {"kind": "coupon", "pool_id": pool},
        },
        {
            "tier_id": "bronze",
            "name": "Bronze",
            "per_million": 0,
            "gives": {"kind": "points", "amount": 1},
        },
    ]
    festival.campaign(offers=[{"offer_id": "luck", "kind": "chance", "table": table}])
    answers = festival.scan_together(festival.caps(40), *(f"luck{n}" for n in range(9)))
    won = Counter(tuple(kinds(each)) for each in answers)
    assert won == {
        ("prize", "gift"): 2,
        ("prize", "coupon"): 3,
        ("prize", "points"): 35,
    }
    gold = [each for each in answers if kinds(each) == ["prize", "gift"]]
    assert {each["rewards"][0]["tier_id"] for each in gold} == {"gold"}
    assert {each["rewards"][0]["name"] for each in gold} == {"Gold"}
    assert "“Gold”奖：礼品“Mug”" in gold[0]["message"]


def test_a_chance_that_gives_nothing_claims_the_cap(festival: Festival) -> None:
    tier: Json = {
        "tier_id": "gold",
        "name": "Gold",
        "per_million": 0,
        "gives": {"kind": "points", "amount": 9},
    }
    festival.campaign(offers=[{"offer_id": "luck", "kind": "chance", "table": [tier]}])
    [code] = festival.caps(1)
    assert festival.service.scan(code, "unlucky")["outcome"] == "no_reward"
    again = festival.service.scan(code, "unlucky")
    assert (again["outcome"], again["by_you"]) == ("already_claimed", True)


def test_what_a_held_scan_earned_waits_as_a_whole(festival: Festival) -> None:
    """Nothing of it can be used meanwhile; limits keep its place."""
    service, pool = festival.service, festival.pool(stock=1)
    festival.campaign(
        offers=[POINTS, {"offer_id": "c", "kind": "coupon", "pool_id": pool}],
        budget={"points": 5},
    )
    code, late = festival.caps(2)
    service.scan(code, position={"lat": 31.23, "lon": 121.47})
    held = service.scan(code, "far", position={"lat": 39.90, "lon": 116.40})
    assert held["outcome"] == "held"
    assert [(each["kind"], each["status"]) for each in held["rewards"]] == [
        ("points", "pending"),
        ("coupon", "pending"),
    ]
    mine = service.get("/v1/me/coupons", service.member_token("far")).json()["items"]
    assert mine == []
    assert service.scan(late, "late")["outcome"] == "no_reward"


def test_a_preview_says_what_a_scan_earns_and_why_not_more(festival: Festival) -> None:
    """Of a draft too; it writes nothing, and tells no tier."""
    service, pool = festival.service, festival.pool(stock=0)
    mine = festival.campaign(
        caps=[{"per": "member", "of": "claims", "most": 1}],
        offers=[POINTS, {"offer_id": "c", "kind": "coupon", "pool_id": pool}],
    )
    later = festival.campaign(order=300, starts_at="2100-01-01")
    tier: Json = {
        "tier_id": "gold",
        "name": "Gold",
        "per_million": 1_000_000,
        "gives": {"kind": "points", "amount": 9},
    }
    luck = festival.campaign(
        order=400, offers=[{"offer_id": "luck", "kind": "chance", "table": [tier]}]
    )
    code, other = festival.caps(2)
    path = f"/v1/campaigns/{mine}/previews"

    def preview(**wish: str) -> Json:
        answer = service.post(path, wish, festival.mona)
        assert answer.status_code == 200, answer.text
        return cast("Json", answer.json())

    told = preview(code=code, member_id="prue")
    assert [(each["offer_id"], each["kind"]) for each in told["awards"]] == [
        ("points", "points"),
        ("luck", "chance"),
    ]
    assert "Gold" not in str(told)
    assert [
        (each["campaign_id"], each["offer_id"], each["reason"])
        for each in told["not_awarded"]
    ] == [(mine, "c", "stock"), (later, None, "not_begun")]
    assert kinds(service.scan(code, "prue")) == ["points", "prize", "points"]
    told = preview(code=other, member_id="prue")
    reasons = {each["reason"] for each in told["not_awarded"]}
    assert reasons == {"cap_member", "stock", "not_begun"}
    assert [each["campaign_id"] for each in told["awards"]] == [luck]
    assert preview(gtin=festival.gtin)["awards"][0]["amount"] == 5
    assert service.post(path, {"code": "0" * 16}, festival.mona).status_code == 404
    assert service.post(path, {}, festival.mona).status_code == 422


def test_a_red_packet_is_a_payout_within_its_budget_of_money(
    festival: Festival,
) -> None:
    """Three at once for two: each that is promised is a payout that waits."""
    festival.campaign(
        offers=[{"offer_id": "cash", "kind": "red_packet", "minor": 88}],
        budget={"minor": 200},
    )
    answers = festival.scan_together(festival.caps(3), "rich", "poor", "third")
    assert Counter(each["outcome"] for each in answers) == {
        "rewarded": 2,
        "no_reward": 1,
    }
    paid = [each["rewards"][0] for each in answers if each["rewards"]]
    assert {(each["minor"], each["currency"]) for each in paid} == {(88, "CNY")}
    support = festival.service.staff_token("support", name=f"s-{random_token(9)}")
    listed = festival.service.get("/v1/payouts?limit=100", support).json()["items"]
    states = {each["payout_id"]: each["state"] for each in listed}
    assert {states[each["payout_id"]] for each in paid} == {"waiting"}


def test_a_coupon_whose_pool_is_over_is_promised_to_nobody(festival: Festival) -> None:
    """A chance that comes to it gives what the next tier has."""
    pool = festival.pool(valid_until="2026-01-02")
    coupon: Json = {"kind": "coupon", "pool_id": pool}
    tiers: list[Json] = [
        {
            "tier_id": "gold",
            "name": "Gold",
            "per_million": 1_000_000,
            "gives": coupon,
        },
        {
            "tier_id": "silver",
            "name": "Silver",
            "per_million": 0,
            "gives": {"kind": "points", "amount": 1},
        },
    ]
    festival.campaign(
        offers=[
            {"offer_id": "c"} | coupon,
            {"offer_id": "luck", "kind": "chance", "table": tiers},
        ]
    )
    [code] = festival.caps(1)
    earned = festival.service.scan(code, "late-coupon")
    assert kinds(earned) == ["prize", "points"]
    assert earned["rewards"][0]["tier_id"] == "silver"
