"""Readiness sees what a commit sees, in bounded time, however many ask."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import psycopg
import pytest

from core.redis import connect
from scan_api.pipeline import readiness
from scan_api.pipeline.readiness import Readiness, ReadinessCheck, Status
from scan_api.store.commit_pool import CommitConnection, CommitRecord
from tests.fixtures.ground import Ground

OK = Readiness(Status.OK)


def unavailable(detail: str) -> Readiness:
    """Word what a worker says that cannot commit."""
    return Readiness(Status.UNAVAILABLE, detail)


def is_always_numbered() -> bool:
    """Stand for a worker whose lease holds."""
    return True


@pytest.fixture
async def check(ledger: Ground, redis_url: str) -> AsyncIterator[ReadinessCheck]:
    """Give a check that believes nothing it saw before."""
    redis = connect(redis_url)
    made = ReadinessCheck.of(
        ledger.database_url, CommitRecord(), redis, is_always_numbered, fresh_s=0
    )
    yield made
    await made.close()
    await redis.close()


async def backend_of(check: ReadinessCheck) -> int:
    """Give the process of PostgreSQL that serves the looks."""

    async def ask(conn: psycopg.AsyncConnection[object]) -> int:
        return conn.info.backend_pid

    return await check.connection.run(ask)


async def test_a_look_waits_for_its_commit_as_scans_do(
    ledger: Ground, check: ReadinessCheck
) -> None:
    """A standby that has to confirm each commit is away, and only reading goes on."""
    conn = ledger.conn
    assert await check.readiness() == OK
    await conn.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try:
        await conn.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(60):
            while await check.readiness() == OK:
                continue
        assert await check.readiness() == unavailable(readiness.SLOW)
    finally:
        await conn.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await conn.execute("SELECT pg_reload_conf()")


async def test_a_stopped_server_is_told_and_forgiven(check: ReadinessCheck) -> None:
    """Its kernel acknowledges what we send, and nobody ever answers."""
    assert await check.readiness() == OK
    pid = await backend_of(check)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert await check.readiness() == unavailable(readiness.SLOW)
        many = await asyncio.gather(*(check.readiness() for _ in range(1_000)))
        assert {each.status for each in many} <= {Status.UNAVAILABLE, Status.OK}
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(60):
        while await check.readiness() != OK:
            continue


async def test_a_worker_without_a_number_is_not_ready(check: ReadinessCheck) -> None:
    """PostgreSQL commits, and yet no scan could be given its id."""
    check.is_numbered = lambda: False
    assert await check.readiness() == unavailable(readiness.UNNUMBERED)
    check.is_numbered = is_always_numbered
    assert await check.readiness() == OK


async def test_each_look_needs_new_room_on_the_disk(check: ReadinessCheck) -> None:
    """What a look wrote is cut off again, so that a full disk is seen by the next."""
    sizes = "SELECT pg_relation_size('room_on_disk'), count(*) FROM room_on_disk"

    async def measure(conn: psycopg.AsyncConnection[object]) -> object:
        return await (await conn.execute(sizes)).fetchone()

    assert await check.readiness() == OK
    assert await check.connection.run(measure) == (0, 0)


@pytest.mark.parametrize("known_before", [True, False])
async def test_a_database_that_only_reads_is_not_ready(
    check: ReadinessCheck, *, known_before: bool
) -> None:
    """As after a failover, be the connection an old one or made since."""

    async def only_read(conn: psycopg.AsyncConnection[object]) -> None:
        await conn.execute("SET default_transaction_read_only = on")

    if known_before:
        assert await check.readiness() == OK
    await check.connection.run(only_read)
    assert await check.readiness() == unavailable(readiness.READS)


@pytest.mark.parametrize("table", ["scans", "scan_traces"])
async def test_a_table_without_a_partition_for_today_is_named(
    ledger: Ground, check: ReadinessCheck, table: str
) -> None:
    """Every scan would be refused."""
    children = await ledger.rows(
        "SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits"
    )
    for parent, child in children:
        if parent == table:
            await ledger.rows(f"ALTER TABLE {table} DETACH PARTITION {child}")
    assert await check.readiness() == unavailable(readiness.tell_unparted(table))


async def test_what_a_commit_met_last_counts_until_one_succeeds(
    ledger: Ground, check: ReadinessCheck
) -> None:
    """A look that found nothing wrong does not outweigh a batch that failed."""
    connection = CommitConnection(ledger.database_url, check.commits)

    async def fail(_conn: psycopg.AsyncConnection[object]) -> None:
        raise psycopg.errors.DiskFull

    async def refuse(conn: psycopg.AsyncConnection[object]) -> None:
        await conn.execute("SELECT 1 / 0")

    async def succeed(conn: psycopg.AsyncConnection[object]) -> None:
        await conn.execute("SELECT 1")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await connection.run(refuse)
    assert await check.readiness() == OK
    with pytest.raises(psycopg.errors.DiskFull):
        await connection.run(fail)
    assert await check.readiness() == unavailable(readiness.FULL)
    await connection.run(succeed)
    assert await check.readiness() == OK
    await connection.close()


async def test_a_thousand_who_ask_at_once_share_one_look(
    ledger: Ground, redis_url: str
) -> None:
    """Each look is a commit; asking must not become a load."""
    redis = connect(redis_url)
    check = ReadinessCheck.of(
        ledger.database_url, CommitRecord(), redis, is_always_numbered, fresh_s=60
    )
    before = await xact_commits(ledger)
    many = await asyncio.gather(*(check.readiness() for _ in range(1_000)))
    assert set(many) == {OK}
    for _ in range(30):
        assert await check.readiness() == OK
    assert await xact_commits(ledger) - before < 20
    await check.close()
    await redis.close()


async def xact_commits(ledger: Ground) -> int:
    """Count the transactions that took an id so far."""
    [(number,)] = await ledger.rows("SELECT pg_current_xact_id()::text::bigint")
    return int(number)


async def test_without_redis_a_worker_is_degraded(ledger: Ground) -> None:
    """Nobody listens there; scans go on, and their rewards wait."""
    redis = connect("redis://127.0.0.1:1")
    check = ReadinessCheck.of(
        ledger.database_url, CommitRecord(), redis, is_always_numbered
    )
    expected = Readiness(Status.DEGRADED, readiness.NO_REDIS)
    assert await check.readiness() == expected
    await check.close()
    await redis.close()
