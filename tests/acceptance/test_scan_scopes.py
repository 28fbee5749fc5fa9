"""Tokens of one brand or store scan and read what is theirs, and nothing else."""

from typing import Any

import httpx
import pytest

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.service import Json, Service

OURS, OTHERS = "Demo Dairy", "Other Dairy"


def scan(service: Service, token: str, code: str, **body: Any) -> Json:
    """Scan through an app's backend."""
    sent = {"code": code, "member_id": "an app's member"} | body
    answer = service.post("/v1/scans", sent, token)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def read(service: Service, scan_id: str, token: str) -> httpx.Response:
    """Look at a scan."""
    return service.get(f"/v1/scans/{scan_id}", token)


@pytest.fixture(scope="module")
def rival(service: Service) -> str:
    """Give the app token of another brand."""
    return service.staff_token("app", name="rival", brand=OTHERS)


def test_another_brands_app_claims_and_reads_nothing(
    service: Service, rival: str
) -> None:
    """Its code is one of none of ours, claimed by nobody; for its own app it pays."""
    own = service.staff_token("app", name="own", brand=OURS)
    batch = service.issue(2, gtin=GTIN)
    code, other = service.codes(batch)
    denied = scan(service, rival, code)
    assert denied["outcome"] == "invalid"
    forged = scan(service, rival, "0" * 16, context={"ip": "198.51.100.77"})
    assert denied | {"scan_id": ""} == forged | {"scan_id": ""}
    paid = scan(service, own, code)
    assert paid["outcome"] == "rewarded"
    for role in ("app", "analyst", "support"):
        stranger = service.staff_token(role, name=f"a {role}", brand=OTHERS)
        refused(read(service, paid["scan_id"], stranger), 404, "not_found")
        ours = service.staff_token(role, name=f"our {role}", brand=OURS)
        assert read(service, paid["scan_id"], ours).status_code == 200
    nobodys = service.issue(1, gtin=None)
    assert scan(service, rival, *service.codes(nobodys))["outcome"] != "invalid"
    assert scan(service, own, other)["outcome"] == "rewarded"


def test_another_brands_code_is_no_guess(service: Service, rival: str) -> None:
    """Sixty of them from one network: its own code is still answered."""
    foreign = service.codes(service.issue(60, gtin=GTIN))
    device: Json = {"device_id": "a rival's phone", "context": {"ip": "198.51.100.9"}}
    for code in foreign:
        sent = {"code": code, "member_id": "careful"} | device
        answer = service.post("/v1/scans", sent, rival)
        assert answer.status_code == 200, answer.text
        assert answer.json()["outcome"] == "invalid"


def test_a_token_of_one_store_scans_there_and_reads_that(service: Service) -> None:
    """The store is the token's; a context that names another is refused."""
    here = service.staff_token("app", name="shop", store="shop-1")
    there = service.staff_token("app", name="shop", store="shop-2")
    (code,) = service.codes(service.issue(1, gtin=GTIN))
    sent = {"code": code, "context": {"store_id": "shop-2"}}
    refused(service.post("/v1/scans", sent, here), 403, "not_your_store")
    seen = scan(service, here, code)
    assert read(service, seen["scan_id"], here).status_code == 200
    refused(read(service, seen["scan_id"], there), 404, "not_found")
