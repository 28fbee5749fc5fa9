"""Codes that nobody prints and everybody may betray, over HTTP."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.acceptance.test_batch_routes import refused
from tests.fixtures.processes import fresh_address, wait_for
from tests.fixtures.service import Json, Service, running_service


@pytest.fixture(scope="module")
def watched() -> Iterator[Service]:
    """Give a service of two workers, whose incidents are these tests' own."""
    with running_service() as service:
        yield service
        service.audit()


def ask(service: Service, batch: Json, quantity: int, **headers: str) -> httpx.Response:
    """Ask for honey codes as the analyst."""
    body = {"batch_id": batch["batch_id"], "quantity": quantity}
    return service.post("/v1/honey-codes", body, service.staff("analyst"), **headers)


def order(service: Service, batch: Json, **body: Any) -> httpx.Response:
    """Order a package as the issuer."""
    path = f"/v1/batches/{batch['batch_id']}/packages"
    return service.post(path, {"preset": "csv"} | body, service.issuer)


def incident_of(service: Service, batch: Json) -> Json | None:
    """Find the incident of a batch's honey codes."""
    path = "/v1/incidents?kind=honey"
    items = service.get(path, service.staff("analyst")).json()["items"]
    subject = f"batch:{batch['batch_id']}"
    found: list[Json] = [each for each in items if each["subject"] == subject]
    return found[0] if found else None


def look(service: Service, code: str) -> str:
    """Look at a code's page; gives its text without what is one code's alone."""
    headers = {"x-forwarded-for": fresh_address()}
    answer = service.http.get(f"/C/{code}", headers=headers)
    assert answer.status_code == 200
    grouped = "-".join(re.findall("....", code))
    shown = answer.text.replace(grouped, "CODE").replace(code, "CODE")
    return re.sub(r'(nonce|value)="[^"]*"', "", shown)


def test_a_look_and_a_scan_are_one_incident_and_are_told_nothing(
    watched: Service,
) -> None:
    """Honey looks as a cap that is not active yet; the first look is the alarm."""
    service = watched
    batch = service.issue(100, activate=False)
    answer = ask(service, batch, 5)
    assert answer.status_code == 201, answer.text
    codes = service.codes(batch)
    told = answer.json()["codes"]
    assert [(each["index"], each["code"]) for each in told] == [
        *enumerate(codes[95:], start=95)
    ]
    assert all(each["link"].endswith(f"/C/{each['code']}") for each in told)
    assert look(service, codes[95]) == look(service, codes[90])

    def seen(**detail: int) -> bool:
        found = incident_of(service, batch)
        return found is not None and detail.items() <= found["detail"].items()

    wait_for(lambda: seen(codes=1, looks=1, scans=0), what="the look")
    honey, plain = (
        service.scan(codes[index], "thief", ip="9.9.9.9") for index in (96, 90)
    )
    assert honey["outcome"] == "not_active"
    assert {**honey, "scan_id": ""} == {**plain, "scan_id": ""}
    service.scan(codes[95], "thief", ip="9.9.9.9")
    wait_for(lambda: seen(codes=2, looks=1, scans=2), what="the scans")
    found = incident_of(service, batch)
    assert found is not None
    assert (found["seen"], found["openings"]) == (3, 1)
    assert found["first_at"] < found["last_at"]
    listed = service.get(
        f"/v1/honey-codes?batch_id={batch['batch_id']}&limit=4",
        service.staff("analyst"),
    )
    assert not any(code in listed.text for code in codes)
    page = listed.json()
    assert [each["index"] for each in page["items"]] == [99, 98, 97, 96]
    assert page["items"][3]["scans"] == 1
    path = f"/v1/honey-codes?cursor={page['next_cursor']}&limit=1"
    (last,) = service.get(path, service.staff("analyst")).json()["items"]
    assert (last["index"], last["looks"], last["scans"]) == (95, 1, 1)
    assert last["first_seen_at"] < last["last_seen_at"]


def test_packages_and_activations_go_around_them(watched: Service) -> None:
    service = watched
    batch = service.issue(50, activate=False)
    assert ask(service, batch, 3).status_code == 201
    problem = refused(order(service, batch), 409, "kept_from_print")
    assert "47 to 49" in problem["detail"]
    assert order(service, batch, to_index=46).status_code == 201
    done = service.change(batch, "activations")
    assert (done["changed"], done["unchanged"]) == (47, 3)
    codes = service.codes(batch)
    assert service.scan(codes[46], "buyer")["outcome"] == "rewarded"
    assert service.scan(codes[47], "thief")["outcome"] == "not_active"
    # Nothing is left that no package holds.
    answer = ask(service, batch, 1)
    problem = refused(answer, 422, "invalid_input")
    assert problem["errors"][0]["code"] == "too_few_unprinted"
    assert "only 0 codes" in problem["errors"][0]["detail"]


def test_codes_of_rolls_packages_and_exports_are_not_taken(watched: Service) -> None:
    """A package that was cancelled may have been copied before."""
    service = watched
    rolls = [{"name": "R1", "from_index": 90, "to_index": 99}]
    batch = service.issue(100, activate=False, units=rolls)
    package = order(service, batch, from_index=80, to_index=84).json()["package_id"]
    cancelled = service.post(
        f"/v1/packages/{package}/cancellations", {"reason": "r"}, service.issuer
    )
    assert cancelled.status_code == 201, cancelled.text
    service.change(batch, "voids", from_index=88, to_index=88)
    told = ask(service, batch, 6).json()["codes"]
    assert [each["index"] for each in told] == [78, 79, 85, 86, 87, 89]
    for quantity in (0, 101):
        refused(ask(service, batch, quantity), 422, "invalid_input")
    refused(ask(service, {"batch_id": 999_999}, 1), 404, "not_found")


def test_who_asks_at_once_gets_other_codes_and_who_asks_again_the_same(
    watched: Service,
) -> None:
    service = watched
    batch = service.issue(20, activate=False)
    with ThreadPoolExecutor(4) as threads:
        asked = list(threads.map(lambda _: ask(service, batch, 4), range(4)))
    assert {each.status_code for each in asked} == {201}
    indexes = [each["index"] for one in asked for each in one.json()["codes"]]
    assert sorted(indexes) == list(range(4, 20))
    first, again = (ask(service, batch, 2, idempotency_key="k-1") for _ in range(2))
    assert first.json() == again.json()
    assert service.query(
        "SELECT count(*) FROM honey_codes WHERE batch_id = %s", batch["batch_id"]
    ) == [(18,)]


def test_an_order_and_a_request_at_once_never_share_a_code(watched: Service) -> None:
    """Whoever is first has them, and the other is told."""
    service = watched
    for _ in range(4):
        batch = service.issue(10, activate=False)
        with ThreadPoolExecutor(2) as threads:
            honey = threads.submit(ask, service, batch, 5)
            package = threads.submit(order, service, batch)
        told = honey.result().status_code, package.result().status_code
        assert told in {(201, 409), (422, 201)}
