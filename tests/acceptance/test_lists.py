"""Lists over HTTP: what analysts write, the next scan of every worker obeys."""

from collections.abc import Iterator
from typing import Any

import h3.api.basic_int as h3
import httpx
import pytest

from anti_fraud.domain.places import cell_of
from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_rule_sets import Desk, rule
from tests.fixtures.service import running_service

COARSE = f"{h3.cell_to_parent(cell_of(31.23, 121.47), 5):x}"


class Lister(Desk):
    """An analyst who writes lists."""

    def add(self, name: str, kind: str, value: str, **more: Any) -> httpx.Response:
        """Add an entry."""
        body = {"kind": kind, "value": value, "reason": "because"} | more
        return self.service.post(f"/v1/lists/{name}/entries", body, self.li)

    def added(self, name: str, kind: str, value: str, **more: Any) -> str:
        """Add an entry; gives its number."""
        answer = self.add(name, kind, value, **more)
        assert answer.status_code == 201, answer.text
        entry_id: str = answer.json()["entry_id"]
        return entry_id

    def remove(self, entry_id: str) -> httpx.Response:
        """Remove an entry."""
        headers = {"authorization": f"Bearer {self.li}"}
        path = f"/v1/lists/entries/{entry_id}"
        return self.service.http.request("DELETE", path, headers=headers)


@pytest.fixture(scope="module")
def lister() -> Iterator[Lister]:
    """Give a service whose lists are changed, to all tests here."""
    with running_service() as service:
        yield Lister(service)
        service.audit()


def test_a_block_acts_on_the_next_scan_of_every_worker_until_it_is_removed(
    lister: Lister,
) -> None:
    everybody = lister.added("block", "product", "6901234567892")
    assert lister.outcomes("blocked") == {"refused"}
    assert lister.remove(everybody).status_code == 204
    assert lister.outcomes("free") == {"rewarded"}
    refused(lister.remove(everybody), 404, "not_found")


@pytest.mark.parametrize(
    ("kind", "value", "scan"),
    [
        ("member", "m-listed", {}),
        ("network", "192.0.2.0/24", {}),
        ("network", "2001:db8::/32", {"ip": "2001:db8::7"}),
        ("device", "phone-1", {"device_id": "phone-1"}),
        ("cell", COARSE, {"position": {"lat": 31.23, "lon": 121.47}}),
    ],
)
def test_an_entry_names_scans_by_each_kind(
    lister: Lister, kind: str, value: str, scan: dict[str, Any]
) -> None:
    """And names no others."""
    service = lister.service
    entry = lister.added("block", kind, value)
    scan = {"ip": "192.0.2.7"} | scan
    answer = service.scan(service.fresh_code(), "m-listed", **scan)
    assert answer["outcome"] == "refused"
    other = service.scan(service.fresh_code(), "m-other", ip="198.51.100.7")
    assert other["outcome"] == "rewarded"
    path = f"/v1/scans/{answer['scan_id']}/evaluation"
    told = service.get(path, lister.li).json()
    assert told["listed"] == {"list": "block", "entry_id": entry}
    assert (told["equals_record"], told["judged"]["verdict"]) == (True, "pass")
    assert lister.remove(entry).status_code == 204


def test_a_store_is_what_the_apps_backend_says_it_is(lister: Lister) -> None:
    service, app = lister.service, lister.service.staff("app")
    entry = lister.added("block", "store", "s-1")
    told = {}
    for store in ("s-1", "s-2"):
        body = {
            "code": service.fresh_code(),
            "member_id": f"of-{store}",
            "context": {"store_id": store},
        }
        told[store] = service.post("/v1/scans", body, app).json()["outcome"]
    assert told == {"s-1": "refused", "s-2": "rewarded"}
    assert lister.remove(entry).status_code == 204


def test_a_range_of_a_batch_is_blocked_and_the_rest_of_it_is_not(
    lister: Lister,
) -> None:
    service = lister.service
    batch = service.issue(100)
    codes = service.codes(batch)
    number = batch["batch_id"]
    entry = lister.added("block", "code_range", f"{number}:10-19")
    outcomes = [service.scan(codes[n], f"r-{n}")["outcome"] for n in (9, 10, 19, 20)]
    assert outcomes == ["rewarded", "refused", "refused", "rewarded"]
    assert lister.remove(entry).status_code == 204
    for wrong in (f"{number}:10-100", f"{number}:9-8", "999999", "x", f"{number}:"):
        refused(lister.add("block", "code_range", wrong), 422, "invalid_input")


def test_override_stands_above_block_and_that_above_allow_and_that_above_rules(
    lister: Lister,
) -> None:
    service = lister.service
    before = lister.active
    version = lister.committed(rule("wait", effect="hold", score=0))
    assert lister.activate(version, before).status_code == 201

    def outcome() -> str:
        told: str = service.scan(service.fresh_code(), "m-ranked")["outcome"]
        return told

    assert outcome() == "held"
    added = []
    for name, expected in (
        ("shop", "held"),
        ("allow", "rewarded"),
        ("block", "refused"),
        ("override", "rewarded"),
    ):
        added.append(lister.added(name, "member", "m-ranked"))
        assert outcome() == expected, name
    for entry in added:
        assert lister.remove(entry).status_code == 204
    assert outcome() == "held"
    assert lister.roll_back(expected_active=version).status_code == 201


def test_rules_read_the_list_of_shops(lister: Lister) -> None:
    service = lister.service
    before = lister.active
    not_shop = {"fact": "shop_listed", "op": "==", "value": False}
    version = lister.committed(rule("no-shop", when=not_shop, score=100))
    assert lister.activate(version, before).status_code == 201
    entry = lister.added("shop", "member", "m-shop")
    code, other = service.fresh_code(), service.fresh_code()
    assert service.scan(code, "m-shop")["outcome"] == "rewarded"
    assert service.scan(other, "m-home")["outcome"] == "refused"
    assert lister.remove(entry).status_code == 204
    assert lister.roll_back(expected_active=version).status_code == 201


def test_an_entry_stands_once_and_is_listed_with_who_made_it(lister: Lister) -> None:
    entry = lister.added("allow", "store", "s-9", until="2198-01-01T00:00:00Z")
    refused(lister.add("allow", "store", "s-9"), 409, "already_exists")
    path = "/v1/lists/allow?kind=store&q=s-"
    [shown] = lister.service.get(path, lister.li).json()["items"]
    assert (shown["entry_id"], shown["value"], shown["created_by"]) == (
        *(entry, "s-9", "li"),
    )
    assert lister.service.get("/v1/lists/allow?q=t", lister.li).json()["items"] == []
    over = lister.add("allow", "store", "s-8", until="2020-01-01T00:00:00Z")
    refused(over, 422, "invalid_input")
    refused(lister.add("naughty", "store", "s-8"), 404, "not_found")
    assert lister.remove(entry).status_code == 204
    done = lister.service.query(
        "SELECT person, action FROM audit_log WHERE subject = %s ORDER BY audit_id",
        f"list_entry:{entry}",
    )
    assert done == [("li", "list.add"), ("li", "list.remove")]
