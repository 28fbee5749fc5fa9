"""Events over HTTP: by whom they are read, and page by page."""

from typing import cast

from tests.acceptance.test_batch_routes import refused
from tests.fixtures.service import Json, Service


def page(service: Service, query: str = "") -> list[Json]:
    """Read a page as an app's backend."""
    answer = service.get(f"/v1/events{query}", service.staff("app"))
    assert answer.status_code == 200, answer.text
    return cast("list[Json]", answer.json()["items"])


def read_all(service: Service, after: str = "") -> list[Json]:
    """Read to the end."""
    found: list[Json] = []
    while items := page(service, f"?limit=1000{after}"):
        found += items
        after = f"&after={items[-1]['event_id']}"
    return found


def test_what_is_done_is_read_in_order_and_without_codes(service: Service) -> None:
    before = read_all(service)
    after = f"&after={before[-1]['event_id']}"
    batch = service.issue(10)
    [code, *_] = service.codes(batch)
    service.change(batch, "voids", codes=[code], reason=f"see {code}")
    told = read_all(service, after)
    ours = [e for e in told if e["data"].get("batch_id") == batch["batch_id"]]
    assert [e["data"]["change"] for e in ours] == ["issue", "activate", "void"]
    assert [e["data"]["changed"] for e in ours] == [10, 10, 1]
    assert {e["type"] for e in ours} == {"batch.changed"}
    assert code not in str(told)
    assert page(service, f"?after={told[-1]['event_id']}") == []


def test_a_refused_change_is_no_event(service: Service) -> None:
    after = f"&after={read_all(service)[-1]['event_id']}"
    body = {"reason": "r", "from_index": 0, "to_index": 0}
    refused(
        service.post("/v1/batches/999999/voids", body, service.issuer),
        404,
        "not_found",
    )
    assert read_all(service, after) == []


def test_events_are_not_for_a_token_of_one_brand_or_store(service: Service) -> None:
    for scope in ({"brand": "Demo Dairy"}, {"store": "S1"}):
        token = service.staff_token("app", name="narrow", **scope)
        refused(service.get("/v1/events", token), 403, "forbidden")


def test_what_is_no_event_id_is_said_to_be_none(service: Service) -> None:
    for wrong in ("1", "x" * 32, "0" * 33):
        answer = service.get(f"/v1/events?after={wrong}", service.staff("app"))
        refused(answer, 422, "invalid_input")
        assert answer.json()["errors"][0]["pointer"] == "/after"
