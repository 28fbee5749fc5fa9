"""A stolen package that is polled before its caps are active, over HTTP."""

import contextlib
import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service, running_service

CODES = 60
POLLS = 3


@pytest.fixture(scope="module")
def robbed() -> Iterator[Service]:
    """Give a service of two workers, whose cases and incidents are a thief's."""
    with running_service() as service:
        yield service
        service.audit()


def packaged(service: Service) -> tuple[Json, str]:
    """Issue a batch in two rolls, and order a package of the first; gives its id."""
    units = [
        {"name": "R1", "from_index": 0, "to_index": CODES - 1},
        {"name": "R2", "from_index": CODES, "to_index": 99},
    ]
    batch = service.issue(100, activate=False, units=units)
    body = {"preset": "csv", "unit": "R1"}
    path = f"/v1/batches/{batch['batch_id']}/packages"
    answer = service.post(path, body, service.issuer)
    assert answer.status_code == 201, answer.text
    return batch, str(answer.json()["package_id"])


def incidents_of(service: Service, kind: str) -> dict[str, Json]:
    """List open incidents of a kind by subject, whichever worker was killed."""
    path = f"/v1/incidents?kind={kind}&state=open"
    token = {"authorization": f"Bearer {service.staff('analyst')}"}
    with service.client() as http:
        items = http.get(path, headers=token).json()["items"]
    return {each["subject"]: each for each in items}


def look(http: httpx.Client, code: str) -> int:
    """Look at a code; once more where a worker that was killed had the connection."""
    for _ in range(3):
        with contextlib.suppress(httpx.TransportError):
            headers = {"x-forwarded-for": "9.9.9.9"}
            return http.get(f"/C/{code}", headers=headers).status_code
    return 0


def poll(service: Service, codes: list[str]) -> None:
    """Look at codes again and again, from one address, over both workers."""
    for _ in range(POLLS):
        with service.client() as http:
            for code in codes:
                assert look(http, code) == 200


def test_a_polled_package_is_named_and_all_its_claims_wait(robbed: Service) -> None:
    """However often it is polled, sixty codes are sixty; other rolls are paid."""
    service = robbed
    batch, package = packaged(service)
    codes = service.codes(batch)
    stolen = codes[:CODES]
    before = service.query("SELECT count(*) FROM scans")
    poll(service, stolen)
    subject = f"package:{package}"

    def known() -> bool:
        found = incidents_of(service, "early_scan").get(subject)
        return found is not None and found["detail"]["looks"] == CODES * POLLS

    wait_for(known, what="the incident")
    found = incidents_of(service, "early_scan")
    assert set(found) == {subject, f"roll:{batch['batch_id']}/R1"}
    assert (found[subject]["seen"], found[subject]["openings"]) == (CODES, 1)
    assert f"batch:{batch['batch_id']}" in incidents_of(service, "leak")
    assert service.query("SELECT count(*) FROM scans") == before
    service.change(batch, "activations")
    told = [service.scan(code, f"fresh-{n}") for n, code in enumerate(stolen)]
    assert {answer["outcome"] for answer in told} == {"held"}
    assert service.scan(codes[CODES], "honest")["outcome"] == "rewarded"
    analyst = service.staff("analyst")

    def sorted_out() -> bool:
        items = service.get("/v1/cases?kind=leak", analyst).json()["items"]
        return [each["scans"] for each in items] == [CODES]

    wait_for(sorted_out, what="the case")
    path = f"/v1/scans/{told[0]['scan_id']}/evaluation"
    shown = service.get(path, analyst).json()
    assert (shown["held_by"], shown["equals_record"]) == ("early_scans", True)
    events = service.get("/v1/events?limit=1000", service.staff("admin")).json()
    opened = [
        each["data"]["subject"]
        for each in events["items"]
        if each["type"] == "incident.opened"
    ]
    assert opened.count(subject) == 1


def test_a_killed_worker_takes_no_more_than_its_last_moment_along(
    robbed: Service,
) -> None:
    """What was counted stays counted once, and the others go on."""
    service = robbed
    batch, package = packaged(service)
    codes = service.codes(batch)
    subject = f"package:{package}"

    def seen(number: int) -> bool:
        found = incidents_of(service, "early_scan").get(subject)
        return found is not None and found["seen"] == number

    poll(service, codes[:10])
    wait_for(lambda: seen(10), what="ten codes")
    victim = service.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(
        lambda: len({*service.worker_pids()} - {victim}) == 2,
        what="another worker",
    )
    service.wait_ready()
    poll(service, codes[5:25])
    wait_for(lambda: seen(25), what="all codes")
