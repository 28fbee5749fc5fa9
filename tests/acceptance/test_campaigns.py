"""Campaigns over HTTP, with two workers: written, approved, paused, stopped."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

from tests.acceptance.test_batch_routes import refused
from tests.fixtures.load import Sent, scan
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import heading, hidden_fields, visiting

_numbers = count(1)
# How many are sent before a pause, and how many after its answer.
IN_FLIGHT, LATE = 1_000, 100
# However slow the machine, all that are sent at once are answered.
PATIENCE_S = 300
# What a slow Redis leaves to be looked at is paid as well.
PAID = frozenset({"rewarded", "held"})


class Marketing:
    """Two marketers, and a campaign of theirs."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.mona = service.staff("marketer")
        self.max = service.staff_token("marketer", name=f"max-{next(_numbers)}")
        self.campaign_id = f"campaign-{next(_numbers)}"
        self.path = f"/v1/campaigns/{self.campaign_id}"

    def write(self, **given: object) -> httpx.Response:
        """Write the campaign as Mona."""
        wish = body() | {"campaign_id": self.campaign_id}
        return self.service.post("/v1/campaigns", wish | given, self.mona)

    def do(
        self, what: str, given: Json, token: str = "", **headers: str
    ) -> httpx.Response:
        """Take a step, as Mona unless told otherwise."""
        path, token = f"{self.path}/{what}", token or self.mona
        return self.service.post(path, given, token, **headers)

    def activate(self, version: int = 1) -> None:
        """Let Max approve a version, and activate it."""
        assert self.do("approvals", {"version": version}, self.max).status_code == 201
        assert self.do("activations", {"version": version}).status_code == 201

    def move(self, what: str) -> str:
        """Pause, resume or stop it; gives the state it is in then."""
        answer = self.do(what, {"reason": "a test"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["state"])

    def caps(self, quantity: int) -> list[str]:
        """Issue codes that are bound to it."""
        batch = self.service.issue(quantity, campaign_id=self.campaign_id)
        return self.service.codes(batch)


def body() -> Json:
    """Say what a version says: five points, a budget, a cap."""
    return {
        "name": {"zh": "春天", "en": "Spring"},
        "starts_at": "2026-01-01",
        "offers": [{"offer_id": "points", "kind": "points", "amount": 5}],
        "budget": {"points": 1_000_000},
        "caps": [{"per": "member_day", "of": "claims", "most": 400}],
    }


@pytest.fixture
def marketing(audited: Service) -> Marketing:
    """Give marketers in the shared service."""
    return Marketing(audited)


def test_a_campaign_from_its_draft_to_its_stop(marketing: Marketing) -> None:
    service, me = marketing.service, f"member-{next(_numbers)}"
    written = marketing.write()
    assert written.status_code == 201, written.text
    told = {"campaign_id": marketing.campaign_id, "version": 1, "state": "draft"}
    assert written.json() == told
    caps = marketing.caps(4)
    waits = service.scan(caps[0], me)
    assert (waits["outcome"], waits["offer"]) == ("limit_reached", "paused")
    refused(marketing.do("activations", {"version": 1}), 409, "not_approved")
    refused(marketing.do("approvals", {"version": 1}), 409, "second_person_needed")
    marketing.activate()
    paid = service.scan(caps[0], me)
    assert (paid["outcome"], paid["rewards"][0]["amount"]) == ("rewarded", 5)
    assert marketing.move("pauses") == "paused"
    refused(marketing.do("pauses", {"reason": "r"}), 409, "illegal_state")
    waits = service.scan(caps[1], me)
    assert (waits["outcome"], waits["next"]) == (
        "limit_reached",
        {"kind": "retry_later"},
    )
    assert marketing.move("resumptions") == "active"
    assert service.scan(caps[1], me)["outcome"] == "rewarded"
    assert marketing.move("stops") == "stopped"
    over = service.scan(caps[2], me)
    assert (over["outcome"], over["offer"]) == ("no_reward", "ended")
    refused(marketing.do("resumptions", {"reason": "r"}), 409, "illegal_state")
    shown = service.get(marketing.path, service.staff("analyst")).json()
    assert (shown["state"], shown["spent"]) == ("stopped", {"points": 10})
    assert shown["versions"][0]["caps"] == body()["caps"]
    listed = service.get("/v1/campaigns?limit=200", service.staff("cashier")).json()
    assert shown in listed["items"]
    told = json.loads(service.cli("campaign", "list"))
    states = {each["campaign_id"]: each["state"] for each in told}
    assert states[marketing.campaign_id] == "stopped"


def test_a_new_version_pays_from_its_activation_on(marketing: Marketing) -> None:
    service, me = marketing.service, f"member-{next(_numbers)}"
    assert marketing.write(caps=[]).status_code == 201
    marketing.activate()
    caps = marketing.caps(2)
    ten = [{"offer_id": "points", "kind": "points", "amount": 10}]
    added = marketing.do("versions", body() | {"offers": ten, "caps": []})
    assert added.json()["version"] == 2, added.text
    assert service.scan(caps[0], me)["rewards"][0]["amount"] == 5
    marketing.activate(2)
    assert service.scan(caps[1], me)["rewards"][0]["amount"] == 10
    assert service.scan(caps[0], me)["rewards"][0]["amount"] == 5


async def test_no_scan_sent_after_a_pause_is_paid(marketing: Marketing) -> None:
    """On two workers, with a thousand scans in flight; then all are paid once."""
    service = marketing.service
    assert marketing.write().status_code == 201
    marketing.activate()
    caps = await asyncio.to_thread(marketing.caps, IN_FLIGHT + LATE)
    people = [f"{marketing.campaign_id}-{n}" for n in range(len(caps))]
    tokens = service.member_tokens(people)
    wishes = list(zip(caps, people, tokens, strict=True))
    limits = httpx.Limits(max_connections=64)
    async with service.async_client(limits=limits) as client:

        async def send(some: list[tuple[str, str, str]]) -> list[Sent]:
            return await asyncio.gather(
                *(scan(client, *each, PATIENCE_S) for each in some)
            )

        early = asyncio.create_task(send(wishes[:IN_FLIGHT]))
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(marketing.move, "pauses") == "paused"
        late = await send(wishes[IN_FLIGHT:])
        in_flight = await early
        assert {each.outcome for each in late} == {"limit_reached"}
        assert {each.outcome for each in in_flight} <= PAID | {"limit_reached"}
        assert await asyncio.to_thread(marketing.move, "resumptions") == "active"
        unpaid = {each.code for each in in_flight + late if each.outcome not in PAID}
        again = await send([wish for wish in wishes if wish[0] in unpaid])
    assert {each.outcome for each in again} <= PAID
    spent = service.get(marketing.path, marketing.mona).json()["spent"]
    assert spent == {"points": 5 * len(caps)}


def test_a_step_is_taken_once_for_each_key(marketing: Marketing) -> None:
    assert marketing.write().status_code == 201
    marketing.activate()
    key = {"idempotency_key": marketing.campaign_id}
    with ThreadPoolExecutor(10) as threads:
        asked = [
            threads.submit(marketing.do, "pauses", {"reason": "r"}, **key)
            for _ in range(10)
        ]
        answers = [each.result() for each in asked]
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    refused(marketing.write(), 409, "already_exists")


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"when": {"fact": "gtin", "eq": "1"}}, "/when", "invalid"),
        (
            {"when": {"fact": "tier", "op": "==", "value": "gold"}},
            "/when/fact",
            "not_supported",
        ),
        ({"ends_at": "2025-12-31"}, "/ends_at", "out_of_order"),
        ({"offers": []}, "/offers", "required"),
        ({"offers": [{"offer_id": "a", "kind": "pints"}]}, "/offers/0/kind", "invalid"),
        ({"caps": [{"per": "member_day", "of": "points"}]}, "/caps/0/most", "required"),
        ({"orders": 1}, "/orders", "unknown_field"),
        (
            {"offers": [{"offer_id": "a", "kind": "coupon", "pool_id": "p"}]},
            "/offers/0/pool_id",
            "unknown_pool",
        ),
        (
            {
                "offers": [
                    {"offer_id": "a", "kind": "ticket", "draw_id": "d", "amount": 1}
                ]
            },
            "/offers/0/draw_id",
            "unknown_draw",
        ),
        (
            {"offers": [{"offer_id": "a", "kind": "card", "set_id": "s"}]},
            "/offers/0/set_id",
            "unknown_set",
        ),
    ],
)
def test_terms_that_cannot_be_are_refused_with_their_place(
    marketing: Marketing, given: Json, pointer: str, code: str
) -> None:
    answer = marketing.write(**given)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_a_paused_campaign_keeps_a_caps_worth_on_its_page(
    marketing: Marketing,
) -> None:
    """No button, and who presses one that is old reads the same."""
    assert marketing.write().status_code == 201
    marketing.activate()
    [cap] = marketing.caps(1)
    with visiting(marketing.service) as visitor:
        visitor.sign_in("patient")
        claim = hidden_fields(visitor.get(f"/C/{cap}").text, f"/C/{cap}")
        marketing.move("pauses")
        told = visitor.post(f"/C/{cap}", claim)
        assert heading(told) == "Genuine, but the campaign is paused"
        assert "No, not yet" in told.text
        marketing.move("resumptions")
        # Looks go by what a worker heard last; only claims are held to the newest.
        wait_for(
            lambda: f'action="/C/{cap}"' in visitor.get(f"/C/{cap}").text,
            what="the button that claims",
        )
        assert "5" in visitor.claim(f"/C/{cap}").text
