"""The pages behind the wallet: points, cards, gifts for everybody, and payees."""

import re
from collections.abc import Iterator
from itertools import count

import pytest

from tests.acceptance.test_points import adjust, member_of
from tests.acceptance.test_tickets_and_cards import Fair
from tests.fixtures.festival import POINTS
from tests.fixtures.service import Service
from tests.fixtures.shop import Shop
from tests.fixtures.visitor import Visitor, balance, visiting

_numbers = count(1)
OPENID = "o-MYE42l80oelYMDE34nYD456Xoy"


@pytest.fixture
def fair(service: Service) -> Fair:
    """Give a brand with draws and sets of cards in the shared service."""
    return Fair(service)


@pytest.fixture
def member(service: Service) -> Iterator[Visitor]:
    """Give the browser of a new member."""
    with visiting(service) as visitor:
        yield visitor.sign_in(f"has-pages-{next(_numbers)}")


FORMS = ("/me/payee", "/me/prizes/1-0", "/me/gifts/1", "/me/claimable-gifts/mug")


@pytest.mark.parametrize("path", ["/me/points", "/me/cards", *FORMS])
def test_who_is_nobody_signs_in_and_comes_back(service: Service, path: str) -> None:
    with visiting(service) as visitor:
        answer = visitor.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=" + path.replace("/", "%2F")


@pytest.mark.parametrize("path", FORMS)
def test_only_a_members_own_form_is_taken(service: Service, path: str) -> None:
    """Not of who is not signed in, not without the token, not of another site."""
    with visiting(service) as visitor:
        visitor.get("/sign-in")
        token = {"token": visitor.http.cookies["crowncap_form"]}
        assert visitor.post(path, token).headers["location"] == path
        visitor.sign_in("somebody")
        assert visitor.post(path, {}).status_code == 403
        evil = visitor.post(path, token, origin="https://evil.example")
        assert evil.status_code == 403


def test_points_run_down_page_by_page(service: Service) -> None:
    """All entries once, each with its words; a cursor of nobody's is refused."""
    name = f"counts-{next(_numbers)}"
    member_of(service, name, 23)
    adjust(service, name, -7)
    with visiting(service) as visitor:
        visitor.sign_in(name)
        first = visitor.get("/me/points")
        assert balance(first) == 23 * 5 - 7
        assert "Adjusted by support" in first.text
        assert "−7" in first.text
        [older] = re.findall(r'href="(/me/points\?before=[^"]+)"', first.text)
        second = visitor.get(older)
        amounts = re.findall(r">([+−]\d+)</b>", first.text + second.text)
        assert amounts == ["−7", *["+5"] * 23]
        assert "before=" not in second.text.partition("<main>")[2]
        assert "before=" in second.text.partition("<main>")[0]
        assert visitor.get("/me/points?before=x").status_code == 422
    with visiting(service) as visitor:
        visitor.sign_in("nobody-yet")
        assert "There is nothing yet." in visitor.get("/me/points").text
        assert "No card yet." in visitor.get("/me/cards").text


def test_a_gift_for_everybody_is_claimed_once(shop: Shop, member: Visitor) -> None:
    """It stands in the wallet while it can be had, then as one of the member's own."""
    gift = f"shelf-{next(_numbers)}"
    shop.created("/v1/gifts", {"gift_id": gift, "name": "Shelf mug", "stock": 2})
    path = f"/me/claimable-gifts/{gift}"
    assert path in member.get("/me").text
    asks = member.get(path)
    assert member.send_form(asks, path, address="here").status_code == 422
    claimed = member.send_form(asks, path, how="collect")
    assert claimed.status_code == 303
    own = member.get(claimed.headers["location"])
    assert "Collect it in a store, and show this number." in own.text
    wallet = member.get("/me").text
    assert path not in wallet
    assert "Shelf mug" in wallet
    again = member.send_form(asks, path, how="collect")
    assert again.status_code == 409
    assert "You have claimed this gift already." in again.text
    token = shop.service.member_token("takes-the-last")
    last = shop.service.post(f"/v1/me/gifts/{gift}/claims", {}, token)
    assert last.status_code == 201
    with visiting(shop.service) as late:
        late.sign_in("comes-too-late")
        assert path not in late.get("/me").text
    assert member.get("/me/claimable-gifts/no-such").status_code == 404


def test_an_account_is_named_and_only_its_end_shown(member: Visitor) -> None:
    """What cannot be one is refused beside its field, as it was typed."""
    asks = member.get("/me/payee")
    assert "You have not named an account yet." in asks.text
    refused = member.send_form(asks, "/me/payee", account="o <x")
    assert refused.status_code == 422
    assert 'value="o &lt;x"' in refused.text
    assert member.send_form(asks, "/me/payee", account=OPENID).status_code == 303
    shown = member.get("/me/payee").text
    assert "ends in …6Xoy" in shown
    assert OPENID not in shown


def test_cards_are_a_set_with_gaps_until_it_is_complete(
    fair: Fair, member: Visitor
) -> None:
    """What is missing is named, and so is what completing the set gives."""
    names = ("ox", "hare", "rat")
    set_id = fair.cards(*names)
    fair.campaign(offers=[{"offer_id": "c", "kind": "card", "set_id": set_id}])
    had: set[str] = set()
    token = member.http.cookies["crowncap_session"]
    for code in fair.caps(60):
        member.claim(f"/C/{code}")
        [own] = fair.service.get("/v1/me/cards", token).json()["items"]
        had = {each["card_id"] for each in own["cards"] if each["count"]}
        if len(had) == len(names):
            break
        page = member.get("/me/cards").text
        for each in names:
            gap = f'<b>The {each}</b>\n<span class="hint">missing</span>'
            assert (gap in page) == (each not in had), each
        assert f"{len(had)} of 3; {3 - len(had)} missing." in page
        assert "Complete it for: 7 points" in page
        assert f"{len(had)} of 3" in member.get("/me").text
    assert had == set(names)
    page = member.get("/me/cards?lang=zh").text
    assert "3 种全部集齐" in page
    assert "集齐奖励：7 积分" in page


def test_a_red_packet_says_what_it_waits_for(fair: Fair, member: Visitor) -> None:
    """For an account, which the wallet leads to; once there is one, for nothing."""
    fair.campaign(offers=[{"offer_id": "r", "kind": "red_packet", "minor": 88}])
    member.claim(f"/C/{fair.caps(1)[0]}")
    wallet = member.get("/me").text
    assert "¥0.88" in wallet
    assert "Say where it should go by" in wallet
    asks = member.get("/me/payee")
    assert member.send_form(asks, "/me/payee", account=OPENID).status_code == 303
    assert "Your red packet is on its way." in member.get("/me").text


def test_equal_coupons_are_one_card_and_a_draw_is_named_once(
    fair: Fair, member: Visitor
) -> None:
    """With how many there are; points say by the name of which campaign they came."""
    pool, draw_id = fair.pool(valid_days=9), fair.draw(entry="open")
    fair.campaign(
        name={"zh": "开盖有礼", "en": "Caps of spring"},
        offers=[
            POINTS,
            {"offer_id": "c", "kind": "coupon", "pool_id": pool},
            {"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 1},
        ],
    )
    codes = fair.caps(3)
    for code in codes:
        member.claim(f"/C/{code}")
    wallet = member.get("/me").text
    assert wallet.count("Show it at the till") == 1
    assert "× 3" in wallet
    assert wallet.count(f'action="/draws/{draw_id}"') == 1
    assert wallet.count(f'href="/draws/{draw_id}"') == 1
    assert "Get one more ticket" in wallet
    entered = member.send_form(member.get("/me"), f"/draws/{draw_id}")
    assert entered.status_code == 303
    after = member.get("/me").text
    assert "You have 4 tickets." in after
    assert f'action="/draws/{draw_id}"' not in after
    assert member.get("/me/points").text.count("<p>Caps of spring</p>") == 3
    assert member.get("/me/points?lang=zh").text.count("<p>开盖有礼</p>") == 3
