"""What a scan's caller may send: bodies, callers, apps; and reading scans back."""

from typing import Any

import httpx
import pytest

from core.clock import utc_datetime
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import CLOCK, Service

JSON = {"content-type": "application/json"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an answer is an RFC 9457 problem, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail", "errors"} <= body.keys()
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["status"] == status
    for error in body["errors"]:
        assert {"pointer", "code", "detail"} <= error.keys()
    return body


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b'{"code": "' + b"x" * 257 + b'"}', 422, "/code"),
        (b'{"code": 7}', 422, "/code"),
        (b"{}", 422, "/code"),
        (b"[]", 422, ""),
        (b'{"code": "x", "position": {"lat": 91, "lon": 0}}', 422, "/position/lat"),
        (b'{"code": "x", "device_id": ""}', 422, "/device_id"),
        (b"{", 400, None),
        (b"", 400, None),
        (b'{"code": "\xff"}', 400, None),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_the_field(
    service: Service, body: bytes, status: int, pointer: str | None
) -> None:
    """What cannot be read is 400; what can, but is wrong, is 422 with a pointer."""
    answer = service.http.post("/v1/scans", content=body, headers=JSON)
    errors = problem(answer, status)["errors"]
    expected = [] if pointer is None else [pointer]
    assert [error["pointer"] for error in errors] == expected


def test_unknown_fields_are_ignored(service: Service) -> None:
    """A newer client may say more than we understand."""
    answer = service.scan(service.fresh_code(), "future-fan", colour="blue")
    assert answer["outcome"] == "rewarded"


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_read(service: Service, media: str) -> None:
    """Another content type is 415."""
    answer = service.http.post(
        "/v1/scans", content=b'{"code": "x"}', headers={"content-type": media}
    )
    assert problem(answer, 415)["code"] == "unsupported_media_type"


def test_a_big_body_is_refused_with_or_without_its_length(service: Service) -> None:
    """8 KiB is the end, also for chunks whose sum nobody announced."""
    big = b'{"code": "x", "more": "' + b"y" * 9_000 + b'"}'
    answer = service.http.post("/v1/scans", content=big, headers=JSON)
    assert problem(answer, 413)["code"] == "too_large"
    chunks = (big[at : at + 1_000] for at in range(0, len(big), 1_000))
    answer = service.http.post("/v1/scans", content=chunks, headers=JSON)
    assert problem(answer, 413)["code"] == "too_large"


@pytest.mark.parametrize(
    "authorization",
    ["Basic abc", "Bearer", "Bearer not.a.token", "Bearer crowncap_staff_x"],
)
def test_a_bad_token_is_401_and_never_taken_for_nobody(
    service: Service, authorization: str
) -> None:
    """Who tries to be somebody is not served as an anonymous caller."""
    answer = service.http.post(
        "/v1/scans",
        json={"code": service.fresh_code()},
        headers={"authorization": authorization},
    )
    assert problem(answer, 401)["code"] == "unauthenticated"


def test_every_answer_carries_a_request_id(service: Service) -> None:
    """The caller's own id is kept when it is sane, and replaced when it is not."""
    ours = "trace-0123456789"
    body = {"code": service.fresh_code()}
    for path, method in (("/v1/scans", "POST"), ("/health/live", "GET")):
        answer = service.http.request(
            method, path, json=body, headers={"x-request-id": ours}
        )
        assert answer.headers["x-request-id"] == ours
        answer = service.http.request(
            method, path, json=body, headers={"x-request-id": "no\tgood;id"}
        )
        assert 8 <= len(answer.headers["x-request-id"]) <= 64
        assert "good" not in answer.headers["x-request-id"]


def test_unknown_routes_and_methods_are_problems_too(service: Service) -> None:
    """Nothing but RFC 9457 leaves the service when something is wrong."""
    problem(service.get("/v1/nothing"), 404)
    problem(service.http.delete("/v1/me/wallet"), 405)
    for method in ("GET", "PUT", "DELETE"):
        body = {"code": service.fresh_code()}
        problem(service.http.request(method, "/v1/scans", json=body), 405)


# An app's backend ---------------------------------------------------------------------


def test_an_apps_backend_scans_for_a_member_with_context(service: Service) -> None:
    """member_id, the phone's address and the context are believed from `app`."""
    code, address = service.fresh_code(), fresh_address()
    scanned_at = utc_datetime(CLOCK.now_ms()).isoformat()
    context = {"ip": address, "entry": "camera", "scanned_at": scanned_at}
    answer = service.post(
        "/v1/scans",
        {"code": code, "member_id": "wx-alice", "context": context},
        service.staff("app"),
    ).json()
    assert answer["outcome"] == "rewarded"
    [(kept,)] = service.query(
        "SELECT host(network) FROM scan_traces WHERE scan_id = %s",
        int(answer["scan_id"]),
    )
    assert kept == address
    assert service.scan(code, "wx-alice")["by_you"] is True


def test_an_app_without_a_member_only_verifies(service: Service) -> None:
    """A backend is not a consumer."""
    body = {"code": service.fresh_code()}
    answer = service.post("/v1/scans", body, service.staff("app"))
    assert answer.json()["outcome"] == "verified"


@pytest.mark.parametrize("caller", ["nobody", "member", "issuer"])
def test_member_id_and_context_are_believed_from_an_app_only(
    service: Service, caller: str
) -> None:
    """Nobody scans in another member's name or from an address of their choice."""
    code = service.fresh_code()
    victim, spoofed = f"victim-of-{caller}", fresh_address()
    tokens = {
        "nobody": None,
        "member": service.member_token("spoofer"),
        "issuer": service.issuer,
    }
    body = {"code": code, "member_id": victim, "context": {"ip": spoofed}}
    answer = service.post("/v1/scans", body, tokens[caller]).json()
    assert answer["outcome"] == ("rewarded" if caller == "member" else "verified")
    wallet = service.get("/v1/me/wallet", service.member_token(victim)).json()
    assert wallet["points"]["available"] == 0
    [(kept,)] = service.query(
        "SELECT host(network) FROM scan_traces WHERE scan_id = %s",
        int(answer["scan_id"]),
    )
    assert kept != spoofed


# Reading back -------------------------------------------------------------------------


def test_a_scan_is_shown_to_its_member_only(service: Service) -> None:
    """Others are told that there is no such scan among theirs."""
    answer = service.scan(service.fresh_code(), "reader")
    path = f"/v1/scans/{answer['scan_id']}"
    shown = service.get(path, service.member_token("reader")).json()
    assert shown["scan_id"] == answer["scan_id"]
    assert shown["outcome"] == "rewarded"
    assert shown["rewards"] == answer["rewards"]
    for token in (service.member_token("stranger"), service.issuer):
        problem(service.get(path, token), 404)
    problem(service.get(path), 401)
    assert service.get(path, service.staff("support")).status_code == 200
    problem(service.get("/v1/scans/123", service.member_token("reader")), 404)
    problem(service.get("/v1/scans/x1", service.member_token("reader")), 422)
    problem(service.get(f"/v1/scans/{1 << 70}", service.member_token("reader")), 422)


def test_a_members_scans_are_paged_newest_first(service: Service) -> None:
    """Every scan appears once, over as many pages as it takes."""
    codes = [service.fresh_code() for _ in range(5)]
    made = [service.scan(code, "collector")["scan_id"] for code in codes]
    token = service.member_token("collector")
    found: list[str] = []
    cursor = ""
    while True:
        page = service.get(f"/v1/me/scans?limit=2{cursor}", token).json()
        found += [item["scan_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made[::-1]
    for wrong in ("limit=0", "limit=201", "limit=x", "cursor=x"):
        problem(service.get(f"/v1/me/scans?{wrong}", token), 422)


def test_a_wallet_is_a_members(service: Service) -> None:
    """A member who has done nothing has an empty one; staff have none."""
    wallet = service.get("/v1/me/wallet", service.member_token("newcomer")).json()
    assert wallet == {
        "member_id": "newcomer",
        "points": {"available": 0, "pending": 0, "debt": 0, "next_expiry": None},
        "tier": None,
        "coupons": [],
        "tickets": [],
        "cards": [],
    }
    for token in (None, service.issuer):
        problem(service.get("/v1/me/wallet", token), 401)
        problem(service.get("/v1/me/scans", token), 401)
