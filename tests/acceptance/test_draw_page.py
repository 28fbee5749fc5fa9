"""The page of a draw: for everybody before and after it, and for who takes part."""

import json
import re

import pytest

from core.auth.idempotency import hash_body
from scan_api.page.belongings import SHOWN
from tests.acceptance.test_tickets_and_cards import Fair
from tests.fixtures.lottery import Lottery
from tests.fixtures.service import Json, Service
from tests.fixtures.shop import Shop
from tests.fixtures.visitor import Visitor, heading, visiting


def page_of(draw: Json) -> str:
    """Give the path of a draw's page."""
    return f"/draws/{draw['draw_id']}"


@pytest.fixture
def fair(service: Service) -> Fair:
    """Give a brand with draws and sets of cards in the shared service."""
    return Fair(service)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["Prizes", "A car", "× 2", "Sign in and take part", "(SHA-256)"]),
        ("zh", ["奖品", "A car", "× 2", "登录并参与抽奖", "指纹"]),
    ],
)
def test_a_draw_is_a_page_for_everybody(
    lottery: Lottery, language: str, told: list[str]
) -> None:
    """What is promised, with the commitment, in the reader's language."""
    draw = lottery.make(name="Spring <&> more")
    with visiting(lottery.service) as visitor:
        page = visitor.get(f"{page_of(draw)}?lang={language}")
        assert heading(page) == "Spring <&> more"
        for each in (*told, draw["commitment"]):
            assert each in page.text, each
        assert visitor.get("/draws/no-such-draw").status_code == 404


def test_who_signs_in_to_take_part_does_so_on_the_way_back(lottery: Lottery) -> None:
    """As with caps: no second button, and to come back twice is to take part once."""
    draw = lottery.make()
    path = page_of(draw)
    with visiting(lottery.service) as visitor:
        led = visitor.send_form(visitor.get(path), path)
        assert led.headers["location"] == "/sign-in?next=" + path.replace("/", "%2F")
        assert lottery.show(draw)["tickets"] == 0
        visitor.sign_in("comes-back")
        wish = visitor.http.cookies["crowncap_wish"]
        back = visitor.get(path)
        assert (back.status_code, back.headers["location"]) == (303, path)
        visitor.http.cookies.set("crowncap_wish", wish)
        assert visitor.get(path).status_code == 303
        visitor.http.cookies.delete("crowncap_wish")
        shown = visitor.get(path)
        assert "Take part" not in shown.text
        assert "No. 1" in shown.text
    assert lottery.show(draw)["tickets"] == 1


def test_nobody_takes_part_by_looking(lottery: Lottery) -> None:
    """A wish of another page, a prefetch, a form of another site: none has a ticket."""
    draw, other = lottery.make(), lottery.make()
    path = page_of(draw)
    with visiting(lottery.service) as visitor:
        visitor.sign_in("only-looks")
        foreign = "k." + hash_body(page_of(other).encode()).hex()
        visitor.http.cookies.set("crowncap_wish", foreign)
        visitor.get(path)
        own = "k." + hash_body(path.encode()).hex()
        visitor.http.cookies.set("crowncap_wish", own)
        visitor.get(path, sec_purpose="prefetch")
        assert visitor.post(path, {}).status_code == 403
        form = {"token": visitor.http.cookies["crowncap_form"]}
        evil = visitor.post(path, form, origin="https://evil.example")
        assert evil.status_code == 403
    assert lottery.show(draw)["tickets"] == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"opens_at": "2197-01-01"}, "The draw has not begun yet."),
        ({"entry": "awarded"}, "tickets are earned"),
    ],
)
def test_who_may_not_take_part_is_told_why(
    lottery: Lottery, given: Json, why: str
) -> None:
    """By the page too, which offers no button then."""
    draw = lottery.make(**given)
    path = page_of(draw)
    with visiting(lottery.service) as visitor:
        visitor.sign_in("keen")
        assert "Take part" not in visitor.get(path).text
        # Of a page that was open until just now.
        form = {"token": _form_token(visitor)}
        told = visitor.post(path, form)
        assert told.status_code == 409
        assert why in told.text


def _form_token(visitor: Visitor) -> str:
    visitor.get("/sign-in")
    return visitor.http.cookies["crowncap_form"]


def test_a_prize_is_claimed_from_the_wallet_by_who_won_it(lottery: Lottery) -> None:
    """The draw's page tells all, its owner what to do next; claimed once, in time."""
    service = lottery.service
    draw = lottery.make(prizes=[{"prize_id": "car", "name": "A car", "quantity": 1}])
    path = page_of(draw)
    names = [f"{draw['draw_id']}-{side}" for side in "ab"]
    for each in names:
        lottery.enter(draw, each)
    with visiting(service) as visitor:
        assert "You have 1 ticket." in visitor.sign_in(names[0]).get("/me").text
    [won] = lottery.be_drawn(draw)["winners"]
    if won["ticket_no"] == 2:
        names.reverse()
    with visiting(service) as winner, visiting(service) as other:
        winner.sign_in(names[0])
        other.sign_in(names[1])
        shown = winner.get(path).text
        for each in (f"/v1{path}/publication", "Winning tickets", "draw verify"):
            assert each in shown, each
        assert "Nothing won this time." in other.get(path).text
        assert "You won: A car." in winner.get("/me").text
        before, _, after = shown.partition('href="/me/prizes/')
        assert after, before
        prize = "/me/prizes/" + after.partition('"')[0]
        asks = winner.get(prize)
        assert "Claim it until" in asks.text
        assert other.get(prize).status_code == 404
        refused = winner.send_form(asks, prize, address="here")
        assert refused.status_code == 422
        for _ in range(2):
            sent = winner.send_form(asks, prize, address="Li Lei, Nanjing Road 1")
            assert (sent.status_code, sent.headers["location"]) == (303, prize)
        page = winner.get(prize).text
        assert "You claimed it on" in page
        assert "<textarea" not in page
    [(address,)] = service.query(
        "SELECT address IS NOT NULL FROM draw_claims JOIN draws USING (draw_no)"
        " WHERE draw_id = %s",
        draw["draw_id"],
    )
    assert address


def test_many_tickets_are_counted_and_shown_page_by_page(fair: Fair) -> None:
    """Who has entered long ago is offered no second entry, whatever page they see."""
    service, draw_id = fair.service, fair.draw(entry="open")
    name, path = f"has-many-{draw_id}", f"/draws/{draw_id}"
    fair.campaign(
        offers=[{"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 2}]
    )
    token = service.member_token(name)
    entered = service.post("/v1/me/tickets", {"draw_id": draw_id}, token)
    assert entered.json()["ticket_no"] == 1
    paid = fair.scan_together(fair.caps(SHOWN), name)
    assert {each["outcome"] for each in paid} == {"rewarded"}
    with visiting(service) as visitor:
        first = visitor.sign_in(name).get(path).text
        assert "Take part" not in first
        assert first.count("<li><b>Nos. ") == SHOWN
        [older] = re.findall(rf'href="({re.escape(path)}\?before=\d+)"', first)
        last = visitor.get(older).text
        assert re.findall(r"<li><b>(No[^<]*)", last) == ["No. 1"]
        assert f"You have {2 * SHOWN + 1} tickets." in visitor.get("/me").text


def test_a_prize_that_gives_points_is_claimed_by_one_button(lottery: Lottery) -> None:
    """No address is asked for; the points are there with the claim, and once."""
    gives: Json = {"kind": "points", "amount": 40}
    wish: Json = {"prize_id": "forty", "name": "Luck", "quantity": 1, "gives": gives}
    draw = lottery.make(prizes=[wish])
    assert draw["prizes"] == [wish]
    owner = f"{draw['draw_id']}-owner"
    lottery.enter(draw, owner)
    drawn = lottery.be_drawn(draw)
    service, token = lottery.service, lottery.token(owner)
    promised = service.http.get(drawn["publication"]).content.splitlines()[0]
    assert json.loads(promised)["prizes"] == [wish]
    [won] = service.get("/v1/me/prizes", token).json()["items"]
    assert won["gives"] == gives
    path = f"/me/prizes/{won['won_id']}"
    with visiting(service) as winner:
        asks = winner.sign_in(owner).get(path)
        assert "Claiming it gives you" in asks.text
        assert "40 points" in asks.text
        assert "<textarea" not in asks.text
        for _ in range(2):
            assert winner.send_form(asks, path, how="collect").status_code == 303
        assert "You claimed it on" in winner.get(path).text
    wallet = service.get("/v1/me/wallet", token).json()
    assert wallet["points"]["available"] == 40
    claim = service.post(f"/v1{path}/claims", {}, token)
    assert (claim.status_code, claim.json()["code"]) == (409, "already_claimed")


def test_a_prize_whose_coupon_is_gone_waits_and_says_so(
    lottery: Lottery, shop: Shop
) -> None:
    """Nothing is claimed then; once there is stock again the same form claims it."""
    pool = shop.pool(stock=1)
    shop.issue(pool)
    gives: Json = {"kind": "coupon", "pool_id": pool}
    wish: Json = {"prize_id": "off", "name": "Five off", "quantity": 1, "gives": gives}
    draw = lottery.make(prizes=[wish])
    owner = f"{draw['draw_id']}-waits"
    lottery.enter(draw, owner)
    lottery.be_drawn(draw)
    service, token = lottery.service, lottery.token(owner)
    [won] = service.get("/v1/me/prizes", token).json()["items"]
    path = f"/me/prizes/{won['won_id']}"
    with visiting(service) as winner:
        asks = winner.sign_in(owner).get(path)
        told = winner.send_form(asks, path, how="collect")
        assert told.status_code == 409
        assert "The prize stays yours" in told.text
        more = {"by": 1, "reason": "a second print run"}
        shop.created(f"/v1/coupon-pools/{pool}/stock-changes", more)
        assert winner.send_form(told, path, how="collect").status_code == 303
        assert "You claimed it on" in winner.get(path).text
        assert "5 off" in winner.get("/me").text
