"""Draws over HTTP: promised, entered, drawn by a job, published, verified, claimed."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fixtures.draw_verifier import redraw
from tests.fixtures.lottery import Lottery
from tests.fixtures.service import Json


def test_a_draw_goes_from_its_promise_to_a_claimed_prize(
    lottery: Lottery, tmp_path: Path
) -> None:
    """With a file that the command and an outsider draw again."""
    service = lottery.service
    draw = lottery.make()
    assert (draw["state"], draw["tickets"], draw["winners"]) == ("open", 0, [])
    assert len(draw["commitment"]) == 64
    assert "seed" not in json.dumps(draw).replace('"seed": null', "")
    tickets = {name: lottery.enter(draw, name).json() for name in ("ann", "bo")}
    assert [each["ticket_no"] for each in tickets.values()] == [1, 2]
    shown = lottery.show(draw)
    assert (shown["tickets"], shown["publication"]) == (2, None)
    path = f"/v1/draws/{draw['draw_id']}/publication"
    early = service.http.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "not_drawn")
    drawn = lottery.be_drawn(draw)
    assert drawn["commitment"] == draw["commitment"]
    assert drawn["publication"] == path
    assert [each["prize_id"] for each in drawn["winners"]] == ["car", "cup"]
    assert sorted(each["ticket_no"] for each in drawn["winners"]) == [1, 2]
    published = service.http.get(path).content
    told = json.loads(published.splitlines()[1])
    assert told["ticket_code"] == tickets["ann"]["ticket_code"]
    file, closed = tmp_path / "draw.jsonl", tmp_path / "draw.jsonl.gz"
    file.write_bytes(published)
    closed.write_bytes(gzip.compress(published))
    assert redraw(file) == []
    for named in (str(file), str(closed), draw["draw_id"]):
        done = service.cli("draw", "verify", named)
        assert json.loads(done)["verified"] is True
    winner = {1: "ann", 2: "bo"}[drawn["winners"][0]["ticket_no"]]
    token = service.member_token(winner)
    [prize] = service.get("/v1/me/prizes", token).json()["items"]
    assert (prize["prize_id"], prize["state"]) == ("car", "open")
    [own] = [
        each
        for each in service.get("/v1/me/tickets", token).json()["items"]
        if each["draw_id"] == draw["draw_id"]
    ]
    assert own["ticket_codes"] == [tickets[winner]["ticket_code"]]
    claim = f"/v1/me/prizes/{prize['won_id']}/claims"
    loser = service.member_token("ann" if winner == "bo" else "bo")
    assert service.post(claim, {}, loser).status_code == 404
    assert service.post(claim, {"address": "1 Road"}, token).status_code == 201
    again = service.post(claim, {}, token)
    assert (again.status_code, again.json()["code"]) == (409, "already_claimed")
    winners = f"/v1/draws/{draw['draw_id']}/winners"
    seen = {
        role: service.get(winners, service.staff(role)).json()["items"][0]
        for role in ("marketer", "support")
    }
    assert seen["support"]["address"] == "1 Road"
    assert (seen["marketer"]["address"], seen["marketer"]["has_address"]) == (
        None,
        True,
    )
    assert seen["support"]["member_id"] == winner


def test_a_file_that_was_touched_is_not_verified(
    lottery: Lottery, tmp_path: Path
) -> None:
    """Exit 1 and what differs, from a file as from the database."""
    service = lottery.service
    draw = lottery.make()
    for name in ("ann", "bo", "cy"):
        lottery.enter(draw, name)
    lottery.be_drawn(draw)
    path = f"/v1/draws/{draw['draw_id']}/publication"
    lines = service.http.get(path).content.splitlines(keepends=True)
    file = tmp_path / "draw.jsonl"
    file.write_bytes(b"".join([*lines[:1], *lines[2:]]))
    done = service.run("draw", "verify", str(file))
    assert done.returncode == 1
    assert json.loads(done.stdout)["differences"]
    file.write_bytes(b"".join(lines))
    other = service.run("draw", "verify", str(file), "--commitment", "00" * 32)
    assert other.returncode == 1


def test_taking_part_is_once_for_a_member_and_for_a_key(lottery: Lottery) -> None:
    """Copies at once, on two workers."""
    draw = lottery.make(most_tickets=1)
    assert lottery.token("ann") != lottery.token("bo")
    with ThreadPoolExecutor(20) as threads:
        asked = [
            threads.submit(
                lottery.enter, draw, "ann", idempotency_key=f"k-{draw['draw_id']}"
            )
            for _ in range(20)
        ]
        answers = [each.result() for each in asked]
        others = [threads.submit(lottery.enter, draw, "bo") for _ in range(20)]
        told = [each.result().status_code for each in others]
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    assert (told.count(201), told.count(409)) == (1, 19)
    again = lottery.enter(draw, "ann")
    assert (again.status_code, again.json()["code"]) == (409, "already_taken")
    assert lottery.show(draw)["tickets"] == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"entry": "awarded"}, "not_open"),
        ({"opens_at": "2197-01-01"}, "not_begun"),
    ],
)
def test_who_may_not_take_part_is_told_why(
    lottery: Lottery, given: Json, code: str
) -> None:
    answer = lottery.enter(lottery.make(**given), "ann")
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_there_is_no_draw_of_another_name(lottery: Lottery) -> None:
    assert lottery.enter({"draw_id": "none"}, "ann").status_code == 404
    assert lottery.service.http.get("/v1/draws/none").status_code == 404
    draw = lottery.make()
    again = lottery.service.post(
        "/v1/draws", _as_asked(draw) | {"claim_days": 1}, lottery.marketer
    )
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


def _as_asked(draw: Json) -> Json:
    names = ("draw_id", "name", "opens_at", "closes_at", "draws_at", "prizes")
    return {name: draw[name] for name in names}


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"closes_at": "2019-01-01"}, "/closes_at"),
        ({"opens_at": "2018-01-01", "closes_at": "2019-01-01"}, "/closes_at"),
        ({"draws_at": "2197-01-01"}, "/draws_at"),
        ({"prizes": []}, "/prizes"),
        (
            {"prizes": [{"prize_id": "a", "name": "a", "quantity": 0}]},
            "/prizes/0/quantity",
        ),
        ({"claim_days": 0}, "/claim_days"),
        ({"most_tickets": 0}, "/most_tickets"),
        ({"opens_at": "soon"}, "/opens_at"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(
    lottery: Lottery, given: Json, pointer: str
) -> None:
    wish = _as_asked(lottery.make()) | {"claim_days": 7, "draw_id": "x"} | given
    answer = lottery.service.post("/v1/draws", wish, lottery.marketer)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
