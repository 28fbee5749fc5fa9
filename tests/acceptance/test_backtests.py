"""Backtests over HTTP, carried out by the process of jobs beside the workers."""

from typing import Final

import pytest

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_rule_sets import SENTENCE, Desk
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service

RULES: Final[Json] = {
    "thresholds": {"refuse": 85, "hold": 60},
    "throttles": [],
    "counters": [{"fact": "mine", "entity": "member", "window_s": 86_400}],
    "rules": [
        {
            "id": "third",
            "score": 60,
            "sentence": SENTENCE,
            "when": {"fact": "mine", "op": ">=", "value": 3},
        }
    ],
}


@pytest.fixture(scope="module")
def desk(service: Service) -> Desk:
    """Give analysts of the service that all tests share; no rules are activated."""
    return Desk(service)


@pytest.fixture(scope="module")
def span(service: Service) -> Json:
    """Give yesterday to tomorrow."""
    [(first, last)] = service.query(
        "SELECT (current_date - 1)::text, (current_date + 1)::text"
    )
    return {"from": first, "to": last}


def written(desk: Desk) -> int:
    """Write a draft that holds each third scan of a member."""
    answer = desk.service.post("/v1/rule-sets", {"document": RULES}, desk.li)
    version: int = answer.json()["version"]
    return version


def test_a_draft_is_tried_on_scans_of_the_past(desk: Desk, span: Json) -> None:
    """Started, carried out, looked at, listed; beside the version that is live."""
    service, version = desk.service, written(desk)
    member = service.member_token("backtested")
    scans = [
        service.post("/v1/scans", {"code": service.fresh_code()}, member).json()
        for _ in range(4)
    ]
    path = f"/v1/rule-sets/{version}/backtests"
    first, again = (
        service.post(path, span, desk.li, idempotency_key="backtest") for _ in "ab"
    )
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    number = first.json()["backtest_id"]
    there = f"/v1/backtests/{number}"

    def is_done() -> bool:
        state: str = service.get(there, desk.li).json()["state"]
        return state == "done"

    wait_for(is_done, what="the end of the backtest")
    told = service.get(there, desk.wang).json()
    assert (told["progress"], told["fault"], told["asked_by"]) == (1.0, None, "li")
    assert told["scans"] >= 4
    assert sum(told["outcomes"].values()) == told["scans"]
    [third] = [each for each in told["by_rule"] if each["id"] == "third"]
    assert third["hits"] == told["outcomes"]["hold"] >= 2
    assert told["versus_live"]["version"] == desk.active
    assert told["versus_live"]["differ"] >= 2
    assert told.keys() >= {"precision", "recall", "good_hurt", "value_stopped"}
    examples = set(told["examples"])
    assert examples
    assert examples <= {str(n) for (n,) in service.query("SELECT scan_id FROM scans")}
    assert {each["outcome"] for each in scans} == {"rewarded"}
    [item] = service.get(path, desk.li).json()["items"]
    assert (item["backtest_id"], item["state"]) == (number, "done")
    assert item["from"] == told["from"]
    headers = {"authorization": f"Bearer {desk.li}"}
    refused(service.http.delete(there, headers=headers), 409, "illegal_state")
    refused(service.get("/v1/backtests/1", desk.li), 404, "not_found")
    refused(
        service.post("/v1/rule-sets/999/backtests", span, desk.li), 404, "not_found"
    )


def test_a_span_that_makes_no_sense_is_named(desk: Desk, span: Json) -> None:
    service, path = desk.service, f"/v1/rule-sets/{written(desk)}/backtests"
    for wrong, pointer in (
        ({"to": "2020-01-01"}, "/to"),
        ({"from": "2020-01-01"}, "/from"),
        ({"sample": 0}, "/sample"),
        ({"from": "soon"}, "/from"),
    ):
        answer = service.post(path, span | wrong, desk.li)
        refused(answer, 422, "invalid_input")
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
