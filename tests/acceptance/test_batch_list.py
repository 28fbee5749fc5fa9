"""The list of batches over HTTP: paged, kept to a scope, filtered."""

from typing import Any

import pytest

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Json, Service


def listed(service: Service, token: str, **query: Any) -> Json:
    """List batches."""
    answer = service.http.get(
        "/v1/batches", params=query, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


def ids(page: Json) -> list[int]:
    """Name the batches of a page."""
    return [each["batch_id"] for each in page["items"]]


@pytest.fixture
def line(service: Service) -> str:
    """Name a line that no other test knows."""
    assert service
    return f"line-{fresh_address()}"


def test_pages_give_each_batch_once_newest_first(service: Service, line: str) -> None:
    """Also while more are issued in between; the pages end."""
    batches = [service.issue(3, activate=False, line=line) for _ in range(5)]
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = listed(service, service.issuer, line=line, limit=2, **cursor)
        seen += ids(page)
        service.issue(1, activate=False, line=line)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [each["batch_id"] for each in reversed(batches)]


def test_an_item_says_what_the_batch_says(service: Service, line: str) -> None:
    """All but its units, which may be a hundred thousand."""
    units = [{"name": "roll-1", "from_index": 0, "to_index": 4}]
    batch = service.issue(9, line=line, units=units)
    service.change(batch, "voids", codes=service.codes(batch, 0, 1))
    (item,) = listed(service, service.issuer, line=line)["items"]
    shown = service.get(path_of(batch), service.issuer).json()
    assert shown.pop("units") == units
    assert shown.pop("warnings") == []
    assert item == shown
    assert item["counts"] == {"issued": 0, "activated": 7, "void": 2, "recalled": 0}


def test_a_state_keeps_batches_with_codes_in_it(service: Service, line: str) -> None:
    """Single voids count as void, and no longer as what lies around them."""
    made, voided = (service.issue(2, activate=False, line=line) for _ in range(2))
    half, active = service.issue(2, line=line), service.issue(2, line=line)
    service.change(voided, "voids", codes=service.codes(voided))
    service.change(half, "voids", codes=service.codes(half, 0, 0))
    for state, batches in {
        "issued": [made],
        "activated": [active, half],
        "void": [half, voided],
        "recalled": [],
    }.items():
        found = ids(listed(service, service.issuer, line=line, state=state))
        assert found == [each["batch_id"] for each in batches], state


def test_a_product_is_named_by_any_form_of_its_gtin(
    service: Service, line: str
) -> None:
    """With 13 digits or 14; a wrong one is told, not an empty list."""
    batch = service.issue(1, activate=False, line=line)
    service.issue(1, activate=False, line=line, gtin=None)
    for gtin in (GTIN, GTIN[1:]):
        page = listed(service, service.issuer, line=line, gtin=gtin)
        assert ids(page) == [batch["batch_id"]]
    refused(service.get("/v1/batches?gtin=123", service.issuer), 422, "invalid_gtin")


def test_a_token_lists_what_it_may_look_at(service: Service, line: str) -> None:
    """Another brand's and another line's batches are left out; nobody's are not."""
    brand = f"brand-{fresh_address()}"
    rival = service.staff_token("issuer", name="rival", brand=brand)
    worker = service.staff_token("line", name="worker", line=line)
    theirs = service.post("/v1/batches", {"quantity": 1, "line": line}, rival).json()
    ours = service.issue(1, activate=False, line="elsewhere")
    nobodys = service.issue(1, activate=False, gtin=None)
    everything = {theirs["batch_id"], ours["batch_id"], nobodys["batch_id"]}
    for token, hidden in ((rival, ours), (worker, ours), (service.issuer, None)):
        found = everything & set(ids(listed(service, token, limit=100)))
        assert found == everything - ({hidden["batch_id"]} if hidden else set())
        for each in everything:
            status = service.get(f"/v1/batches/{each}", token).status_code
            assert (status == 200) == (each in found)


def test_a_list_reads_only_what_it_understands(service: Service) -> None:
    """Wrong cursors and states are told; roles without batches are turned away."""
    for wrong in ("cursor=x", "cursor=-1", "state=sold", "cursor=9" + "9" * 30):
        answer = service.get(f"/v1/batches?{wrong}", service.issuer)
        assert answer.status_code in {400, 422}, wrong
    assert ids(listed(service, service.issuer, cursor=0)) == []
    assert len(ids(listed(service, service.issuer, limit=1))) == 1
    refused(service.get("/v1/batches", service.staff("cashier")), 403, "forbidden")
