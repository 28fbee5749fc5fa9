"""Pools and stores in the console: added, listed with their stock, and changed."""

from itertools import count

import pytest

from tests.fixtures.colleague import at_work
from tests.fixtures.service import Service
from tests.fixtures.shop import Shop

PAGE = "/console/coupons"
_numbers = count(1)
POOL = {"kind": "amount_off", "amount": "5", "stock": "1,000", "name": "Spring"}


def fresh() -> str:
    """Name a pool or a store."""
    return f"console-{next(_numbers)}"


def test_a_marketer_adds_a_store_and_a_pool_and_changes_its_stock(
    service: Service,
) -> None:
    """What stands in the page is what a coupon of it is worth."""
    store, pool = fresh(), fresh()
    with at_work(service, service.staff("marketer")) as mona:
        place = {
            "store_name": "West Lake",
            "store_kind": "station",
            "region": "CN-33",
        }
        shown = mona.press(PAGE, f"{PAGE}/stores", store_id=store, **place)
        assert "West Lake" in shown.text
        shown = mona.press(
            PAGE,
            f"{PAGE}/pools",
            **POOL,
            pool_id=pool,
            per_member="2",
            min_basket="20.00",
            valid_until="2198-12-31",
            stores=f" {store}, ",
        )
        assert "¥5.00 off" in shown.text
        assert "until 2198-12-31" in shown.text
        shown = mona.press(
            PAGE,
            f"{PAGE}/stock",
            stock_of=pool,
            more_or_less="less",
            by="999",
            reason="too many",
        )
        assert shown.status_code == 200
    wish = {"pool_id": pool, "member_id": "alice"}
    answers = [
        service.post("/v1/coupons", wish, service.staff("support")) for _ in "ab"
    ]
    assert [each.status_code for each in answers] == [201, 409]
    carl = service.staff_token("cashier", name="carl", store=store)
    asked = {"coupon_code": answers[0].json()["coupon_code"], "basket_minor": 2_000}
    used = service.post("/v1/redemptions", asked, carl).json()
    assert used["discount_minor"] == 500


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"pool_id": ""}, "pool_id", "Fill this in"),
        ({"amount": ""}, "amount", "Fill this in"),
        ({"amount": "much"}, "amount", "is not an amount"),
        ({"percent": "5"}, "percent", "leave it empty"),
        ({"kind": "percent_off", "percent": "101"}, "percent", "from 1 to 100"),
        ({"kind": "gift", "amount": ""}, "gift", "Fill this in"),
        ({"stock": "x"}, "stock", "whole number"),
        ({"stock": ""}, "stock", "Fill this in"),
        ({"stores": "nowhere"}, "stores", "no store nowhere"),
        ({"gtins": "123"}, "gtins", "14 digits"),
        ({"valid_from": "2198-02-01", "valid_until": "2198-01-01"}, "valid_until", ""),
        ({"valid_until": "2198-01-01", "valid_days": "3"}, "valid_days", ""),
    ],
)
def test_a_pool_that_makes_no_sense_is_said_to_make_none(
    service: Service, given: dict[str, str], field: str, told: str
) -> None:
    """At its field; what else was typed stands there still."""
    wish = {"pool_id": fresh()} | POOL | given
    with at_work(service, service.staff("marketer")) as mona:
        shown = mona.press(PAGE, f"{PAGE}/pools", **wish)
        assert shown.status_code == 422
        assert 'value="Spring"' in shown.text
    _, there, wrong = shown.text.partition(f'id="{field}-wrong">')
    assert there
    assert told in wrong.partition("</small>")[0]


@pytest.mark.parametrize(
    ("form", "given", "field"),
    [
        ("stores", {"store_id": ""}, "store_id"),
        ("stores", {"region": ""}, "region"),
        ("stores", {"store_kind": "palace"}, "store_kind"),
        ("stock", {"by": "0"}, "by"),
        ("stock", {"by": "10000"}, "by"),
        ("stock", {"reason": " "}, "reason"),
    ],
)
def test_what_is_wrong_with_a_store_or_a_stock_stands_at_its_field(
    service: Service, form: str, given: dict[str, str], field: str
) -> None:
    pool = fresh()
    wishes = {
        "stores": {"store_id": fresh(), "store_name": "W", "region": "CN-33"},
        "stock": {"stock_of": pool, "more_or_less": "less", "by": "1", "reason": "r"},
    }
    with at_work(service, service.staff("marketer")) as mona:
        mona.press(PAGE, f"{PAGE}/pools", pool_id=pool, **POOL)
        wish = {"store_kind": "shop"} if form == "stores" else {}
        shown = mona.press(PAGE, f"{PAGE}/{form}", **(wish | wishes[form] | given))
    assert shown.status_code == 422
    assert f'<a href="#{field}">' in shown.text


def test_a_brands_marketer_sees_its_own_pools(service: Service) -> None:
    pool = fresh()
    with at_work(service, service.staff("marketer")) as mona:
        mona.press(PAGE, f"{PAGE}/pools", pool_id=pool, **POOL)
        assert pool in mona.get(PAGE).text
    rival = service.staff_token("marketer", name="rita", brand="Rival")
    with at_work(service, rival) as rita:
        assert pool not in rita.get(PAGE).text


def test_support_voids_a_coupon_and_takes_a_use_back(shop: Shop) -> None:
    """Each with a reason, and only what there is to be done."""
    service, pool = shop.service, shop.pool()
    used, left = (shop.issue(pool) for _ in "ab")
    assert shop.redeem(used["coupon_code"]).status_code == 201
    with at_work(service, service.staff("support")) as sue:
        here = f"/console/coupon/{left['coupon_id']}"
        assert sue.press(here, f"{here}/void", reason=" ").status_code == 422
        voided = sue.press(here, f"{here}/void", reason="a wrong member")
        assert ">Void<" in voided.text
        assert f"{here}/void" not in voided.text
        here = f"/console/coupon/{used['coupon_id']}"
        assert "Nanjing Road" in sue.get(here).text
        assert ">Can be used<" in sue.press(here, f"{here}/return", reason="r").text
        assert sue.get(f"/console/coupon/{1 << 80}").status_code == 404
    assert shop.redeem(left["coupon_code"]).json()["code"] == "coupon_void"
    assert shop.redeem(used["coupon_code"]).status_code == 201
    rival = service.staff_token("support", name="ria", brand="Rival")
    with at_work(service, rival) as ria:
        assert ria.get(here).status_code == 404
