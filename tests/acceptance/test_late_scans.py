"""Scans that an app kept while it was offline, over HTTP."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from core.auth.idempotency import hash_body
from core.clock import to_ms, utc_datetime
from core.ids import time_of_id
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import CLOCK, Service

HOUR_MS = 3_600_000


def sent(
    service: Service, ago_ms: int, code: str | None = None, **more: Any
) -> httpx.Response:
    """Let an app send a scan of some time ago."""
    at = utc_datetime(CLOCK.now_ms() - ago_ms)
    body = {
        "code": code or service.fresh_code(),
        "member_id": f"late-{fresh_address()}",
        "context": {"scanned_at": at.isoformat(), "ip": fresh_address()},
    }
    return service.post("/v1/scans", body | more, service.staff("app"))


def test_a_scan_of_three_days_ago_is_the_oldest_that_is_taken(service: Service) -> None:
    """What lies beyond, or ahead, is named by its place, and nothing is claimed."""
    code = service.fresh_code()
    for ago_ms, why in (
        (72 * HOUR_MS + 60_000, "scanned_too_late"),
        (-180_000, "scanned_in_future"),
    ):
        problem = refused(sent(service, ago_ms, code), 422, why)
        assert problem["errors"][0]["pointer"] == "/context/scanned_at"
    assert sent(service, 72 * HOUR_MS - 60_000).status_code == 200
    assert sent(service, -60_000, code).json()["outcome"] == "rewarded"


def test_an_answer_is_told_again_however_late_it_is_by_then(service: Service) -> None:
    """Whoever kept the key may ask until it is forgotten; others have no answer."""
    key = f"late-{fresh_address()}"
    at = utc_datetime(CLOCK.now_ms())
    body = {
        "code": service.fresh_code(),
        "member_id": key,
        "context": {"scanned_at": at.isoformat()},
    }
    first = service.post("/v1/scans", body, service.staff("app"), idempotency_key=key)
    assert first.json()["outcome"] == "rewarded"
    # As if it had been sent as late as it may be, and the answer had been lost.
    old = utc_datetime(CLOCK.now_ms() - 73 * HOUR_MS)
    body["context"] = {"scanned_at": old.isoformat()}
    sent_again = httpx.Request("POST", service.base_url, json=body).content
    service.query(
        "UPDATE idempotency_keys SET body_hash = %s WHERE response = %s",
        hash_body(sent_again),
        first.content,
    )
    again = service.post("/v1/scans", body, service.staff("app"), idempotency_key=key)
    assert (again.status_code, again.content) == (200, first.content)
    token = service.staff("app")
    other = service.post("/v1/scans", body, token, idempotency_key=f"{key}-2")
    refused(other, 422, "scanned_too_late")


def test_what_was_scanned_before_a_campaign_began_is_not_paid_by_it(
    service: Service,
) -> None:
    """But stays unclaimed; and `at` is when it arrived."""
    campaign = service.add_campaign(f"late-{fresh_address()}")
    first, second = service.codes(service.issue(2, campaign_id=campaign))
    assert sent(service, 2 * HOUR_MS, first).json()["outcome"] == "limit_reached"
    answer = sent(service, HOUR_MS // 2, second).json()
    assert answer["outcome"] == "rewarded"
    shown = service.get(f"/v1/scans/{answer['scan_id']}", service.staff("app")).json()
    arrived = time_of_id(int(answer["scan_id"]))
    assert to_ms(datetime.fromisoformat(shown["at"])) == arrived
    assert abs(arrived - CLOCK.now_ms()) < HOUR_MS // 4
    path = f"/v1/scans/{answer['scan_id']}/evaluation"
    explained = service.get(path, service.staff("analyst")).json()
    assert explained["at"] == shown["at"]
    judged = to_ms(datetime.fromisoformat(explained["judged_at"]))
    assert arrived - HOUR_MS < judged <= arrived - HOUR_MS // 2
    assert explained["equals_record"] is True


@pytest.mark.parametrize("caller", ["member", "nobody"])
def test_a_time_is_believed_from_an_app_only(service: Service, caller: str) -> None:
    """A consumer's phone says what it likes, which changes nothing."""
    campaign = service.add_campaign(f"late-{caller}")
    [code] = service.codes(service.issue(1, campaign_id=campaign))
    member = f"late-{caller}" if caller == "member" else None
    told = {"scanned_at": utc_datetime(CLOCK.now_ms() - 90 * HOUR_MS).isoformat()}
    answer = service.scan(code, member, context=told)
    assert answer["outcome"] == ("rewarded" if member else "verified")


def test_an_environment_is_one_of_six_words(service: Service) -> None:
    """Whatever else an app says is told to be none."""
    for told in ("normal", "virtual_location"):
        assert sent(service, 0, context={"environment": told}).status_code == 200
    answer = sent(service, 0, context={"environment": "toaster"})
    problem = refused(answer, 422, "invalid_input")
    assert problem["errors"][0]["pointer"] == "/context/environment"
