"""A shadow over HTTP, on a service of two workers."""

from collections.abc import Iterator

import pytest

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_rule_sets import Desk, rule
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, running_service


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Give a service whose shadow is changed, to all tests here."""
    with running_service() as service:
        yield Desk(service)
        service.audit()


def test_a_shadow_runs_on_every_worker_and_changes_nothing(desk: Desk) -> None:
    """From the moment that its start is answered, until somebody ends it."""
    service = desk.service
    version = desk.committed(rule("nobody"))
    path = f"/v1/rule-sets/{version}"
    refused(service.get(f"{path}/shadow-report", desk.li), 404, "not_found")
    [(until,)] = service.query("SELECT (current_date + 5)::text")
    started = service.post(f"{path}/shadows", {"until": until}, desk.li)
    assert (started.status_code, started.json()["version"]) == (201, version)
    assert desk.states[version] == "shadow"
    shown = service.get(path, desk.li).json()
    assert shown["until"] == started.json()["until"]
    assert desk.outcomes("shadowed") == {"rewarded"}

    def report() -> Json:
        told: Json = service.get(f"{path}/shadow-report", desk.wang).json()
        return told

    wait_for(lambda: report()["scans"] == 12, what="what both workers counted")
    told = report()
    assert (told["differ"], told["missed"]) == (12, 0)
    assert told["outcomes"] == {
        "live": {"pass": 12, "hold": 0, "refuse": 0},
        "shadow": {"pass": 0, "hold": 0, "refuse": 12},
    }
    assert told["moved"] == [{"live": "pass", "shadow": "refuse", "scans": 12}]
    [by_rule] = told["by_rule"]
    assert (by_rule["id"], by_rule["shadow_hits"]) == ("nobody", 12)
    assert (by_rule["live_hits"], by_rule["only_shadow"]) == (0, 12)
    assert len(set(told["examples"])) == 12
    assert (told["started_by"], told["ended_by"]) == ("li", None)
    refused(
        service.post(f"{path}/shadows", {"until": until}, desk.li), 409, "illegal_state"
    )
    headers = {"authorization": f"Bearer {desk.wang}"}
    ended = service.http.delete(f"{path}/shadows", headers=headers)
    assert ended.status_code == 204
    assert desk.states[version] == "committed"
    assert desk.outcomes("alone") == {"rewarded"}
    assert report()["ended_by"] == "wang"
    assert report()["scans"] == 12
    refused(
        service.http.delete(f"{path}/shadows", headers=headers), 409, "illegal_state"
    )


def test_an_end_that_makes_no_sense_is_named(desk: Desk) -> None:
    version = desk.committed(rule("nobody"))
    for until in ("2020-01-01", "2199-01-01", "soon"):
        answer = desk.service.post(
            f"/v1/rule-sets/{version}/shadows", {"until": until}, desk.li
        )
        refused(answer, 422, "invalid_input")
        assert [e["pointer"] for e in answer.json()["errors"]] == ["/until"]
