"""Tickets and cards that caps earn, over HTTP and on the page of a cap."""

from collections.abc import Iterator

import pytest

from core.ids import random_token
from tests.fixtures.festival import POINTS, Festival, kinds
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import visiting


class Fair(Festival):
    """A festival with draws and sets of cards."""

    def draw(self, **given: object) -> str:
        """Make a draw that is open."""
        wish: Json = {
            "draw_id": f"draw-{random_token(9)}",
            "name": "Spring draw",
            "opens_at": "2020-01-01",
            "closes_at": "2198-01-01",
            "draws_at": "2198-01-02",
            "prizes": [{"prize_id": "car", "name": "A car", "quantity": 1}],
            "entry": "awarded",
            "claim_days": 7,
        }
        answer = self.service.post("/v1/draws", wish | given, self.mona)
        assert answer.status_code == 201, answer.text
        return str((wish | given)["draw_id"])

    def cards(self, *card_ids: str, **given: object) -> str:
        """Add a set of cards, whose completion gives seven points."""
        wish: Json = {
            "set_id": f"set-{random_token(9)}",
            "name": "Zodiac",
            "cards": [
                {"card_id": each, "name": f"The {each}", "per_million": 1_000}
                for each in card_ids
            ],
            "completes": {"kind": "points", "amount": 7},
        }
        answer = self.service.post("/v1/card-sets", wish | given, self.mona)
        assert answer.status_code == 201, answer.text
        return str((wish | given)["set_id"])


@pytest.fixture
def fair(service: Service) -> Iterator[Fair]:
    """Give a brand in the shared service; ends with a clean audit."""
    yield Fair(service)
    service.audit()


def test_caps_earn_tickets_within_a_members_limit(fair: Fair) -> None:
    """Of six at once two are paid: four tickets, in the wallet and in the draw."""
    service, draw_id = fair.service, fair.draw(most_tickets=5)
    fair.campaign(
        offers=[{"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 2}]
    )
    answers = fair.scan_together(fair.caps(6), "tom")
    paid = [each["rewards"] for each in answers if each["outcome"] == "rewarded"]
    assert len(paid) == 2
    assert {each["outcome"] for each in answers} == {"rewarded", "limit_reached"}
    assert [(r["draw_id"], r["amount"], r["status"]) for [r] in paid] == [
        (draw_id, 2, "posted")
    ] * 2
    mine = service.get("/v1/me/tickets", service.member_token("tom")).json()["items"]
    assert sorted(each["first_no"] for each in mine) == [1, 3]
    assert {each["scan_id"] for each in mine} <= {each["scan_id"] for each in answers}
    assert service.http.get(f"/v1/draws/{draw_id}").json()["tickets"] == 4


def test_caps_give_cards_until_a_set_is_complete_and_paid_once(fair: Fair) -> None:
    service, set_id = fair.service, fair.cards("ox", "hare")
    fair.campaign(offers=[{"offer_id": "c", "kind": "card", "set_id": set_id}])
    # Not of one case, which nobody drinks in an hour.
    answers = fair.scan_together(fair.caps(30 * 24)[::24], "cara")
    given = [each["rewards"][0] for each in answers]
    assert {each["card_id"] for each in given} == {"ox", "hare"}
    assert {each["set_id"] for each in given} == {set_id}
    assert [each["completes"] for each in given].count(True) == 1
    token = service.member_token("cara")
    [own] = service.get("/v1/me/cards", token).json()["items"]
    assert sum(each["count"] for each in own["cards"]) == 30
    wait_for(
        lambda: service.get("/v1/me/wallet", token).json()["points"]["available"] == 7,
        what="what completing the set gives",
    )


def test_a_chance_and_a_hold_may_give_both(fair: Fair) -> None:
    """A prize stands before what it gives; what is held waits as a whole."""
    service, draw_id, set_id = fair.service, fair.draw(), fair.cards("ox")
    ticket: Json = {"kind": "ticket", "draw_id": draw_id, "amount": 3}
    tier: Json = {"tier_id": "gold", "name": "Gold", "per_million": 1_000_000}
    fair.campaign(
        offers=[
            {"offer_id": "c", "kind": "card", "set_id": set_id},
            {"offer_id": "luck", "kind": "chance", "table": [tier | {"gives": ticket}]},
        ]
    )
    code, other = fair.caps(2)
    service.scan(code, position={"lat": 31.23, "lon": 121.47})
    held = service.scan(code, "far-away", position={"lat": 39.90, "lon": 116.40})
    assert held["outcome"] == "held"
    assert kinds(held) == ["card", "prize", "ticket"]
    assert {each["status"] for each in held["rewards"]} == {"pending"}
    token = service.member_token("far-away")
    assert service.get("/v1/me/cards", token).json()["items"] == []
    assert service.http.get(f"/v1/draws/{draw_id}").json()["tickets"] == 0
    assert kinds(service.scan(other, "near")) == ["card", "prize", "ticket"]
    scanned = service.get("/v1/me/scans", token).json()["items"]
    assert scanned[0]["rewards"] == held["rewards"]


def test_the_page_of_a_cap_says_what_tickets_and_cards_are(fair: Fair) -> None:
    """When the draw is, and which card of which set; in both languages."""
    draw_id, set_id = fair.draw(), fair.cards("ox")
    fair.campaign(
        offers=[
            {"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 2},
            {"offer_id": "c", "kind": "card", "set_id": set_id},
        ]
    )
    [code] = fair.caps(1)
    with visiting(fair.service) as visitor:
        page = visitor.sign_in(f"reader-{code}").claim(f"/C/{code}").text
        for told in ("Spring draw", "× 2", "2198", "The ox", "Zodiac is complete"):
            assert told in page, told
        chinese = visitor.get(f"/C/{code}?lang=zh").text
        for told in ("抽奖券", "2 张", "开奖", "“Zodiac”已集齐"):
            assert told in chinese, told


def test_the_odds_of_a_campaign_tell_those_of_its_cards(fair: Fair) -> None:
    """Each share is of what all cards of the set come to."""
    rare: Json = {"card_id": "rare", "name": "The rare", "per_million": 1_000}
    often: Json = {"card_id": "often", "name": "The often", "per_million": 3_000}
    set_id = fair.cards(cards=[rare, often])
    offer: Json = {"offer_id": "c", "kind": "card", "set_id": set_id}
    campaign_id = fair.campaign(offers=[offer])
    with visiting(fair.service) as visitor:
        page = visitor.get(f"/odds/{campaign_id}").text
    assert "The cards of Zodiac" in page
    assert "The rare</dt><dd>25%" in page
    assert "The often</dt><dd>75%" in page


def test_previews_and_figures_count_both(fair: Fair) -> None:
    """A preview names the set and not the card; figures count each offer."""
    service, draw_id, set_id = fair.service, fair.draw(), fair.cards("ox", "hare")
    offers: list[Json] = [
        {"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 2},
        {"offer_id": "c", "kind": "card", "set_id": set_id},
        POINTS,
    ]
    mine = fair.campaign(offers=offers)
    later = fair.draw(opens_at="2197-01-01")
    fair.campaign(
        offers=[{"offer_id": "x", "kind": "ticket", "draw_id": later, "amount": 1}]
    )
    code, _ = fair.caps(2)
    path = f"/v1/campaigns/{mine}"
    told = service.post(f"{path}/previews", {"code": code}, fair.mona).json()
    assert [
        (each["kind"], each["amount"], each.get("name")) for each in told["awards"]
    ] == [
        ("ticket", 2, "Spring draw"),
        ("card", 1, "Zodiac"),
        ("points", 5, None),
    ]
    [withheld] = told["not_awarded"]
    assert (withheld["offer_id"], withheld["reason"]) == ("x", "not_begun")
    assert withheld["until"].startswith("2196-12-31") or "2197" in withheld["until"]
    assert service.scan(code, "figured")["outcome"] == "rewarded"

    def counted() -> bool:
        figures = service.get(f"{path}/figures", fair.mona).json()
        awards = {each["offer_id"]: each["awards"] for each in figures["by_offer"]}
        return awards == {"t": 1, "c": 1, "points": 1}

    wait_for(counted, what="figures of all three offers")


def test_events_tell_of_both(fair: Fair) -> None:
    service, draw_id, set_id = fair.service, fair.draw(), fair.cards("ox")
    fair.campaign(
        offers=[
            {"offer_id": "t", "kind": "ticket", "draw_id": draw_id, "amount": 2},
            {"offer_id": "c", "kind": "card", "set_id": set_id},
        ]
    )
    [code] = fair.caps(1)
    scan_id = service.scan(code, "evented")["scan_id"]
    app = service.staff("app")

    def told() -> list[Json]:
        after, found = "", []
        while items := service.get(f"/v1/events?limit=1000{after}", app).json()[
            "items"
        ]:
            found += [e for e in items if e["data"].get("scan_id") == scan_id]
            after = f"&after={items[-1]['event_id']}"
        return found

    wait_for(lambda: bool(told()), what="the event of the scan")
    [event] = told()
    ticket, card = event["data"]["rewards"]
    assert (ticket["draw_id"], ticket["amount"]) == (draw_id, 2)
    assert (card["set_id"], card["card_id"], card["completes"]) == (set_id, "ox", True)
