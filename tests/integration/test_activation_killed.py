"""A process that activates rules is killed between any two steps: all or nothing."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from multiprocessing.process import BaseProcess

import pytest
from psycopg import AsyncConnection

from anti_fraud.default_rules import shipped_rules
from anti_fraud.pipeline.rule_sets import activate_rule_set
from core.clock import utc_datetime
from core.db import create_engine
from scan_api.domain.scans import Outcome
from tests.fixtures.ground import CLOCK, Ground
from tests.fixtures.worker import Worker, worker_of
from tests.integration.test_backtests import BEN, SENTENCE
from tests.integration.test_shadows import Stage

# Forks of all tests come from one server, whose list tests.fixtures.commands makes.
_FORKS = multiprocessing.get_context("forkserver")
SHIPPED: int = shipped_rules()["version"]
EVERYBODY = {
    "id": "everybody",
    "score": 100,
    "sentence": SENTENCE,
    "when": {"fact": "signals_available", "op": "==", "value": True},
}
# What somebody else holds so that a process waits just there.
STEPS = {
    "before the slots": "LOCK TABLE rule_set_slots IN EXCLUSIVE MODE",
    "before the shadow's run": "LOCK TABLE shadow_runs IN EXCLUSIVE MODE",
    "before the change": "LOCK TABLE rule_set_changes IN EXCLUSIVE MODE",
    "before the fence": "SELECT pg_advisory_xact_lock_shared(4343, 1)",
    "before it is audited": "LOCK TABLE audit_log IN EXCLUSIVE MODE",
}


def activate_in_process(database_url: str, version: int) -> None:
    """Activate a version in a process of its own, which a test kills."""

    async def activate() -> None:
        engine = create_engine(database_url)
        async with engine.begin() as conn:
            await activate_rule_set(
                conn,
                version,
                BEN,
                expected_active=SHIPPED,
                reason="r",
                now=utc_datetime(CLOCK.now_ms()),
            )
        await engine.dispose()

    asyncio.run(activate())


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker under the rules that ship."""
    await ledger.rules()
    await ledger.campaign("points")
    await ledger.live(1)
    async with worker_of(ledger, redis_url) as started:
        yield started


def begin(ground: Ground, version: int) -> BaseProcess:
    """Start a process that activates a version."""
    process = _FORKS.Process(
        target=activate_in_process, args=(ground.database_url, version)
    )
    process.start()
    return process


async def kill_at(ground: Ground, version: int, holding: str) -> None:
    """Let a process activate up to where it waits for what we hold, and kill it."""
    holder: AsyncConnection = await ground.connect()
    async with holder.transaction(force_rollback=True):
        await holder.execute(holding.encode())
        process = begin(ground, version)
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        while not await ground.rows(waiting):
            assert process.is_alive(), "it came to its end"
            await asyncio.sleep(0.02)
        process.kill()
        process.join()
        # PostgreSQL finds out that nobody is there, and ends what it was at.
        await ground.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        )
        while await ground.rows(waiting):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
    await holder.close()


async def test_an_activation_is_all_or_nothing_wherever_its_process_is_killed(
    worker: Worker,
) -> None:
    """At each step in turn: the same rules judge, and nothing says otherwise.

    The version runs in the shadow, so that every table has its part in it.
    """
    ground = worker.ground
    stage = Stage(ground)
    version = await stage.committed(rules=[EVERYBODY])
    await stage.start(version)
    told = (
        "SELECT slot, version, until, change_id, range_version FROM rule_set_slots",
        "SELECT count(*), max(change_id) FROM rule_set_changes",
        "SELECT run, ended_at FROM shadow_runs",
        "SELECT count(*) FROM audit_log WHERE action = 'rule_set.activate'",
    )
    before = [sorted(await ground.rows(each)) for each in told]
    for step, holding in STEPS.items():
        await kill_at(ground, version, holding)
        [code] = await ground.live(1, campaign_id="points")
        assert await worker.scan(code, f"at {step}") is Outcome.REWARDED, step
        after = [sorted(await ground.rows(each)) for each in told]
        assert after == before, step
    process = begin(ground, version)
    while process.is_alive():  # noqa: ASYNC110 - a process tells nobody
        await asyncio.sleep(0.05)
    assert process.exitcode == 0
    [code] = await ground.live(1, campaign_id="points")
    assert await worker.scan(code, "after it") is Outcome.REFUSED
    changes = await ground.rows("SELECT action FROM rule_set_changes")
    assert sorted(action for (action,) in changes) == ["activate", "install", "shadow"]
    [(ended_by,)] = await ground.rows("SELECT ended_by FROM shadow_runs")
    assert ended_by == "ben"
