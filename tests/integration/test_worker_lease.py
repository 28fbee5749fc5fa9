"""A worker's number is its own: leased, confirmed, lost, and left alone for a while."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import psycopg
import pytest

from core.clock import SystemClock
from core.errors import Unavailable
from scan_api.pipeline.worker_lease import LeasedIds
from scan_api.store.worker_lease import (
    BELIEVED_S,
    NUMBERS,
    QUARANTINE_S,
    NoNumberFreeError,
)
from tests.fixtures.ground import Ground

CLOCK = SystemClock()


@dataclass(slots=True)
class Numbers:
    """A database in which several workers hold numbers."""

    ground: Ground
    make: Callable[[], LeasedIds]

    async def take(self) -> LeasedIds:
        """Start a worker that takes a number."""
        ids = self.make()
        await ids.take()
        return ids

    async def begin_at(self, worker_no: int) -> None:
        """Let the search for a free number begin here."""
        await self.ground.rows(f"SELECT setval('worker_numbers', {worker_no}, false)")

    async def cut(self, ids: LeasedIds) -> None:
        """End a worker's connection, as a restart of PostgreSQL or a firewall does."""
        assert ids._conn is not None
        pid = ids._conn.info.backend_pid
        await self.ground.rows(f"SELECT pg_terminate_backend({pid}, 5000)")

    async def age(self, ids: LeasedIds, seconds: int) -> None:
        """Let a worker have been silent for so long."""
        await self.ground.rows(
            "UPDATE worker_leases SET"
            f" started_at = started_at - interval '{seconds} s',"
            f" seen_at = seen_at - interval '{seconds} s', last_id = 0"
            f" WHERE lease_no = {ids._previous}"
        )


@pytest.fixture
async def numbers(ledger: Ground) -> AsyncIterator[Numbers]:
    """Give a database to lease numbers in; every lease ends with the test."""
    async with AsyncExitStack() as stack:

        def make() -> LeasedIds:
            ids = LeasedIds(database_url=ledger.database_url, clock=CLOCK)
            stack.push_async_callback(ids.give_back)
            return ids

        yield Numbers(ledger, make)


def worker_of(scan_id: int) -> int:
    """Tell whose id it is."""
    return scan_id >> 12 & 1023


async def test_a_number_that_a_live_worker_has_is_passed_over(numbers: Numbers) -> None:
    """Wherever the search begins; the next free number is taken."""
    await numbers.begin_at(1023)
    first = await numbers.take()
    await numbers.begin_at(1023)
    second = await numbers.take()
    assert (first.worker_no, second.worker_no) == (1023, 0)
    for ids in (first, second):
        assert worker_of(ids.next_id(CLOCK.now_ms())) == ids.worker_no
    assert await numbers.ground.audit() == []


async def test_a_thousand_starts_later_a_live_worker_still_has_its_number(
    numbers: Numbers,
) -> None:
    """The sequence has been round; nobody gives the ids of another."""
    first = await numbers.take()
    await numbers.begin_at(first.worker_no + NUMBERS)
    second = await numbers.take()
    now_ms = CLOCK.now_ms()
    given = [ids.next_id(now_ms) for _ in range(500) for ids in (first, second)]
    assert len(set(given)) == 1000


async def test_a_number_given_up_rests_before_another_worker_gets_it(
    numbers: Numbers,
) -> None:
    """Given back or lost in a crash: whoever had it may not know yet."""
    await numbers.begin_at(7)
    stopped = await numbers.take()
    await stopped.give_back()
    await numbers.begin_at(7)
    crashed = await numbers.take()
    assert crashed.worker_no == 8
    await numbers.cut(crashed)
    await numbers.begin_at(7)
    third = await numbers.take()
    assert third.worker_no == 9
    assert BELIEVED_S < QUARANTINE_S
    await numbers.age(crashed, QUARANTINE_S + 1)
    await numbers.begin_at(7)
    assert (await numbers.take()).worker_no == 8


async def test_a_number_whose_ids_are_ahead_of_the_clock_rests_until_then(
    numbers: Numbers,
) -> None:
    """A worker with a clock that was fast has given ids of a time to come."""
    await numbers.begin_at(7)
    fast = await numbers.take()
    fast._sure_ms = CLOCK.now_ms() + 3_600_000
    fast.next_id(CLOCK.now_ms() + 3_600_000)
    await fast.give_back()
    await numbers.ground.rows(
        "UPDATE worker_leases SET seen_at = now() - interval '1 day',"
        " ended_at = now() - interval '1 day', started_at = now() - interval '2 days'"
    )
    await numbers.begin_at(7)
    assert (await numbers.take()).worker_no == 8


async def test_a_lost_lease_gives_no_id_until_a_number_is_leased_again(
    numbers: Numbers,
) -> None:
    """What needs no database, as an answer to a forged code, goes on."""
    ids = await numbers.take()
    before = ids.next_id(CLOCK.now_ms())
    there, ids.database_url = ids.database_url, ids.database_url.replace("test", "gone")
    await numbers.cut(ids)
    await ids.renew()
    with pytest.raises(Unavailable, match="nothing was done"):
        ids.next_id(CLOCK.now_ms())
    assert ids.unstored_id(CLOCK.now_ms()) > before
    ids.database_url = there
    await ids.renew()
    assert ids.next_id(CLOCK.now_ms()) > before
    assert await numbers.ground.audit() == []


async def test_a_worker_may_have_its_own_number_back_at_once(numbers: Numbers) -> None:
    """Else a thousand workers could not come back after PostgreSQL was restarted."""
    ids = await numbers.take()
    before = ids.worker_no, ids.next_id(CLOCK.now_ms())
    await numbers.cut(ids)
    await ids.renew()
    assert ids.worker_no == before[0]
    assert ids.next_id(CLOCK.now_ms()) > before[1]
    [(leases,)] = await numbers.ground.rows("SELECT count(*) FROM worker_leases")
    assert leases == 2
    assert await numbers.ground.audit() == []


async def test_ids_ascend_when_a_worker_gets_another_number(numbers: Numbers) -> None:
    """Even in the same millisecond, and to a lower number."""
    await numbers.begin_at(9)
    ids = await numbers.take()
    now_ms = CLOCK.now_ms()
    before = [ids.next_id(now_ms) for _ in range(10)]
    await numbers.cut(ids)
    before.append(ids.unstored_id(now_ms + 5))
    await numbers.age(ids, QUARANTINE_S + 1)
    await numbers.begin_at(9)
    other = await numbers.take()
    await numbers.begin_at(3)
    await ids.renew()
    assert (other.worker_no, ids.worker_no) == (9, 3)
    after = [ids.next_id(now_ms) for _ in range(10)]
    assert sorted(before + after) == before + after
    assert {worker_of(each) for each in after} == {3}


async def test_a_lease_is_believed_only_for_a_while(numbers: Numbers) -> None:
    """A worker that was cut off, or slept, must ask before it gives another id."""
    ids = await numbers.take()
    ids.next_id(CLOCK.now_ms())
    with pytest.raises(Unavailable):
        ids.next_id(CLOCK.now_ms() + (BELIEVED_S + 1) * 1000)
    ids._sure_s -= BELIEVED_S + 1
    with pytest.raises(Unavailable):
        ids.next_id(CLOCK.now_ms())
    await ids.renew()
    ids.next_id(CLOCK.now_ms())


async def test_a_lease_that_another_session_answers_for_is_not_believed(
    numbers: Numbers,
) -> None:
    """Behind a pooler that lends sessions the lock is somebody else's."""
    ids = await numbers.take()
    assert ids._lease is not None
    assert ids._conn is not None
    await numbers.ground.rows("UPDATE worker_leases SET ended_at = now()")
    await ids.renew()
    assert ids._lease.lease_no == ids._previous == 2
    stranger = await psycopg.AsyncConnection.connect(
        numbers.ground.database_url, autocommit=True
    )
    await ids._conn.close()
    ids._conn = stranger
    await ids.renew()
    assert ids._lease.lease_no == 3
    assert stranger.closed


async def test_when_every_number_is_taken_a_sentence_says_so(numbers: Numbers) -> None:
    """By locks, as of workers that live, or by leases that ended a moment ago."""
    await numbers.ground.conn.execute(
        "SELECT pg_advisory_lock(4345, n) FROM generate_series(0, 1023) AS n"
    )
    with pytest.raises(NoNumberFreeError, match="All 1,024 worker numbers are taken"):
        await numbers.take()
    await numbers.ground.conn.execute("SELECT pg_advisory_unlock(4345, 512)")
    assert (await numbers.take()).worker_no == 512
    await numbers.ground.conn.execute("SELECT pg_advisory_unlock_all()")
    await numbers.ground.rows(
        "INSERT INTO worker_leases (worker_no, host, pid, started_at, seen_at, last_id)"
        " SELECT n, '', 0, now(), now(), 0 FROM generate_series(0, 1023) AS n"
        " WHERE n <> 512"
    )
    with pytest.raises(NoNumberFreeError):
        await numbers.take()


async def test_many_workers_at_once_get_a_number_each(numbers: Numbers) -> None:
    """Though every search passes over what others are about to have."""
    held = [numbers.make() for _ in range(12)]
    await asyncio.gather(
        *(ids.take() for ids in held), *(numbers.begin_at(1020) for _ in range(6))
    )
    assert len({ids.worker_no for ids in held}) == 12
