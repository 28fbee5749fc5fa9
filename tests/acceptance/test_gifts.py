"""Gifts over HTTP, with two workers: added, claimed, sent, handed over."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.fixtures.service import Json
from tests.fixtures.shop import Shop

_numbers = count(1)


def a_gift(shop: Shop, **given: object) -> str:
    """Add a gift with a stock of ten, unless told otherwise."""
    gift_id = f"gift-{next(_numbers)}"
    shop.created(
        "/v1/gifts", {"gift_id": gift_id, "name": "A mug", "stock": 10} | given
    )
    return gift_id


def test_a_gift_goes_from_its_shelf_to_the_address_that_its_member_gave(
    shop: Shop,
) -> None:
    gift_id, support = a_gift(shop), shop.service.staff("support")
    alice = shop.service.member_token("alice")
    path = f"/v1/me/gifts/{gift_id}/claims"
    body = {"address": "Nanjing Road 1\nShanghai"}
    claimed = shop.service.post(path, body, alice, **{"idempotency-key": gift_id})
    assert claimed.status_code == 201, claimed.text
    gift = claimed.json()
    assert (gift["gift_id"], gift["state"]) == (gift_id, "to_send")
    again = shop.service.post(path, body, alice, **{"idempotency-key": gift_id})
    assert again.json() == gift
    assert again.headers["idempotency-replayed"] == "true"
    other = shop.service.post(path, {}, alice, **{"idempotency-key": gift_id})
    assert other.status_code == 422
    assert shop.service.post(path, {}, alice).json()["code"] == "already_claimed"
    award = gift["award_id"]
    waiting = shop.service.get("/v1/gift-awards?state=to_send", support).json()["items"]
    [ours] = [each for each in waiting if each["award_id"] == award]
    assert (ours["address"], ours["member_id"]) == (body["address"], "alice")
    shipments = f"/v1/gift-awards/{award}/shipments"
    parcel = {"carrier": "SF Express", "tracking_no": "SF1"}
    sent = shop.service.post(shipments, parcel, support)
    assert sent.json() == {"award_id": award, "state": "shipped"}
    assert shop.service.post(shipments, parcel, support).json()["code"] == (
        "illegal_state"
    )
    own = shop.service.get("/v1/me/gifts", alice).json()["items"]
    [mine] = [each for each in own if each["award_id"] == award]
    assert (mine["state"], mine["tracking_no"]) == ("shipped", "SF1")
    assert "address" not in mine


def test_a_gift_without_an_address_is_handed_over_in_a_store(shop: Shop) -> None:
    gift_id = a_gift(shop)
    bob = shop.service.member_token("bob")
    claimed = shop.service.post(f"/v1/me/gifts/{gift_id}/claims", {}, bob).json()
    assert claimed["state"] == "to_collect"
    path = f"/v1/gift-awards/{claimed['award_id']}/handovers"
    assert shop.service.post(path, {}, shop.cashier).json()["state"] == "handed_over"
    assert shop.service.post(path, {}, shop.cashier).json()["code"] == "illegal_state"


def test_many_at_once_on_the_last_gift_of_two_workers(shop: Shop) -> None:
    gift_id = a_gift(shop, stock=1)

    def claim(token: str) -> Json:
        answer = shop.service.post(f"/v1/me/gifts/{gift_id}/claims", {}, token)
        body: Json = answer.json()
        return body

    tokens = shop.service.member_tokens([f"last-{n}" for n in range(200)])
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(claim, tokens))
    assert len([each for each in told if each.get("state") == "to_collect"]) == 1
    assert len([each for each in told if each.get("code") == "out_of_stock"]) == 199
    marketer = shop.marketer
    [ours] = [
        each
        for each in shop.service.get("/v1/gifts", marketer).json()["items"]
        if each["gift_id"] == gift_id
    ]
    assert (ours["stock"], ours["claimed"]) == (1, 1)


def test_a_gift_that_makes_no_sense_is_refused_in_its_own_words(shop: Shop) -> None:
    gift = {"gift_id": a_gift(shop), "name": "A mug", "stock": 1}
    twice = shop.service.post("/v1/gifts", gift, shop.marketer)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_exists")
    for wrong, pointer in (
        ({"stock": -1}, "/stock"),
        ({"name": ""}, "/name"),
        ({"colour": "red"}, "/colour"),
    ):
        answer = shop.service.post("/v1/gifts", gift | wrong, shop.marketer)
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    nobody = shop.service.member_token("carl")
    gone = shop.service.post("/v1/me/gifts/none/claims", {}, nobody)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
