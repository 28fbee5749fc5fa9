"""Webhooks end to end: made over HTTP or in the console, sent by the jobs' process."""

import asyncio
import re

import httpx

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_events import read_all
from tests.fixtures.colleague import at_work, title_of
from tests.fixtures.processes import wait_for
from tests.fixtures.receiver import Heard, receiving
from tests.fixtures.service import Json, Service

HOOKS = "/v1/webhook-endpoints"


def add(service: Service, url: str, **headers: str) -> Json:
    """Add an endpoint for changes of batches."""
    body = {"url": url, "types": ["batch.changed"]}
    answer = service.post(HOOKS, body, service.staff("admin"), **headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_what_happens_reaches_a_stranger_as_it_is_read(service: Service) -> None:
    async with receiving() as receiver:
        made = await asyncio.to_thread(add, service, receiver.url)
        batch = await asyncio.to_thread(service.issue, 10)
        await receiver.hears(2)
        path = f"{HOOKS}/{made['endpoint_id']}"
        admin = service.staff("admin")
        rotated = await asyncio.to_thread(
            service.post, f"{path}/secret-rotations", {}, admin
        )
        await asyncio.to_thread(service.change, batch, "voids", from_index=0)
        heard = await receiver.hears(3)
        ended = await asyncio.to_thread(service.post, f"{path}/ends", {}, admin)
        listed = await asyncio.to_thread(service.get, f"{path}/deliveries", admin)
    assert ended.json() == {"endpoint_id": made["endpoint_id"], "state": "ended"}
    for secret in (made["secret"], rotated.json()["secret"]):
        heard[2].verify(secret)
    told = {each["event_id"]: each for each in read_all(service)}
    for each in heard:
        each.verify(made["secret"])
        assert told[each.event_id] == httpx.Response(200, content=each.body).json()
    ours = [told[each.event_id]["data"] for each in heard]
    assert [each["change"] for each in ours] == ["issue", "activate", "void"]
    states = [each["state"] for each in listed.json()["items"]]
    assert states[-2:] == ["delivered", "delivered"]


def test_a_secret_is_told_again_to_the_same_key_and_recorded_nowhere(
    service: Service,
) -> None:
    url = "http://127.0.0.1:9/again"
    first, again = (add(service, url, idempotency_key="hook-1") for _ in range(2))
    assert first == again
    secret = first["secret"].removeprefix("whsec_")
    [(kept,)] = service.query(
        "SELECT string_agg(convert_from(response, 'UTF8'), ' ') FROM idempotency_keys"
        " WHERE response IS NOT NULL"
    )
    assert secret not in kept
    listed = service.get(HOOKS, service.staff("admin")).text
    assert url in listed
    assert secret not in listed


def test_where_a_webhook_may_not_lead_is_said_at_once(service: Service) -> None:
    admin = service.staff("admin")
    for url, code in (
        ("https://10.0.0.1/", "private_address"),
        ("http://[::ffff:169.254.169.254]/latest", "private_address"),
        ("https://nobody.invalid/", "unknown_host"),
        ("file:///etc/passwd", "invalid"),
    ):
        body = {"url": url, "types": ["batch.changed"]}
        answer = service.post(HOOKS, body, admin)
        assert refused(answer, 422)["errors"][0]["code"] == code, url
    body = {"url": "http://127.0.0.1:9/", "types": ["batch.changed", "cap.opened"]}
    answer = service.post(HOOKS, body, admin)
    assert refused(answer, 422)["errors"][0]["pointer"] == "/types/1"


async def test_an_admin_sees_what_fails_and_sends_it_again(service: Service) -> None:
    """In the console, without a script: add, look, send again, end."""
    is_down = True

    async def answer(_heard: Heard) -> int:
        return 500 if is_down else 200

    def in_browser(url: str) -> str:
        with at_work(service, service.staff("admin")) as root:
            form = {"url": url, "type_batch.changed": "1"}
            shown = root.press("/console/webhooks", "/console/webhooks/add", **form)
            assert title_of(shown) == "Secret"
            assert "whsec_" in shown.text
            found = re.search(r'"(/console/webhooks/\d+)"', shown.text)
            assert found is not None
            return found[1]

    def send_again(place: str) -> None:
        with at_work(service, service.staff("admin")) as root:
            # How it went is noted a moment after it was heard.
            wait_for(lambda: "500" in root.get(f"{place}?state=waiting").text)
            page = root.get(f"{place}?state=waiting").text
            to = re.findall(r'action="([^"]*/deliveries/[^"]*)"', page)[-1]
            done = root.press(f"{place}?state=waiting", to)
            assert done.status_code == 200
            root.press(place, f"{place}/end")
            assert "ended" in root.get(place).text

    async with receiving(answer) as receiver:
        place = await asyncio.to_thread(in_browser, receiver.url)
        await asyncio.to_thread(service.issue, 1, activate=False)
        await receiver.hears(1)
        is_down = False
        await asyncio.to_thread(send_again, place)
