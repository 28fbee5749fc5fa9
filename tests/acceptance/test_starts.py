"""When activations begin: told on both clocks, listed, and moved while to come."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.cartons import Warehouse, accepted
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Json, Service

NEW_YEAR = {"local": "2199-01-01T00:00:00+08:00", "utc": "2198-12-31T16:00:00Z"}


def to_come(service: Service, quantity: int = 4, **order: Any) -> tuple[Json, Json]:
    """Activate a batch from New Year 2199 on; gives it, and what was answered."""
    batch = service.issue(quantity, activate=False, **order)
    return batch, service.change(batch, "activations", effective_at="2199-01-01")


def moves_of(activation: Json) -> str:
    """Word the address that moves a start."""
    return f"/v1/activations/{activation['activation_id']}/moves"


def skipped(answer: Json) -> dict[str, int]:
    """Give the quantities that a change left, by their reason."""
    assert all(each["detail"].endswith(".") for each in answer["skipped"])
    return {each["reason"]: each["quantity"] for each in answer["skipped"]}


def test_a_start_that_was_set_wrongly_is_moved(service: Service) -> None:
    """Every worker obeys at once, as it does after any change; it is audited."""
    batch, activation = to_come(service)
    assert activation["effective_at"] == NEW_YEAR
    codes = service.codes(batch)
    assert service.scan(codes[0])["outcome"] == "not_active"
    later = service.post(
        moves_of(activation), {"effective_at": "2199-02-01T08:00:00Z"}, service.issuer
    )
    assert accepted(later)["was"] == NEW_YEAR
    assert service.scan(codes[0])["outcome"] == "not_active"
    service.change(batch, "voids", codes=codes[3:])
    moved = accepted(
        service.post(
            moves_of(activation), {"effective_at": "2026-05-01"}, service.issuer
        )
    )
    assert moved["changed"] == 3
    assert moved["effective_at"]["local"] == "2026-05-01T00:00:00+08:00"
    with ThreadPoolExecutor(6) as pool:
        outcomes = pool.map(lambda code: service.scan(code)["outcome"], codes[:3] * 4)
        assert set(outcomes) == {"verified"}
    assert service.scan(codes[3])["outcome"] == "not_active"
    begun = {"effective_at": "2199-01-01"}
    refused(
        service.post(moves_of(activation), begun, service.issuer), 409, "already_begun"
    )
    [(person, detail)] = service.query(
        "SELECT person, detail FROM audit_log WHERE action = 'activation.move'"
        " AND subject = %s AND detail->>'changed' = '3'",
        f"batch:{batch['batch_id']}",
    )
    assert person == "the-issuer"
    assert detail["effective_at"] == "2026-04-30T16:00:00+00:00"


def test_activations_are_listed_with_what_is_left_of_them(service: Service) -> None:
    """Newest first, in pages, each with its start."""
    batch = service.issue(10, activate=False)
    path = path_of(batch, "/activations")
    first = service.change(batch, "activations", from_index=0, to_index=3)
    second = service.change(
        batch, "activations", from_index=4, effective_at="2199-01-01"
    )
    service.change(batch, "voids", from_index=4, to_index=5)
    page = service.get(f"{path}?limit=1", service.issuer).json()
    (item,) = page["items"]
    assert (item["activation_id"], item["changed"]) == (second["activation_id"], 6)
    assert (item["active"], item["effective_at"]) == (4, NEW_YEAR)
    rest = service.get(f"{path}?cursor={page['next_cursor']}", service.issuer).json()
    assert [each["activation_id"] for each in rest["items"]] == [first["activation_id"]]
    assert rest["items"][0]["effective_at"] is None
    service.change(batch, "voids", from_index=6, to_index=9)
    answer = service.post(
        moves_of(second), {"effective_at": "2030-01-01"}, service.issuer
    )
    refused(answer, 409, "nothing_to_move")


def test_a_start_is_moved_by_whoever_may_see_its_batch(service: Service) -> None:
    """To others it is not there; and no other change is a start."""
    batch, activation = to_come(service, line="line-1")
    body = {"effective_at": "2030-01-01"}
    for scope in ({"line": "line-2"}, {"brand": f"Brand {fresh_address()}"}):
        token = service.staff_token("line", **scope)
        refused(service.post(moves_of(activation), body, token), 404)
        if "line" in scope:
            refused(service.get(path_of(batch, "/activations"), token), 404)
    own = service.staff_token("line", line="line-1")
    refused(service.post(moves_of(activation), body, own), 403, "not_yours_to_change")
    assert accepted(service.post(moves_of(activation), body, service.issuer))["changed"]
    void = service.change(batch, "voids", from_index=0, to_index=0)
    other = moves_of({"activation_id": void["void_id"]})
    refused(service.post(other, body, service.issuer), 404)
    for wrong in ({}, {"effective_at": None}, {"effective_at": "soon"}):
        refused(service.post(moves_of(activation), wrong, service.issuer), 422)


def test_a_line_moves_what_its_own_key_activated(service: Service) -> None:
    """Not what an issuer or another key did: caps put off for a century are void."""
    batch = service.issue(4, activate=False)
    own, other = (service.staff_token("line", name=fresh_address()) for _ in range(2))
    path = path_of(batch, "/activations")
    mine = accepted(service.post(path, {"effective_at": "2199-01-01"}, own))
    body = {"effective_at": "2199-12-31"}
    refused(service.post(moves_of(mine), body, other), 403, "not_yours_to_change")
    assert accepted(service.post(moves_of(mine), body, own))["changed"] == 4


def test_a_change_of_nothing_says_why(service: Service) -> None:
    """By batch, by code and by carton; void and recalled caps stay so."""
    batch = service.issue(10, activate=False)
    service.change(batch, "voids", from_index=0, to_index=0)
    service.change(batch, "voids", codes=service.codes(batch, 1, 1))
    service.change(batch, "activations", from_index=2, to_index=3)
    done = service.change(batch, "activations", from_index=0, to_index=4)
    assert (done["changed"], done["unchanged"]) == (1, 4)
    assert skipped(done) == {"already_active": 2, "void": 2}
    again = service.change(batch, "voids", codes=service.codes(batch, 0, 2))
    assert (again["changed"], skipped(again)) == (1, {"void": 2})
    # What was voided one by one among active codes is void, and not active.
    part = {"from_index": 1, "to_index": 4}
    preview = path_of(batch, "/activations?preview=true")
    seen = service.post(preview, part, service.issuer).json()
    for told in (seen, service.change(batch, "activations", **part)):
        assert skipped(told) == {"already_active": 2, "void": 2}
    warehouse = Warehouse(service, service.staff("line"))
    warehouse.report(batch, "8,8,missing", activate="none")
    service.change(batch, "voids", codes=service.codes(batch, 9, 9))
    sscc = warehouse.carton(batch, 5, 9)
    path = f"/v1/logistic-units/{sscc}/activations"
    unit = accepted(warehouse.post(path, {"effective_at": "2199-01-01"}))
    assert unit["effective_at"] == NEW_YEAR
    assert skipped(unit) == {"not_activated": 1, "void": 1}
    reported = warehouse.report(batch, "5,6,printed", activate="2199-01-01")
    assert reported["effective_at"] == NEW_YEAR
    assert (reported["activated"], skipped(reported)) == (0, {"already_active": 2})


def test_the_command_line_says_days_by_the_brands_calendar(service: Service) -> None:
    """A campaign's last day counts whole; a token that is over is not made."""
    name = f"c-{fresh_address()}"
    days = ("--starts", "2199-01-01", "--ends", "2199-01-31")
    made = json.loads(
        service.cli("campaign", "add", name, "--name", "C", "--points", "1", *days)
    )
    assert made["starts"] == NEW_YEAR
    assert made["ends"]["local"] == "2199-02-01T00:00:00+08:00"
    over = service.run(
        *("token", "staff", "--role", "line", "--name", "Ann"),
        *("--expires", "2020-01-01"),
    )
    assert over.returncode == 2
    assert "open nothing" in over.stderr
    assert over.stdout == ""


@pytest.mark.parametrize("name", ["download_by", "activate_by"])
def test_a_deadline_that_is_a_day_ends_with_it(service: Service, name: str) -> None:
    """In the brand's calendar."""
    batch = service.issue(10, activate=False, gtin=GTIN)
    order = {"preset": "csv", "encryption": {"kind": "none"}, name: "2199-01-31"}
    package = accepted(service.post(path_of(batch, "/packages"), order, service.issuer))
    assert package[name] == "2199-01-31T16:00:00Z"
