"""Coupons over HTTP, with two workers: issued, used at a till, taken back."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.fixtures.service import Json
from tests.fixtures.shop import Shop


def test_a_coupon_goes_from_its_pool_through_a_wallet_to_a_till(shop: Shop) -> None:
    pool = shop.pool(valid_days=7, min_basket_minor=1_000, per_member=1)
    issued = shop.issue(pool, "alice")
    assert issued["state"] == "issued"
    assert len(issued["coupon_code"]) == 16
    alice = shop.service.member_token("alice")
    [own] = [
        each
        for each in shop.service.get("/v1/me/coupons", alice).json()["items"]
        if each["pool_id"] == pool
    ]
    assert own["coupon_code"] == issued["coupon_code"]
    assert own["benefit"] == {"kind": "amount_off", "minor": 500}
    # As people type it.
    typed = "-".join(own["coupon_code"][i : i + 4] for i in range(0, 16, 4)).lower()
    assert shop.redeem(typed, basket=999).json()["code"] == "basket_too_small"
    used = shop.redeem(typed)
    assert used.status_code == 201, used.text
    assert used.json()["discount_minor"] == 500
    again = shop.redeem(typed)
    assert again.status_code == 409
    assert again.json()["code"] == "already_redeemed"
    assert "Nanjing Road" in again.json()["detail"]
    path = f"/v1/redemptions/{used.json()['redemption_id']}/reversals"
    assert shop.service.post(path, {"reason": "r"}, shop.cashier).status_code == 201
    assert shop.redeem(typed).status_code == 201
    assert shop.issue(pool, "alice")["code"] == "limit_reached"


def test_forged_and_unknown_codes_look_alike_at_a_till(shop: Shop) -> None:
    """A cap's code is one of them, and a coupon's is no cap."""
    coupon = shop.issue(shop.pool())
    theirs = shop.rivals_code()
    ours = shop.service.staff_token("cashier", name="dora", brand="Demo Dairy")
    told = {
        shop.service.post("/v1/redemptions", {"coupon_code": code}, ours).text
        for code in ("0" * 16, shop.service.fresh_code(), theirs)
    }
    told = {text.partition('"request_id"')[0] for text in told}
    assert len(told) == 1
    assert '"code":"no_such_coupon"' in told.pop()
    assert shop.service.scan(coupon["coupon_code"], "alice")["outcome"] == "invalid"


def test_a_till_that_guesses_is_shut_out_for_the_day(shop: Shop) -> None:
    """A right code tells it nothing any more."""
    coupon = shop.issue(shop.pool())
    token = shop.cashier.split("_")[2]
    shop.service.query(
        "INSERT INTO wrong_codes VALUES (%s, (now() AT TIME ZONE 'UTC')::date, 1999)",
        token,
    )
    assert shop.redeem("0" * 16).status_code == 404
    for code in ("0" * 16, coupon["coupon_code"]):
        answer = shop.redeem(code)
        assert answer.status_code == 429
        assert answer.json()["code"] == "too_many_wrong_codes"
        assert int(answer.headers["retry-after"]) > 0


def test_a_key_gets_one_coupon_and_one_redemption(shop: Shop) -> None:
    """Copies at once, on two workers; another body is an error."""
    pool = shop.pool()
    with ThreadPoolExecutor(20) as threads:
        asked = [
            threads.submit(shop.issue, pool, "carol", idempotency_key=pool)
            for _ in range(20)
        ]
        [code] = {each.result()["coupon_code"] for each in asked}
        used = [
            threads.submit(shop.redeem, code, idempotency_key=pool) for _ in range(20)
        ]
        answers = [each.result() for each in used]
    assert len({each.text for each in answers}) == 1
    assert {each.status_code for each in answers} == {201}
    replayed = [each for each in answers if "idempotency-replayed" in each.headers]
    assert len(replayed) == 19
    other = shop.redeem(code, basket=7, idempotency_key=pool)
    assert other.json()["code"] == "idempotency_key_reused"
    assert shop.issue(pool, "dave", idempotency_key=pool)["code"] == (
        "idempotency_key_reused"
    )


def test_a_refused_key_may_be_sent_again(shop: Shop) -> None:
    """Nothing was done under it, as on every route of staff."""
    pool = shop.pool(stock=0)
    assert shop.issue(pool, idempotency_key="k" + pool)["code"] == "out_of_stock"
    path = f"/v1/coupon-pools/{pool}/stock-changes"
    changed = shop.created(path, {"by": 1, "reason": "more"})
    assert changed == {"pool_id": pool, "stock": 1, "issued": 0, "remaining": 1}
    assert shop.issue(pool, idempotency_key="k" + pool)["state"] == "issued"


def test_two_hundred_at_once_for_the_last_coupon_on_two_workers(shop: Shop) -> None:
    pool = shop.pool(stock=1)
    with ThreadPoolExecutor(40) as threads:
        told = list(threads.map(lambda n: shop.issue(pool, f"m{n}"), range(200)))
    assert len([each for each in told if "coupon_code" in each]) == 1
    codes = [each.get("code") for each in told]
    assert codes.count("out_of_stock") == 199


def test_two_hundred_at_once_with_one_code_on_two_workers(shop: Shop) -> None:
    code = shop.issue(shop.pool())["coupon_code"]
    with ThreadPoolExecutor(40) as threads:
        told = [each.status_code for each in threads.map(shop.redeem, [code] * 200)]
    assert (told.count(201), told.count(409)) == (1, 199)


def test_a_coupon_is_for_the_stores_that_its_pool_names(shop: Shop) -> None:
    other = Shop(shop.service)
    code = shop.issue(shop.pool(stores=[other.store]))["coupon_code"]
    assert shop.redeem(code).json()["code"] == "wrong_store"
    assert other.redeem(code).status_code == 201


def test_another_stores_cashier_takes_nothing_back(shop: Shop) -> None:
    other = Shop(shop.service)
    used = shop.redeem(shop.issue(shop.pool())["coupon_code"]).json()
    path = f"/v1/redemptions/{used['redemption_id']}/reversals"
    answer = shop.service.post(path, {"reason": "r"}, other.cashier)
    assert answer.status_code == 403
    support = shop.service.staff("support")
    assert shop.service.post(path, {"reason": "r"}, support).status_code == 201


def test_support_voids_a_coupon_for_good(shop: Shop) -> None:
    coupon = shop.issue(shop.pool())
    support = shop.service.staff("support")
    path = f"/v1/coupons/{coupon['coupon_id']}/voids"
    assert shop.service.post(path, {"reason": "r"}, support).json()["state"] == "void"
    assert shop.redeem(coupon["coupon_code"]).json()["code"] == "coupon_void"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"benefit": {"kind": "amount_off"}}, "/benefit/minor"),
        ({"benefit": {"kind": "gift", "name": "x", "percent": 5}}, "/benefit/percent"),
        ({"stores": ["nowhere"]}, "/stores/0"),
        ({"valid_days": 1, "valid_until": "2198-01-01"}, "/valid_days"),
        ({"valid_from": "2198-01-02", "valid_until": "2198-01-01"}, "/valid_until"),
        ({"stock": -1}, "/stock"),
        ({"gtins": ["1"]}, "/gtins/0"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(
    shop: Shop, given: Json, pointer: str
) -> None:
    benefit = {"kind": "gift", "name": "a cup"}
    wish = {"pool_id": "x", "name": "x", "stock": 1, "benefit": benefit} | given
    answer = shop.service.post("/v1/coupon-pools", wish, shop.marketer)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_pools_and_stores_can_be_read_back(shop: Shop) -> None:
    """As they were made, with what is left; page by page; another brand's not."""
    get, marketer = shop.service.get, shop.marketer
    pool = shop.pool(
        benefit={"kind": "percent_off", "percent": 20, "most_minor": 900},
        daily_stock=3,
        stores=[shop.store],
        valid_until="2198-12-31",
    )
    shop.issue(pool)
    shown = get(f"/v1/coupon-pools/{pool}", marketer).json()
    told = {name: shown[name] for name in ("stock", "issued", "remaining")}
    assert told == {"stock": 10, "issued": 1, "remaining": 9}
    assert shown["benefit"] == {
        "kind": "percent_off",
        "percent": 20,
        "most_minor": 900,
    }
    assert (shown["stores"], shown["daily_stock"]) == ([shop.store], 3)
    assert shown["valid_until"] == "2198-12-31T16:00:00Z"
    second = shop.pool()
    newest = get("/v1/coupon-pools?limit=1", marketer).json()
    assert newest["items"][0]["pool_id"] == second
    older = get(f"/v1/coupon-pools?limit=1&cursor={newest['next_cursor']}", marketer)
    assert older.json()["items"] == [shown]
    page = get("/v1/stores?limit=1", marketer).json()
    found = page["items"]
    while page["next_cursor"]:
        cursor = quote(page["next_cursor"], safe="")
        page = get(f"/v1/stores?limit=1&cursor={cursor}", marketer).json()
        found += page["items"]
    ids = [each["store_id"] for each in found]
    assert len(ids) == len(set(ids))
    [own] = [each for each in found if each["store_id"] == shop.store]
    assert (own["name"], own["lat"], own["kind"]) == ("Nanjing Road", 31.2, "own")
    rival = shop.service.staff_token("marketer", name="rita", brand="Rival")
    assert get(f"/v1/coupon-pools/{pool}", rival).status_code == 404
