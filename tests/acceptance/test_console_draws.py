"""Draws in the console: made in a form, looked at, and looked at again when drawn."""

from itertools import count

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work, title_of
from tests.fixtures.lottery import Lottery
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields

PAGE = "/console/new-draw"
_numbers = count(1)
FIELDS = {
    "name": "春季抽奖",
    "opens_on": "2020-01-01",
    "closes_on": "2198-01-01",
    "draws_on": "2198-01-02",
    "draws_time": "10:30",
    "entry": "open",
    "claim_days": "14",
    "most_tickets": "1,000",
    "prize0_id": "car",
    "prize0_name": "A car",
    "prize0_quantity": "1",
    "prize0_kind": "",
}


def fresh() -> str:
    """Name a draw."""
    return f"form-{next(_numbers)}"


def send(mona: Colleague, **fields: str) -> httpx.Response:
    """Send the form with a button of it."""
    form = hidden_fields(mona.get(PAGE).text, PAGE)
    answer = mona.post(PAGE, form | FIELDS | {"do": "save"} | fields)
    return mona.get(answer.headers["location"]) if answer.is_redirect else answer


def test_a_marketer_makes_a_draw_with_prizes_in_rows(service: Service) -> None:
    """A row is added and another one taken away; the rest becomes a draw."""
    draw_id = fresh()
    second = {
        "prize1_id": "cup",
        "prize1_name": "A cup",
        "prize1_quantity": "20",
        "prize1_kind": "points",
        "prize1_what": "1,000",
    }
    with at_work(service, service.staff("marketer")) as mona:
        grown = send(mona, draw_id=draw_id, do="add_prize")
        assert 'name="prize1_id"' in grown.text
        assert 'value="春季抽奖"' in grown.text
        less = send(mona, draw_id=draw_id, **second, do="remove_prize_0")
        assert 'value="cup"' in less.text
        assert 'value="car"' not in less.text
        shown = send(mona, draw_id=draw_id, **second)
        assert shown.url.path == f"/console/draws/{draw_id}"
        assert title_of(shown) == "春季抽奖"
        assert "Tickets are given until 2198-01-02 00:00" in shown.text
        told = service.get(f"/v1/draws/{draw_id}").json()
        assert told["commitment"] in shown.text
        assert f'href="/console/draws/{draw_id}"' in mona.get("/console/draws").text
    assert told["prizes"] == [
        {"prize_id": "car", "name": "A car", "quantity": 1},
        {
            "prize_id": "cup",
            "name": "A cup",
            "quantity": 20,
            "gives": {"kind": "points", "amount": 1000},
        },
    ]
    assert told["draws_at"] == "2198-01-02T02:30:00Z"
    assert (told["most_tickets"], told["claim_days"]) == (1000, 14)


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"draw_id": ""}, "draw_id", "Fill this in"),
        ({"name": ""}, "name", "Fill this in"),
        ({"opens_on": ""}, "opens_on", "Fill this in"),
        ({"opens_on": "soon"}, "opens_on", "moment"),
        ({"closes_on": "2019-01-01"}, "closes_on", "closes after it opens"),
        ({"draws_on": "2197-01-01"}, "draws_on", "when it has closed"),
        ({"entry": "all"}, "entry", "Fill this in"),
        ({"claim_days": ""}, "claim_days", "Fill this in"),
        ({"claim_days": "0"}, "claim_days", "from 1 to 3,650"),
        ({"most_tickets": "x"}, "most_tickets", "from 1 to"),
        ({"prize0_id": ""}, "prize0_id", "Fill this in"),
        ({"prize0_kind": "points"}, "prize0_what", "Fill this in"),
        ({"prize0_kind": "coupon", "prize0_what": "no-pool"}, "prize0_what", "no-pool"),
        ({"prize0_kind": "chance"}, "prize0_kind", "chance"),
        (
            {"prize0_kind": "ticket", "prize0_what": "2 * nowhere"},
            "prize0_what",
            "nowhere",
        ),
        ({"prize0_quantity": "10001"}, "prize0_quantity", "from 1 to 10,000"),
        (
            {"prize1_id": "car", "prize1_name": "B", "prize1_quantity": "1"},
            "prize1_id",
            "Two prizes are called car",
        ),
        (
            {"prize1_id": "x", "prize1_name": "B", "prize1_quantity": "10000"},
            "add_prize",
            "at most 10,000 prizes",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    service: Service, given: dict[str, str], field: str, told: str
) -> None:
    with at_work(service, service.staff("marketer")) as mona:
        shown = send(mona, **({"draw_id": fresh()} | given))
    assert shown.status_code == 422
    _, _, wrong = shown.text.partition(f'id="{field}-wrong">')
    assert told in wrong.partition("</small>")[0]
    assert f'<a href="#{field}">' in shown.text


def test_a_draw_that_there_is_is_not_made_again(service: Service) -> None:
    draw_id = fresh()
    with at_work(service, service.staff("marketer"), "zh-CN") as mona:
        assert send(mona, draw_id=draw_id).status_code == 200
        again = send(mona, draw_id=draw_id)
    assert again.status_code == 422
    assert f"已有抽奖 {draw_id}" in again.text


def test_a_draw_without_a_prize_is_none(service: Service) -> None:
    """The form with no row is refused, at the button that adds one."""
    with at_work(service, service.staff("marketer")) as mona:
        form = hidden_fields(mona.get(PAGE).text, PAGE) | FIELDS | {"draw_id": fresh()}
        bare = {k: v for k, v in form.items() if not k.startswith("prize0")}
        shown = mona.post(PAGE, bare | {"do": "save"})
    assert shown.status_code == 422
    assert 'id="add_prize-wrong">' in shown.text


def test_who_may_see_draws(service: Service) -> None:
    """Marketers make them, support looks at them, a rival's people find none."""
    draw_id = fresh()
    with at_work(service, service.staff("marketer")) as mona:
        send(mona, draw_id=draw_id)
    path = f"/console/draws/{draw_id}"
    with at_work(service, service.staff("support")) as sue:
        assert sue.get(path).status_code == 200
        assert sue.get(PAGE).status_code == 403
        assert 'href="/console/new-draw"' not in sue.get("/console/draws").text
    rival = service.staff_token("marketer", name="rita-draws", brand="Rival")
    with at_work(service, rival) as rita:
        assert rita.get(path).status_code == 404
        assert draw_id not in rita.get("/console/draws").text
    with at_work(service, service.staff("line")) as lin:
        assert lin.get("/console/draws").status_code == 403


def test_a_drawn_draw_tells_who_won_and_what_was_claimed(lottery: Lottery) -> None:
    """Before, how many tickets were given; after, each prize and what became of it."""
    service = lottery.service
    draw = lottery.make(
        prizes=[
            {"prize_id": "car", "name": "A car", "quantity": 1},
            {"prize_id": "cup", "name": "A cup", "quantity": 4},
        ]
    )
    members = [f"{draw['draw_id']}-{name}" for name in ("ada", "bo", "cy")]
    for each in members:
        assert lottery.enter(draw, each).status_code == 201
    path = f"/console/draws/{draw['draw_id']}"
    with at_work(service, service.staff("marketer")) as mona:
        before = mona.get(path)
        assert "<polyline" in before.text
        assert 'id="winners"' not in before.text
        drawn = lottery.be_drawn(draw)
        car = service.get("/v1/me/prizes", lottery.token(members[0])).json()["items"]
        owners = {
            prize["ticket_no"]: (member, prize["won_id"])
            for member in members
            for prize in service.get("/v1/me/prizes", lottery.token(member)).json()[
                "items"
            ]
        }
        assert car
        winner, won_id = owners[drawn["winners"][0]["ticket_no"]]
        claim = {"address": "Ada, 1 Nanjing Road"}
        token = lottery.token(winner)
        claimed = service.post(f"/v1/me/prizes/{won_id}/claims", claim, token)
        assert claimed.status_code == 201
        after = mona.get(path)
    assert f"/v1/draws/{draw['draw_id']}/publication" in after.text
    assert drawn["seed"] in after.text
    rows = {
        row.partition("<br>")[0]: row
        for row in after.text.partition('id="prizes"')[2]
        .partition("</section>")[0]
        .split('<th scope="row">')[1:]
    }
    # The car is claimed; of four cups two are won, and two had nobody to go to.
    assert _numbers_of(rows["A car"]) == ["1", "1", "–", "–", "–"]
    assert _numbers_of(rows["A cup"]) == ["4", "–", "2", "–", "2"]
    assert "1 Nanjing Road" not in after.text
    assert all(member in after.text for member in members)
    with at_work(service, service.staff("support")) as sue:
        assert "Ada, 1 Nanjing Road" in sue.get(path).text


def _numbers_of(row: str) -> list[str]:
    return [each.partition("<")[0] for each in row.split('<td class="n">')[1:]]
