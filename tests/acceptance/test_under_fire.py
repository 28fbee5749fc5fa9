"""Real processes that die under load: nothing acknowledged is lost or paid twice."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from core.clock import elapsed_s
from tests.fixtures.filters import assert_filters_equal_claims
from tests.fixtures.load import Load, Sent, scan, total_rewards
from tests.fixtures.processes import wait_for
from tests.fixtures.service import OwnService, Service, running_service


@pytest.fixture(scope="module")
def one_service() -> Iterator[Service]:
    """Run one service for those that shoot at its servers, with members of their own.

    A worker that is killed may have claimed what it has not yet written to a filter.
    """
    with running_service() as running:
        yield running


@pytest.fixture
def target(one_service: Service) -> Service:
    """Give it once it has come back from the test before."""
    one_service.wait_ready()
    return one_service


def runners(name: str) -> list[str]:
    """Name members of one test."""
    return [f"{name}-{n}" for n in range(256)]


def balances(service: Service) -> dict[str, tuple[int, int]]:
    """Read every member's points from PostgreSQL."""
    rows = service.query(
        "SELECT member_id, available, pending FROM members JOIN balances"
        " USING (member_no)"
    )
    return {member: (available, pending) for member, available, pending in rows}


def assert_nothing_lost(service: Service, sent: list[Sent]) -> None:
    """Every acknowledged point is there, and each code was paid at most once."""
    service.audit()
    held = balances(service)
    for member, points in total_rewards(sent, "posted").items():
        assert held[member][0] >= points
    paid = Counter(s.code for s in sent if s.outcome in {"rewarded", "held"})
    assert max(paid.values()) == 1


async def test_two_hundred_scans_of_one_code_at_once_pay_one_member(
    service: Service,
) -> None:
    """Over two workers, from 200 members: one is rewarded, 199 are told."""
    members = [f"rival-{n}" for n in range(200)]
    tokens = service.member_tokens(members)
    code = service.fresh_code()
    limits = httpx.Limits(max_connections=200)
    async with service.async_client(limits=limits) as client:
        sent = await asyncio.gather(
            *(scan(client, code, m, t) for m, t in zip(members, tokens, strict=True))
        )
    outcomes = Counter(one.outcome for one in sent)
    assert outcomes == {"rewarded": 1, "already_claimed": 199}
    [winner] = [one for one in sent if one.outcome == "rewarded"]
    assert balances(service)[winner.member] == (5, 0)
    last = service.scan(code, winner.member)
    assert last["by_you"] is True
    assert last["scan_count"] == 201
    service.audit()


async def test_one_member_scanning_one_code_many_times_is_paid_once(
    service: Service,
) -> None:
    """An impatient thumb: every answer names the same scan."""
    token, code = service.member_token("impatient"), service.fresh_code()
    async with service.async_client() as client:
        sent = await asyncio.gather(
            *(scan(client, code, "impatient", token) for _ in range(40))
        )
    outcomes = Counter(one.outcome for one in sent)
    assert outcomes == {"rewarded": 1, "already_claimed": 39}
    assert len({one.body["scan_id"] for one in sent}) == 1
    assert balances(service)["impatient"] == (5, 0)


async def test_a_killed_worker_is_replaced_and_loses_no_acknowledged_reward(
    own_service: OwnService,
) -> None:
    """SIGKILL under load, one worker after the other; the service itself goes on."""
    service = own_service()
    codes = service.codes(service.issue(20_000))
    before = set(service.worker_pids())
    async with Load(service, codes, runners("worker")) as load:
        await load.until(100, "rewarded")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            await load.until(100, "rewarded")
    wait_for(lambda: len(set(service.worker_pids()) - before) == 2)
    assert set(load.outcomes()) <= {"rewarded", "held", "None"}
    assert_nothing_lost(service, load.sent)
    # A scan whose answer was lost is told its reward when it is asked again.
    for lost in [one for one in load.sent if one.status is None]:
        again = service.scan(lost.code, lost.member)
        assert again["outcome"] in {"already_claimed", "rewarded"}
        assert again["by_you"] is not False
    service.audit()


async def test_while_valkey_hangs_rewards_are_held_and_released_when_it_is_back(
    target: Service,
) -> None:
    """Stopped, not dead, so that nobody restarts it: every call runs into time."""
    codes = target.codes(target.issue(20_000))
    pid = target.valkey_pid
    async with Load(target, codes, runners("hang")) as load:
        await load.until(50, "rewarded")
        os.kill(pid, signal.SIGSTOP)
        try:
            await load.until(100, "held")
            assert target.readiness() == "degraded"
        finally:
            os.kill(pid, signal.SIGCONT)
        await load.until(50, "rewarded")
    outcomes = load.outcomes()
    assert set(outcomes) <= {"rewarded", "held"}
    assert_nothing_lost(target, load.sent)
    open_holds = "SELECT count(*) FROM holds WHERE resolution IS NULL"
    wait_for(lambda: target.query(open_holds) == [(0,)], what="the release")
    posted, pending = (total_rewards(load.sent, s) for s in ("posted", "pending"))
    held = balances(target)
    for member in {one.member for one in load.sent}:
        available, waiting = held[member]
        assert available == posted.get(member, 0) + pending.get(member, 0)
        assert waiting == 0
    assert_filters_equal_claims(target)
    target.audit()


async def test_a_killed_valkey_comes_back_empty_and_is_filled_again(
    target: Service,
) -> None:
    """SIGKILL under load: no wrong credit, and the claimed bits are all there."""
    codes = target.codes(target.issue(20_000))
    first = target.valkey_pid
    async with Load(target, codes, runners("valkey")) as load:
        await load.until(100, "rewarded")
        os.kill(first, signal.SIGKILL)
        await load.until(10, "held")
        await load.until(100, "rewarded")
    assert target.valkey_pid != first
    assert set(load.outcomes()) <= {"rewarded", "held"}
    assert_nothing_lost(target, load.sent)
    assert_filters_equal_claims(target)
    assert json.loads(target.cli("filters", "rebuild"))["segments"] >= 1
    assert_filters_equal_claims(target)
    again = target.scan(load.sent[0].code, load.sent[0].member)
    assert again["by_you"] is True


async def test_while_postgres_is_away_nothing_is_promised_and_then_all_goes_on(
    target: Service,
) -> None:
    """Killed under load: 503 with Retry-After, and recovery without our help."""
    codes = target.codes(target.issue(30_000))
    for kind in (signal.SIGQUIT, signal.SIGINT):
        first, workers = target.postgres_pid, set(target.worker_pids())
        async with Load(target, codes, runners("postgres")) as load:
            await load.until(50, "rewarded")
            os.kill(first, kind)
            await load.until(1, "503")
            await load.until(100, "rewarded")
        refused = [one for one in load.sent if one.status != 200]
        assert set(load.outcomes()) <= {"rewarded", "held", "503"}
        assert {one.headers.get("retry-after", "") for one in refused} <= {"1", "2"}
        assert target.postgres_pid != first
        assert set(target.worker_pids()) == workers
        assert_nothing_lost(target, load.sent)
        target.wait_ready()


async def test_no_scan_sent_after_an_acknowledged_void_or_recall_is_paid(
    target: Service,
) -> None:
    """Whatever worker decides, whatever it knew: the acknowledgement is the line."""
    for how in ("range", "codes", "recall"):
        batch = target.issue(3_000)
        codes = target.codes(batch)
        async with Load(target, codes[::-1], runners("void")) as load:
            await load.until(100, "rewarded")
            await asyncio.to_thread(end_codes, target, batch, how)
            acknowledged_s = elapsed_s()
            await load.until(100, "not_active", "recalled")
        assert load.codes, "the load ended before the void was seen"
        ended = set(target.codes(batch, 0, 2_999))
        late = [s for s in load.sent if s.at_s > acknowledged_s and s.code in ended]
        assert {s.outcome for s in late} <= {"not_active", "recalled"}
    target.audit()


def end_codes(service: Service, batch: dict[str, int], how: str) -> None:
    """Void or recall a whole batch; returns when that is acknowledged."""
    if how == "range":
        service.change(batch, "voids")
    elif how == "codes":
        service.change(batch, "voids", codes=service.codes(batch))
    else:
        wish = {"batch_id": batch["batch_id"], "reason": "r", "instructions": "i"}
        asked = service.post("/v1/recalls", wish, service.issuer).json()
        second = service.staff_token("issuer", name="second-person")
        path = f"/v1/recalls/{asked['recall_id']}/approvals"
        assert service.post(path, None, second).status_code == 201
