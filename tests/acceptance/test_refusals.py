"""A refusal of staff leaves a log line, a count and an audit row, and a flood few."""

import time
from typing import Any

import pytest

from tests.fixtures.service import Json, Service


def rows_of(service: Service, token: str, *, within_s: float = 60) -> list[Any]:
    """Give what the audit log says of refusals of a token, once it says anything."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = service.query(
            "SELECT person, role, subject, detail->>'reason', detail->>'seen'"
            " FROM audit_log WHERE action = 'request.refuse' AND token_id = %s"
            " ORDER BY audit_id",
            token.split("_")[2],
        )
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("never written down")


def test_a_token_in_use_after_it_was_revoked_is_told_with_its_person(
    service: Service,
) -> None:
    """Who still has it is who it was taken from."""
    token = service.staff_token("line", name="Left")
    service.cli("token", "revoke", token.split("_")[2])
    for _ in range(30):
        assert service.get("/v1/batches", token).status_code == 401
    rows = rows_of(service, token)
    assert rows[0] == ("Left", "line", "token", "token_revoked", "1")
    # Two workers count by themselves: the first and the tenth of each.
    assert len(rows) <= 4
    lines = [x for x in service.log().splitlines() if "token_revoked" in x]
    assert any(token.split("_")[2] in line for line in lines)
    assert 'crowncap_refused_staff_total{reason="token_revoked"}' in (
        service.get("/metrics").text
    )


def test_an_expired_token_and_one_that_nobody_has_are_told(service: Service) -> None:
    """What somebody made up is told without a name that they chose."""
    old = service.staff_token("issuer", name="Past")
    service.query("UPDATE staff_tokens SET expires_at = now() WHERE person = 'Past'")
    assert service.get("/v1/batches/1", old).status_code == 401
    assert rows_of(service, old)[0][3] == "token_expired"
    made_up = service.issuer[:-1] + "-"
    assert service.get("/v1/batches/1", made_up).status_code == 401
    deadline = time.monotonic() + 60
    while not service.query(
        "SELECT 1 FROM audit_log WHERE action = 'request.refuse' AND person = 'unknown'"
        " AND token_id IS NULL AND detail->>'reason' = 'token_unknown'"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/recalls/1/approvals", {}),
        ("/v1/batches/999/voids", {"reason": "r", "from_index": 0}),
    ],
)
def test_what_a_role_may_not_do_is_told_with_its_route(
    service: Service, path: str, body: Json
) -> None:
    """One row for a route, whatever number it names."""
    token = service.staff_token("cashier", name=f"Curious {path}")
    assert service.post(path, body, token).status_code == 403
    [(person, role, subject, reason, seen)] = rows_of(service, token)
    assert (person, role, seen) == (f"Curious {path}", "cashier", "1")
    assert subject.startswith("POST /v1/")
    assert "_id}" in subject
    assert reason == "forbidden"
