"""Products, batches and changes of codes over HTTP: what is allowed, to whom."""

import json
from typing import Any

import httpx
import pytest

from core.clock import utc_datetime
from crowncap.demo import CAMPAIGN, GTIN
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import CLOCK, Json, Service

NEW_GTIN = "06901234567014"


def refused(answer: httpx.Response, status: int, code: str = "") -> Json:
    """Check that an answer is a problem of this status and code, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: Json = answer.json()
    codes = {body["code"], *(error["code"] for error in body["errors"])}
    assert not code or code in codes, body
    return body


def path_of(batch: Json, rest: str = "") -> str:
    """Word a batch's address."""
    return f"/v1/batches/{batch['batch_id']}{rest}"


def test_an_order_becomes_a_batch_that_says_all_it_was_given(service: Service) -> None:
    """What was ordered stands in the answer and is read back the same."""
    order = {
        "quantity": 100,
        "gtin": GTIN[1:],
        "campaign_id": CAMPAIGN,
        "placement": "inside",
        "units": [{"name": "roll-1", "from_index": 0, "to_index": 49}],
        "lot": "L-1",
        "produced_on": "2026-05-01",
        "sale_regions": ["CN-31", "CN"],
        "line": "line-1",
        "link_base": "HTTPS://CAP.CN",
        "link_form": "gs1",
    }
    answer = service.post("/v1/batches", order, service.issuer)
    assert answer.status_code == 201
    batch = answer.json()
    assert {name: batch[name] for name in order} == order | {"gtin": GTIN}
    assert batch["state"] == "issued"
    assert batch["counts"]["issued"] == 100
    assert service.get(path_of(batch), service.issuer).json() == batch


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({"quantity": 0}, "/quantity"),
        ({"quantity": -1}, "/quantity"),
        ({"quantity": 1_000_000_001}, "/quantity"),
        ({"quantity": 1.5}, "/quantity"),
        ({}, "/quantity"),
        ({"quantity": 1, "gtin": "06901234567893"}, "/gtin"),
        ({"quantity": 1, "gtin": "123"}, "/gtin"),
        ({"quantity": 1, "gtin": "04006381333931"}, "/gtin"),
        ({"quantity": 1, "campaign_id": "none such"}, "/campaign_id"),
        ({"quantity": 1, "link_form": "gs1"}, "/gtin"),
        ({"quantity": 1, "link_base": "CAP.CN"}, "/link_base"),
        ({"quantity": 1, "link_base": "https://x.cn/a/b?x=1"}, "/link_base"),
        ({"quantity": 1, "placement": "moon"}, "/placement"),
        ({"quantity": 1, "sale_regions": ["China"]}, "/sale_regions"),
        ({"quantity": 1, "produced_on": "yesterday"}, "/produced_on"),
        ({"quantity": 1, "units": [{"name": "", "from_index": 0}]}, "/units"),
        (
            {"quantity": 9, "units": [{"name": "a", "from_index": 0, "to_index": 9}]},
            "/units/0",
        ),
        (
            {
                "quantity": 9,
                "units": [
                    {"name": "a", "from_index": 0, "to_index": 4},
                    {"name": "b", "from_index": 4, "to_index": 8},
                ],
            },
            "/units/1",
        ),
    ],
)
def test_a_wrong_order_names_its_field_and_issues_nothing(
    service: Service, order: Json, pointer: str
) -> None:
    """422 with a pointer, and the epoch is where it was."""
    before = service.query("SELECT next_serial FROM epochs")
    body = refused(service.post("/v1/batches", order, service.issuer), 422)
    pointers = [error["pointer"] for error in body["errors"]]
    assert any(p.startswith(pointer) for p in pointers), body
    assert service.query("SELECT next_serial FROM epochs") == before


def test_a_product_is_added_once_under_a_sound_gtin(service: Service) -> None:
    """13 digits are kept as 14; a wrong check digit and a second time are refused."""
    product = {"gtin": NEW_GTIN[1:], "name": "Kefir", "brand": "Demo Dairy"}
    answer = service.post("/v1/products", product, service.issuer)
    assert answer.status_code == 201
    assert answer.json()["gtin"] == NEW_GTIN
    again = service.post("/v1/products", product, service.issuer)
    refused(again, 409, "already_exists")
    wrong = product | {"gtin": NEW_GTIN[:-1] + "5"}
    refused(service.post("/v1/products", wrong, service.issuer), 422, "invalid_gtin")


def test_activation_binds_by_unit_index_and_code(service: Service) -> None:
    """What the activation leaves out comes from the batch; the rest is its own."""
    units = [{"name": "roll", "from_index": 0, "to_index": 3}]
    batch = service.issue(12, activate=False, units=units, lot="FROM-BATCH")
    done = service.change(batch, "activations", unit="roll", lot="OWN", plant="P1")
    assert (done["changed"], done["unchanged"]) == (4, 0)
    service.change(batch, "activations", from_index=4, to_index=7)
    codes = service.codes(batch, 8, 9)
    service.change(batch, "activations", codes=[codes[0].lower(), codes[1]])
    counts = service.get(path_of(batch), service.issuer).json()["counts"]
    assert counts == {"issued": 2, "activated": 10, "void": 0, "recalled": 0}
    rows = service.query(
        "SELECT lot, plant, sum(last_code_id - first_code_id + 1)::int FROM ranges"
        " WHERE batch_id = %s AND state = 'activated' GROUP BY 1, 2 ORDER BY 1",
        batch["batch_id"],
    )
    assert rows == [("FROM-BATCH", None, 6), ("OWN", "P1", 4)]


def test_doing_it_again_changes_nothing_and_otherwise_is_a_conflict(
    service: Service,
) -> None:
    """A second activation is unchanged; with another lot it is 409, none is done."""
    batch = service.issue(10, activate=False)
    service.change(batch, "activations", from_index=0, to_index=4, lot="A")
    again = service.change(batch, "activations", from_index=0, to_index=4, lot="A")
    assert (again["changed"], again["unchanged"]) == (0, 5)
    other = {"from_index": 0, "to_index": 9, "lot": "B"}
    answer = service.post(path_of(batch, "/activations"), other, service.issuer)
    refused(answer, 409, "activated_otherwise")
    assert service.get(path_of(batch), service.issuer).json()["counts"]["issued"] == 5


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        ({"from_index": 0, "to_index": 10}, "out_of_range"),
        ({"from_index": 5, "to_index": 4}, "out_of_range"),
        ({"from_index": -1}, "out_of_range"),
        ({"unit": "no such roll"}, "unknown_unit"),
        ({"unit": "a", "from_index": 1}, "invalid_input"),
        ({"codes": []}, "out_of_range"),
        ({"codes": ["0" * 16]}, "invalid_code"),
    ],
)
def test_a_wrong_selection_is_refused(
    service: Service, selection: Json, code: str
) -> None:
    """For activations and voids alike."""
    batch = service.issue(10, activate=False)
    for kind in ("activations", "voids"):
        body = selection | ({"reason": "torn"} if kind == "voids" else {})
        answer = service.post(path_of(batch, f"/{kind}"), body, service.issuer)
        refused(answer, 422, code)
    other = service.codes(service.issue(1))
    answer = service.post(
        path_of(batch, "/activations"), {"codes": other}, service.issuer
    )
    refused(answer, 422, "other_batch")


def test_voids_are_final_and_need_a_reason(service: Service) -> None:
    """A void code is never active again."""
    batch = service.issue(4, activate=False)
    refused(service.post(path_of(batch, "/voids"), {}, service.issuer), 422)
    service.change(batch, "voids", from_index=0, to_index=0)
    service.change(batch, "voids", codes=service.codes(batch, 1, 1))
    done = service.change(batch, "activations")
    assert done["unchanged"] >= 1
    for code in service.codes(batch, 0, 1):
        assert service.scan(code, "hopeful")["outcome"] == "not_active"
    counts = service.get(path_of(batch), service.issuer).json()["counts"]
    assert counts["void"] == 2


def test_a_recall_takes_two_persons(service: Service) -> None:
    """Nothing happens until somebody else approves, and then once."""
    lot = f"LOT-{fresh_address()}"
    first, second = service.issue(2, lot=lot), service.issue(2, lot=lot)
    wish = {"lot": lot, "reason": "glass", "instructions": "Bring it back."}
    asked = service.post("/v1/recalls", wish, service.issuer)
    assert asked.status_code == 201
    assert asked.json()["state"] == "requested"
    approve = f"/v1/recalls/{asked.json()['recall_id']}/approvals"
    refused(service.post(approve, None, service.issuer), 409, "second_person_needed")
    same_person = service.staff_token("issuer", name="the-issuer")
    refused(service.post(approve, None, same_person), 409, "second_person_needed")
    [code, _] = service.codes(first)
    assert service.scan(code)["outcome"] == "verified"
    approved = service.post(approve, None, service.staff("admin"))
    assert approved.status_code == 201
    assert approved.json()["changed"] == 4
    for batch in (first, second):
        for code in service.codes(batch):
            assert service.scan(code)["message"] == "Bring it back."
    refused(service.post(approve, None, service.staff("admin")), 409)
    refused(service.post("/v1/recalls/999999/approvals", None, service.issuer), 404)
    nothing = {"reason": "r", "instructions": "i"}
    refused(service.post("/v1/recalls", nothing, service.issuer), 422, "one_needed")
    unknown = nothing | {"lot": "no such lot"}
    refused(service.post("/v1/recalls", unknown, service.issuer), 422, "unknown_lot")


BOTH = {"issuer", "line"}
ROUTES: list[tuple[str, str, Json | None, set[str]]] = [
    ("POST", "/v1/products", {"gtin": "1", "name": "n", "brand": "b"}, {"issuer"}),
    ("POST", "/v1/batches", {"quantity": 0}, {"issuer"}),
    ("POST", "/v1/batches/1/activations", {"unit": "none"}, {"issuer", "line"}),
    ("GET", "/v1/batches/999999/activations", None, {"issuer", "line"}),
    (
        "POST",
        "/v1/activations/999999/moves",
        {"effective_at": "2030-01-01"},
        {"issuer", "line"},
    ),
    ("POST", "/v1/batches/1/voids", {"unit": "x", "reason": "r"}, {"issuer", "line"}),
    ("POST", "/v1/recalls", {"reason": "r", "instructions": "i"}, {"issuer"}),
    ("GET", "/v1/recalls/999999", None, {"issuer", "line"}),
    ("POST", "/v1/recalls/999999/approvals", None, {"issuer"}),
    ("POST", "/v1/void-requests", {"batch_id": 999999, "reason": "r"}, BOTH),
    ("GET", "/v1/void-requests/999999", None, {"issuer", "line"}),
    ("POST", "/v1/void-requests/999999/approvals", None, {"issuer"}),
]


@pytest.mark.parametrize(("method", "path", "body", "allowed"), ROUTES)
def test_a_route_is_for_its_roles_only(
    service: Service, method: str, path: str, body: Any, allowed: set[str]
) -> None:
    """Nobody and members are 401, other roles 403; the right ones get past that."""
    for token in (None, service.member_token("curious")):
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        answer = service.http.request(method, path, json=body, headers=headers)
        refused(answer, 401, "unauthenticated")
    for role in ("issuer", "line", "app", "cashier", "admin"):
        headers = {"authorization": f"Bearer {service.staff(role)}"}
        answer = service.http.request(method, path, json=body, headers=headers)
        if role in allowed or role == "admin":
            assert answer.status_code in {404, 409, 422}, (role, answer.text)
        else:
            refused(answer, 403, "forbidden")


def test_every_staff_action_is_audited_with_its_person(service: Service) -> None:
    """Who did what to which batch, with the request's id."""
    batch = service.issue(2)
    service.change(batch, "voids", from_index=0, to_index=0)
    rows = service.query(
        "SELECT action, person, role, token_id IS NOT NULL, request_id IS NOT NULL"
        " FROM audit_log WHERE subject = %s ORDER BY audit_id",
        f"batch:{batch['batch_id']}",
    )
    who = ("the-issuer", "issuer", True, True)
    assert rows == [
        (action, *who) for action in ("batch.issue", "batch.activate", "batch.void")
    ]


def test_the_command_line_speaks_of_the_same_batches(service: Service) -> None:
    """Issue, activate, void and recall print JSON, and a wrong one says why."""
    issued = json.loads(service.cli("batch", "issue", "--quantity", "5"))
    assert issued["state"] == "issued"
    number = str(issued["batch_id"])
    assert json.loads(service.cli("batch", "activate", number))["changed"] == 5
    ends = ("--from-index", "1", "--to-index", "2")
    assert json.loads(service.cli("batch", "void", number, *ends))["changed"] == 2
    assert json.loads(service.cli("batch", "recall", number))["changed"] == 3
    shown = service.get(path_of(issued), service.issuer).json()
    assert shown["counts"] == {"issued": 0, "activated": 0, "void": 2, "recalled": 3}
    assert json.loads(service.cli("batch", "show", number)) == shown
    after = str(issued["batch_id"] + 1)
    [listed] = json.loads(
        service.cli("batch", "list", "--before", after, "--limit", "1")
    )
    assert (listed["batch_id"], listed["counts"]) == (
        issued["batch_id"],
        {"void": 2, "recalled": 3},
    )
    products = json.loads(service.cli("product", "list"))
    assert GTIN in [each["gtin"] for each in products]
    for wrong in (
        ("batch", "issue", "--quantity", "0"),
        ("batch", "issue", "--quantity", "1", "--gtin", "123"),
        ("batch", "activate", "999999"),
        ("batch", "void", number, "--from-index", "9"),
    ):
        done = service.run(*wrong)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()


def test_issue_times_are_utc_and_recent(service: Service) -> None:
    """RFC 3339, with a Z."""
    issued_at = service.issue(1)["issued_at"]
    assert issued_at.endswith("Z")
    assert issued_at[:10] == utc_datetime(CLOCK.now_ms()).isoformat()[:10]
