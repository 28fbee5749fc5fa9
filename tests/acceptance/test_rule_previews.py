"""A document is tried on recorded scans before anybody stores it."""

from collections.abc import Iterator

import pytest

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_rule_sets import SENTENCE, Desk, rule
from tests.fixtures.service import Json, running_service


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Give a service whose scans are known, to all tests here."""
    with running_service() as service:
        yield Desk(service)
        service.audit()


def document(*rules: Json, **changed: Json) -> Json:
    base: Json = {"thresholds": {"refuse": 85, "hold": 60}, "throttles": []}
    daily = {"fact": "mine", "entity": "member", "window_s": 86_400}
    longer = {"fact": "never", "entity": "member", "window_s": 777_600}
    return base | {"counters": [daily, longer], "rules": [*rules]} | changed


def test_a_document_is_tried_on_the_newest_scans(desk: Desk) -> None:
    """By facts as they were counted, under other names; unknown where nobody did."""
    service = desk.service
    versions = set(desk.states)
    member = service.member_token("tried")
    scans = [
        service.post("/v1/scans", {"code": service.fresh_code()}, member).json()
        for _ in range(5)
    ]
    assert {each["outcome"] for each in scans} == {"rewarded"}
    often = {"fact": "mine", "op": ">=", "value": 3}
    ever = {"fact": "never", "op": ">=", "value": 1}
    body = {
        "document": document(
            {"id": "often", "score": 60, "sentence": SENTENCE, "when": often},
            {"id": "ever", "score": 85, "sentence": SENTENCE, "when": ever},
        )
    }
    answer = service.post("/v1/rule-sets/previews", body, desk.li)
    assert answer.status_code == 200
    told = answer.json()
    assert told["scans"] == 5
    assert told["outcomes"]["then"] == {"pass": 5, "hold": 0, "refuse": 0}
    assert told["outcomes"]["now"] == {"pass": 2, "hold": 3, "refuse": 0}
    assert told["live_version"] == desk.active
    [moved] = told["moved"]
    assert (moved["live"], moved["candidate"], moved["scans"]) == ("pass", "hold", 3)
    assert sorted(told["examples"]) == [each["scan_id"] for each in scans[2:]]
    rules = {each["id"]: each for each in told["by_rule"]}
    assert (rules["often"]["hits"], rules["ever"]["hits"]) == (3, 0)
    assert rules["member-day"]["live_hits"] == 0
    assert told["unknown"] == [{"fact": "never", "scans": 5, "uncounted": 5}]
    assert told["partly_unknown"] == 5
    fewer = service.post("/v1/rule-sets/previews", body | {"scans": 2}, desk.li)
    assert (fewer.json()["scans"], fewer.json()["differ"]) == (2, 2)
    assert set(desk.states) == versions


def test_a_mistake_is_named_by_its_place(desk: Desk) -> None:
    body = {"document": document(rule("r") | {"score": 0})}
    answer = desk.service.post("/v1/rule-sets/previews", body, desk.li)
    refused(answer, 422, "invalid_input")
    [fault] = answer.json()["errors"]
    assert fault["pointer"] == "/document/rules/0/score"
