"""Sets of cards and gifts in the console: added in forms, looked at, sent."""

from itertools import count

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work, title_of
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

PAGE = "/console/new-card-set"
_numbers = count(1)
CARDS = {
    "card0_id": "rat",
    "card0_name": "鼠 Rat",
    "card0_percent": "0.5",
    "card1_id": "ox",
    "card1_name": "牛 Ox",
    "card1_percent": "49.5 %",
}
FIELDS = {"name": "生肖 Zodiac", "kind": "points", "what": "100"} | CARDS


def fresh() -> str:
    """Name a set or a gift."""
    return f"console-cards-{next(_numbers)}"


def send(mona: Colleague, **fields: str) -> httpx.Response:
    """Send the form with a button of it; its rows are those that are given."""
    form = hidden_fields(mona.get(PAGE).text, PAGE)
    kept = {k: v for k, v in form.items() if not k.startswith("card")}
    answer = mona.post(PAGE, kept | FIELDS | {"do": "save"} | fields)
    return mona.get(answer.headers["location"]) if answer.is_redirect else answer


def test_a_marketer_makes_a_set_with_cards_in_rows(service: Service) -> None:
    """Shares are told of what all cards come to; nobody has one yet."""
    set_id = fresh()
    with at_work(service, service.staff("marketer")) as mona:
        grown = send(mona, set_id=set_id, do="add_card")
        assert 'name="card2_id"' in grown.text
        shown = send(mona, set_id=set_id)
        assert shown.url.path == f"/console/card-sets/{set_id}"
        assert title_of(shown) == "生肖 Zodiac"
        assert "100 points" in shown.text
        # One card in a hundred claims is the rat: the shares come to a half.
        assert _cells(shown, "鼠 Rat") == ["1%", "0"]
        assert _cells(shown, "牛 Ox") == ["99%", "0"]
        assert (
            f'href="/console/card-sets/{set_id}"' in mona.get("/console/card-sets").text
        )
    rival = service.staff_token("marketer", name="rita-cards", brand="Rival")
    with at_work(service, rival) as rita:
        assert rita.get(f"/console/card-sets/{set_id}").status_code == 404


def _cells(page: httpx.Response, card: str) -> list[str]:
    row = page.text.partition(f">{card}<br>")[2].partition("</tr>")[0]
    cells = [each.partition("</td>")[0] for each in row.split('<td class="n">')[1:]]
    return [each.partition(" <small")[0] for each in cells]


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"set_id": ""}, "set_id", "Fill this in"),
        ({"name": ""}, "name", "Fill this in"),
        ({"card0_id": ""}, "card0_id", "Fill this in"),
        ({"card0_percent": "0"}, "card0_percent", "not a percentage"),
        ({"card1_id": "rat"}, "card1_id", "rat"),
        ({"card0_percent": "60"}, "add_card", "1,000,000"),
        ({"what": ""}, "what", "Fill this in"),
        ({"what": "many"}, "what", "whole number"),
        ({"kind": "gift", "what": ""}, "what", "Fill this in"),
        ({"kind": "coupon", "what": ""}, "what", "Fill this in"),
        ({"kind": "coupon", "what": "nowhere"}, "what", "nowhere"),
        ({"kind": "card", "what": "nowhere"}, "what", "nowhere"),
        ({"kind": "ticket", "what": "2 * nowhere"}, "what", "nowhere"),
        ({"kind": "red_packet", "what": "much"}, "what", "much"),
        ({"kind": "chance"}, "kind", "chance"),
        ({"kind": "luck"}, "kind", "Fill this in"),
    ],
)
def test_what_is_wrong_with_a_set_stands_at_its_field(
    service: Service, given: dict[str, str], field: str, told: str
) -> None:
    with at_work(service, service.staff("marketer")) as mona:
        shown = send(mona, **({"set_id": fresh()} | given))
    assert shown.status_code == 422
    wrong = shown.text.partition(f'id="{field}-wrong">')[2].partition("</small>")[0]
    assert told in wrong


def test_a_gift_is_added_claimed_and_sent(service: Service) -> None:
    """What is left of its stock is told; support sends it where its member said."""
    gift_id = fresh()
    with at_work(service, service.staff("marketer")) as mona:
        bare = mona.press("/console/gifts", "/console/gifts", gift_id=gift_id)
        assert bare.status_code == 422
        assert 'id="stock-wrong"' in bare.text
        wish = {"gift_id": gift_id, "name": "马克杯 Mug", "stock": "1,000"}
        shown = mona.press("/console/gifts", "/console/gifts", **wish)
        assert shown.status_code == 200
        again = mona.press("/console/gifts", "/console/gifts", **wish)
        assert 'id="gift_id-wrong"' in again.text
        token = service.member_token("cup-ann")
        claim = {"address": "Ann, 2 Nanjing Road"}
        path = f"/v1/me/gifts/{gift_id}/claims"
        award = service.post(path, claim, token).json()["award_id"]
        row = mona.get("/console/gifts").text.partition(f">{gift_id}<")[2]
        assert '<td class="n">999</td>' in row.partition("</tr>")[0]
        assert mona.get("/console/parcels").status_code == 403
    with at_work(service, service.staff("support")) as sue:
        here = "/console/parcels"
        assert "Ann, 2 Nanjing Road" in sue.get(here).text
        form = {"award_id": award, "token": sue.http.cookies["crowncap_form"]}
        bare = sue.post(f"{here}/ship", form | {"carrier": "SF", "tracking_no": ""})
        assert bare.status_code == 422
        assert f'id="tracking-{award}-wrong"' in bare.text
        sent = sue.post(f"{here}/ship", form | {"carrier": "SF", "tracking_no": "S1"})
        assert sent.status_code == 303
        assert "Ann, 2 Nanjing Road" not in sue.get(here).text
        assert "SF S1" in sue.get("/console/member?id=cup-ann").text
        again = sue.post(f"{here}/hand-over", form)
        assert again.status_code == 409
        assert f'href="{here}"' in again.text


def test_a_gift_is_handed_over_to_who_comes_for_it(service: Service) -> None:
    gift_id = fresh()
    wish = {"gift_id": gift_id, "name": "Hat", "stock": 3}
    service.post("/v1/gifts", wish, service.staff("marketer"))
    token = service.member_token("cup-bea")
    award = service.post(f"/v1/me/gifts/{gift_id}/claims", {}, token).json()["award_id"]
    with at_work(service, service.staff("support")) as sue:
        here = "/console/parcels?state=to_collect"
        assert award in sue.get(here).text
        form = {"award_id": award, "token": sue.http.cookies["crowncap_form"]}
        done = sue.post("/console/parcels/hand-over", form)
        assert done.headers["location"] == here
        assert award not in sue.get(here).text
    [mine] = service.get("/v1/me/gifts", token).json()["items"]
    assert mine["state"] == "handed_over"


def test_home_leads_to_ones_pages_or_says_whom_to_ask(service: Service) -> None:
    """Each role finds its pages with a word of each, an app's token a sentence."""
    with at_work(service, service.staff("marketer")) as mona:
        rooms = mona.get("/console").text.partition('id="rooms"')[2]
        for path in ("campaigns", "draws", "card-sets", "gifts", "coupons"):
            assert f'href="/console/{path}"' in rooms.partition("</section>")[0]
    with at_work(service, service.staff("support")) as sue:
        rooms = sue.get("/console").text.partition('id="rooms"')[2]
        for path in ("find", "adjustments", "parcels", "payouts", "draws"):
            assert f'href="/console/{path}"' in rooms.partition("</section>")[0]
    with at_work(service, service.staff("app"), "zh-CN") as bot:
        shown = bot.get("/console").text
        assert "请向管理员要一个本人的员工令牌" in shown
        assert 'id="rooms"' not in shown
    with at_work(service, service.staff("cashier")) as carl:
        assert carl.get("/console").headers["location"] == "/console/till"
