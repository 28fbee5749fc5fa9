"""Jobs on a real queue: done when due, taken up again, told to who asks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from core.clock import utc_datetime
from core.jobs import JobState, count_runners, list_jobs
from core.settings import Settings
from crowncap.jobs import JobRunner, open_queue
from events.pipeline.events import KEPT
from printer_export.files.signing import SigningKeyFile
from tests.fixtures.ground import CLOCK, Ground


def runner_of(ledger: Ground) -> JobRunner:
    """Make what a process of jobs runs."""
    directory = ledger.issuance.key_file.path.parents[1]
    settings = Settings.from_env({"CROWNCAP_DATA_DIR": str(directory)})
    key = SigningKeyFile(settings.signing_key)
    if not key.path.exists():
        key.create()
    return JobRunner(ledger.database_url, settings)


@contextlib.asynccontextmanager
async def running(*runners: JobRunner) -> AsyncIterator[None]:
    """Run jobs in processes' stead, and end as a process does."""
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def becomes(ledger: Ground, statement: str, value: int) -> None:
    """Wait until PostgreSQL says so."""
    for _ in range(1_200):
        if await ledger.rows(statement) == [(value,)]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {value}: {statement}")


async def regular_ones_end(ledger: Ground) -> None:
    """Wait until what was due regularly came to its end: it is not kept then."""
    done = (
        "SELECT count(DISTINCT task_name) FROM jobs.procrastinate_periodic_defers"
        " WHERE task_name LIKE 'forget%' AND job_id IS NULL"
    )
    await becomes(ledger, done, 8)


async def test_what_is_old_is_forgotten_by_jobs_of_two_processes(
    ledger: Ground,
) -> None:
    await ledger.issue(1)
    age = KEPT + timedelta(hours=3)
    await ledger.rows(f"UPDATE outbox SET at = now() - interval '{age}'")
    await ledger.rows(
        "INSERT INTO idempotency_keys (shard, key_hash, body_hash, owner, created_at)"
        " VALUES (0, repeat('k', 16)::bytea, repeat('b', 16)::bytea, 0,"
        " now() - interval '51 hours')"
    )
    async with running(*(runner_of(ledger) for _ in range(2))):
        await regular_ones_end(ledger)
        async with ledger.engine.connect() as conn:
            assert await count_runners(conn) == 2
    assert await ledger.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert await ledger.rows("SELECT count(*) FROM idempotency_keys") == [(0,)]
    async with ledger.engine.connect() as conn:
        assert await count_runners(conn) == 0
        assert await list_jobs(conn, JobState.FAILED, limit=9) == []


async def test_a_job_of_a_process_that_died_is_taken_up_again(ledger: Ground) -> None:
    """It was running, and its process gives no sign of life any more."""
    queue = open_queue(ledger.database_url)
    async with queue.open_async():
        await queue.configure_task("forget_keys").defer_async(timestamp=1_700_000_000)
        dead = await queue.job_manager.register_worker()
        taken = await queue.job_manager.fetch_job(queues=None, worker_id=dead)
    assert taken is not None
    await ledger.rows(
        "UPDATE jobs.procrastinate_workers"
        " SET last_heartbeat = now() - interval '1 hour'"
    )
    left = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE args ->> 'timestamp'"
    async with running(runner_of(ledger)):
        await becomes(ledger, f"{left} = '1700000000'", 0)


async def test_what_failed_and_what_is_due_is_listed(ledger: Ground) -> None:
    tomorrow = utc_datetime(CLOCK.now_ms()) + timedelta(days=1)
    queue = open_queue(ledger.database_url)
    async with queue.open_async():
        await queue.configure_task("nobody_does_this").defer_async(payout_no=7)
        later = queue.configure_task("forget_keys", schedule_at=tomorrow)
        await later.defer_async(timestamp=0)
    async with running(runner_of(ledger)):
        await regular_ones_end(ledger)
    async with ledger.engine.connect() as conn:
        [failed] = await list_jobs(conn, JobState.FAILED, limit=9)
        [due] = await list_jobs(conn, JobState.DUE, limit=9)
        assert await list_jobs(conn, JobState.RUNNING, limit=9) == []
    assert (failed.name, failed.args) == ("nobody_does_this", {"payout_no": 7})
    assert (due.name, due.due_at, due.tries) == ("forget_keys", tomorrow, 0)
