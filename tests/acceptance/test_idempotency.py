"""Idempotency keys over HTTP: same key and body, same answer; and once only."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Json, Service

COPIES = 50


def key() -> str:
    """Make up a key."""
    return f"key-{fresh_address()}"


def at_once(service: Service, send: Json, count: int = COPIES) -> list[httpx.Response]:
    """Send one request many times at once, each over a connection of its own."""
    limits = httpx.Limits(max_connections=count)
    with (
        service.client(timeout=60, limits=limits) as client,
        ThreadPoolExecutor(count) as pool,
    ):
        return list(pool.map(lambda _: client.request("POST", **send), range(count)))


def headers(token: str, idempotency_key: str) -> dict[str, str]:
    """Word the headers of a keyed request."""
    return {"authorization": f"Bearer {token}", "idempotency-key": idempotency_key}


def test_the_same_key_and_body_replay_the_same_bytes(service: Service) -> None:
    """The replay says so, and no second scan is written."""
    sent = headers(service.member_token("replayer"), key())
    body = {"code": service.fresh_code()}
    first = service.http.post("/v1/scans", json=body, headers=sent)
    again = service.http.post("/v1/scans", json=body, headers=sent)
    assert first.json()["outcome"] == "rewarded"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content


def test_a_replayed_refusal_stays_refused(service: Service) -> None:
    """What was not active stays so under its key, though it is active by now."""
    batch = service.issue(1, activate=False)
    [code] = service.codes(batch)
    sent = headers(service.member_token("too-early"), key())
    first = service.http.post("/v1/scans", json={"code": code}, headers=sent)
    assert first.json()["outcome"] == "not_active"
    service.change(batch, "activations")
    again = service.http.post("/v1/scans", json={"code": code}, headers=sent)
    assert again.content == first.content
    assert service.scan(code, "too-early")["outcome"] == "rewarded"


def test_another_body_under_a_used_key_is_an_error(service: Service) -> None:
    """The key is not taken over, and the other code stays unclaimed."""
    sent = headers(service.member_token("changer"), key())
    code, other = service.fresh_code(), service.fresh_code()
    service.http.post("/v1/scans", json={"code": code}, headers=sent)
    reused = service.http.post("/v1/scans", json={"code": other}, headers=sent)
    assert reused.status_code == 422
    assert reused.json()["code"] == "idempotency_key_reused"
    assert service.scan(other, "somebody")["outcome"] == "rewarded"


@pytest.mark.parametrize("caller", ["member", "app for a member", "app for nobody"])
def test_fifty_copies_at_once_get_one_answer(service: Service, caller: str) -> None:
    """Whatever worker they reach, one scan is written and all read its answer."""
    code = service.fresh_code()
    body: dict[str, Any] = {"code": code}
    token = service.member_token("hasty")
    if caller != "member":
        token = service.staff("app")
    if caller == "app for a member":
        body["member_id"] = "hasty-in-app"
    send = {"url": "/v1/scans", "json": body, "headers": headers(token, key())}
    answers = at_once(service, send)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    replayed = [a for a in answers if "idempotency-replayed" in a.headers]
    assert len(replayed) == COPIES - 1
    scan_id = int(answers[0].json()["scan_id"])
    rows = service.query(
        "SELECT scan_id FROM scans WHERE code_id ="
        " (SELECT code_id FROM scans WHERE scan_id = %s)",
        scan_id,
    )
    assert rows == [(scan_id,)]


def test_keys_belong_to_their_caller(service: Service) -> None:
    """Two members may use the same key, and neither reads the other's answer."""
    shared = key()
    for who in ("first-owner", "second-owner"):
        body = {"code": service.fresh_code()}
        sent = headers(service.member_token(who), shared)
        answer = service.http.post("/v1/scans", json=body, headers=sent)
        assert answer.json()["outcome"] == "rewarded"
        assert "idempotency-replayed" not in answer.headers


def test_keys_of_nobody_are_ignored(service: Service) -> None:
    """There is no caller whom a key could belong to."""
    shared = {"idempotency-key": key()}
    for count in (1, 2):
        body = {"code": service.fresh_code()}
        answer = service.http.post("/v1/scans", json=body, headers=shared)
        assert answer.json()["outcome"] == "verified", count


def test_an_invalid_code_is_never_recorded(service: Service) -> None:
    """The key stays free for the code that was meant."""
    sent = headers(service.member_token("clumsy"), key())
    wrong = service.http.post("/v1/scans", json={"code": "0" * 16}, headers=sent)
    assert wrong.json()["outcome"] == "invalid"
    code = service.fresh_code()
    right = service.http.post("/v1/scans", json={"code": code}, headers=sent)
    assert right.json()["outcome"] == "rewarded"


@pytest.mark.parametrize("wrong", ["", "x" * 65, "tab\there"])
def test_a_key_is_1_to_64_printable_characters(service: Service, wrong: str) -> None:
    """A key that could not be kept is refused, and nothing is claimed."""
    sent = headers(service.member_token("odd-key"), wrong)
    code = service.fresh_code()
    answer = service.http.post("/v1/scans", json={"code": code}, headers=sent)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_idempotency_key"
    assert service.scan(code, "odd-key")["outcome"] == "rewarded"


# Staff --------------------------------------------------------------------------------


def test_a_batch_is_issued_once_for_each_key(service: Service) -> None:
    """A lost answer of POST /v1/batches costs no serials."""
    sent, body = headers(service.issuer, key()), {"quantity": 7}
    first = service.http.post("/v1/batches", json=body, headers=sent)
    again = service.http.post("/v1/batches", json=body, headers=sent)
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other = service.http.post("/v1/batches", json={"quantity": 8}, headers=sent)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


def test_copies_of_an_order_at_once_issue_one_batch(service: Service) -> None:
    """The copies wait for the one that works, and read its answer."""
    sent = headers(service.issuer, key())
    send = {"url": "/v1/batches", "json": {"quantity": 9}, "headers": sent}
    answers = at_once(service, send, 12)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


def test_changes_of_a_batch_are_done_once_for_each_key(service: Service) -> None:
    """Activations, voids and recalls replay what they did, each path for itself."""
    batch, used = service.issue(10, activate=False), key()
    sent = headers(service.issuer, used)
    root = f"/v1/batches/{batch['batch_id']}"
    for path, body in (
        (f"{root}/activations", {"from_index": 0, "to_index": 4}),
        (f"{root}/voids", {"from_index": 2, "to_index": 2, "reason": "torn"}),
        ("/v1/recalls", _recall(batch)),
        ("/v1/products", {"gtin": "40063813", "name": "Yogurt", "brand": "B"}),
    ):
        first = service.http.post(path, json=body, headers=sent)
        again = service.http.post(path, json=body, headers=sent)
        assert first.status_code in {201, 422}, first.text
        if first.status_code == 201:
            assert "idempotency-replayed" not in first.headers
            assert again.content == first.content
            assert again.headers["idempotency-replayed"] == "true"


def test_what_failed_is_not_recorded(service: Service) -> None:
    """An order that was refused may be mended and sent again under its key."""
    sent = headers(service.issuer, key())
    wrong = service.http.post("/v1/batches", json={"quantity": 0}, headers=sent)
    assert wrong.status_code == 422
    right = service.http.post("/v1/batches", json={"quantity": 1}, headers=sent)
    assert right.status_code == 201


def _recall(batch: Json) -> Json:
    return {
        "batch_id": batch["batch_id"],
        "reason": "glass",
        "instructions": "Bring it back.",
    }
