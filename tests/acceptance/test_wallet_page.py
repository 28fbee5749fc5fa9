"""What members see of what they earn: on the cap's page, and on one of their own."""

from collections.abc import Iterator

import pytest

from tests.fixtures.festival import POINTS, Festival
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import Visitor, balance, heading, hidden_fields, visiting

RULED: Json = {
    "name": "Milk & more",
    "min_basket_minor": 3_000,
    "valid_days": 30,
}


@pytest.fixture
def festival(audited: Service) -> Festival:
    """Give a brand in the shared service."""
    return Festival(audited)


@pytest.fixture
def member(service: Service) -> Iterator[Visitor]:
    """Give the browser of a new member."""
    with visiting(service) as visitor:
        yield visitor.sign_in(f"owner-{service.fresh_code()}")


def all_at_once(festival: Festival, **pool: object) -> str:
    """Let caps earn points, a coupon, and of a second campaign a mug for sure."""
    pool_id = festival.pool(**(RULED | pool))
    tier: Json = {
        "tier_id": "gold",
        "name": "Gold",
        "per_million": 1_000_000,
        "gives": {"kind": "gift", "name": "Mug"},
    }
    festival.campaign(
        offers=[POINTS, {"offer_id": "c", "kind": "coupon", "pool_id": pool_id}]
    )
    festival.campaign(offers=[{"offer_id": "luck", "kind": "chance", "table": [tier]}])
    return pool_id


def own_coupon(member: Visitor) -> Json:
    """Read the member's only coupon as the API tells it."""
    token = member.http.cookies["crowncap_session"]
    [coupon] = member.service.get("/v1/me/coupons", token).json()["items"]
    assert isinstance(coupon, dict)
    return coupon


def gift_path(page: str) -> str:
    """Find where a page leads to for a gift."""
    before, _, after = page.partition('href="/me/gifts/')
    assert after, before
    return "/me/gifts/" + after.partition('"')[0]


def test_the_caps_page_lists_everything_that_it_earned(
    festival: Festival, member: Visitor
) -> None:
    """Each by its kind, with its rules and next step; the same when seen again."""
    all_at_once(festival)
    path = f"/C/{festival.caps(1)[0]}"
    first = member.claim(path)
    assert heading(first) == "Genuine, and it is yours!"
    assert balance(first) == 5
    code = own_coupon(member)["coupon_code"]
    grouped = "-".join(code[at : at + 4] for at in range(0, 16, 4))
    told = [
        "Milk &amp; more",
        "¥5.00 off",
        "Good until",
        "For a basket of ¥30.00 or more",
        "In all stores that take part",
        grouped,
        "<b>Gold</b>",
        "Mug",
        "Tell us where to send it, or collect it in a store.",
        'href="/me"',
    ]
    again = member.get(path)
    for page in (first, again):
        for each in told:
            assert each in page.text, each
        assert page.text.index("Milk") < page.text.index("Mug")
    with visiting(festival.service) as other:
        seen = other.sign_in("somebody-else").get(path).text
    assert "Mug" not in seen
    assert grouped not in seen


def test_what_waits_says_so_and_shows_no_code(festival: Festival) -> None:
    service = festival.service
    all_at_once(festival)
    [code] = festival.caps(1)
    service.scan(code, position={"lat": 31.23, "lon": 121.47})
    held = service.scan(code, "waiter", position={"lat": 39.90, "lon": 116.40})
    assert held["outcome"] == "held"
    with visiting(service) as visitor:
        page = visitor.sign_in("waiter").get(f"/C/{code}").text
        assert page.count("Under review; it follows by itself") == 2
        assert "Mug" in page
        assert "coupon_code" not in page
        assert "coupon_code" not in visitor.get("/me").text


def test_the_wallet_shows_what_there_is_and_nothing_of_others(
    festival: Festival, member: Visitor
) -> None:
    """A section each, only where there is something; past coupons stand apart."""
    assert "Nothing yet" in member.get("/me").text
    all_at_once(festival)
    member.claim(f"/C/{festival.caps(1)[0]}")
    shown = member.get("/me?lang=zh").text
    for each in ("我的奖励", "优惠券", "立减 ¥5.00", "礼品", "Mug", "到店出示"):
        assert each in shown, each
    assert "红包" not in shown
    coupon = own_coupon(member)
    path = f"/me/coupons/{coupon['coupon_id']}"
    assert path in shown
    assert "coupon_code" in member.get(path).text
    with visiting(festival.service) as other:
        other.sign_in("somebody-else")
        assert other.get(path).status_code == 404
        assert other.get(gift_path(shown)).status_code == 404
        assert other.get("/me/coupons/x").status_code == 404


@pytest.mark.parametrize("path", ["/me", "/me/coupons/1", "/me/gifts/1"])
def test_who_is_nobody_signs_in_and_comes_back(service: Service, path: str) -> None:
    with visiting(service) as visitor:
        answer = visitor.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=" + path.replace("/", "%2F")


def test_a_coupon_that_a_till_took_is_shown_as_used(
    festival: Festival, member: Visitor
) -> None:
    """When and where, without a code to show; undone it can be used again."""
    service = festival.service
    all_at_once(festival)
    member.claim(f"/C/{festival.caps(1)[0]}")
    coupon = own_coupon(member)
    path = f"/me/coupons/{coupon['coupon_id']}"
    till = service.staff_token("cashier", name="till", brand=festival.brand)
    asked = {"coupon_code": coupon["coupon_code"], "basket_minor": 3_000}
    used = service.post("/v1/redemptions", asked, till)
    assert used.status_code == 201, used.text
    page = member.get(path).text
    assert "Used on" in page
    assert "coupon_code" not in page
    assert "Coupons used or over" in member.get("/me").text
    undo = f"/v1/redemptions/{used.json()['redemption_id']}/reversals"
    assert service.post(undo, {"reason": "x"}, till).status_code == 201
    assert "coupon_code" in member.get(path).text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"address": "Li Lei\n138 0000 0000\nNanjing Road 1"}, "will be sent to"),
        ({"how": "collect"}, "Collect it in a store, and show this number."),
    ],
)
def test_a_gift_is_claimed_by_its_form_once(
    festival: Festival, member: Visitor, form: dict[str, str], told: str
) -> None:
    """Too short an address is refused beside its field; a second changes nothing."""
    festival.campaign(offers=[{"offer_id": "g", "kind": "gift", "name": "Mug"}])
    path = gift_path(member.claim(f"/C/{festival.caps(1)[0]}").text)
    asks = member.get(path)
    sent = hidden_fields(asks.text, path)
    refused = member.post(path, sent | {"address": "here"})
    assert refused.status_code == 422
    assert "Please give name, telephone and address" in refused.text
    assert member.post(path, sent | form, origin="https://a.example").status_code == 403
    for _ in range(2):
        done = member.post(path, sent | form)
        assert (done.status_code, done.headers["location"]) == (303, path)
    page = member.get(path).text
    assert told in page
    assert "<textarea" not in page
    [(state,)] = festival.service.query(
        "SELECT state FROM member_gifts WHERE transfer_id = %s", path.rpartition("/")[2]
    )
    assert state == ("to_collect" if "how" in form else "to_send")
