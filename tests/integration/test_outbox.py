"""The outbox, read while processes write it: nothing passed over, nothing twice."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections import defaultdict
from datetime import timedelta
from multiprocessing.synchronize import Event as Flag
from random import Random  # noqa: TID251 - a seeded test

import psycopg
import pytest
from sqlalchemy import text

from codegen.domain.ranges import RangeState
from core.clock import utc_datetime
from core.errors import Conflict
from core.event_types import EventType, Happening
from core.outbox import begin_era, is_of_older_server, write_events
from crowncap.tellers import TELLERS
from events.domain.events import Event, EventId
from events.pipeline.events import KEPT, forget_events, read_events
from rewards.domain.holds import Resolution
from rewards.store.holds import load_open_holds, resolve_holds
from scan_api.domain.scans import Outcome
from tests.fixtures.ground import CLOCK, Ground

FORKS = multiprocessing.get_context("forkserver")
SUBJECTS = 3


def write_until(url: str, seed: int, stop: Flag) -> None:
    """Change things as codegen does: a number first, then a lock, then an event.

    A transaction takes its number long before its lock, or after; some are rolled back.
    Each change of a subject counts its row up, so that its events are numbered.
    """
    dice = Random(seed)  # noqa: S311 - a seeded test
    with psycopg.connect(url, autocommit=True) as conn:
        while not stop.is_set():
            subject = dice.randrange(SUBJECTS)
            with conn.transaction(force_rollback=dice.random() < 0.1):
                if dice.random() < 0.5:
                    conn.execute("SELECT pg_current_xact_id()")
                    time.sleep(dice.random() / 100)
                [(n,)] = conn.execute(
                    "UPDATE turns SET n = n + 1 WHERE subject = %s RETURNING n",
                    (subject,),
                ).fetchall()
                if dice.random() < 0.5:
                    time.sleep(dice.random() / 100)
                told = [
                    ("batch.changed", {"batch_id": subject, "n": n, "part": part})
                    for part in range(dice.randint(1, 3))
                ]
                conn.execute(
                    "SELECT write_outbox(0::smallint, 'told', NULL, %s)",
                    (psycopg.types.json.Jsonb(told),),
                )


@pytest.fixture
def turns(database_url: str) -> str:
    """Give a database with rows that writers take turns to change."""
    with psycopg.connect(database_url) as conn:
        conn.execute("CREATE TABLE turns (subject int PRIMARY KEY, n int NOT NULL)")
        conn.execute(
            "INSERT INTO turns SELECT s, 0 FROM generate_series(0, %s) AS s",
            (SUBJECTS - 1,),
        )
    return database_url


async def read_on(
    ledger: Ground, after: EventId | None, limit: int
) -> tuple[list[Event], EventId | None]:
    """Read a page, and say where it ended."""
    async with ledger.engine.connect() as conn:
        found = await read_events(conn, TELLERS, after=after, limit=limit)
    return found, EventId.parse(found[-1].event_id) if found else after


async def test_what_processes_write_while_somebody_reads_is_read_once_and_in_order(
    ledger: Ground, turns: str
) -> None:
    """Two writers, of which one is killed and another goes on in its place."""
    _, after = await read_on(ledger, None, 1_000)
    stop = FORKS.Event()
    writers = [
        FORKS.Process(target=write_until, args=(turns, seed, stop)) for seed in range(3)
    ]
    dice, seen = Random(7), list[Event]()  # noqa: S311 - a seeded test

    async def read(least: int) -> None:
        """Read on until each subject had so many turns."""
        while (found := await read_some()) or await fewest() < least:
            seen.extend(found)

    async def fewest() -> int:
        [(number,)] = await ledger.rows("SELECT min(n) FROM turns")
        return int(number)

    async def read_some() -> list[Event]:
        nonlocal after
        found, after = await read_on(ledger, after, dice.choice([1, 2, 7, 200]))
        return found

    for writer in writers[:2]:
        writer.start()
    await read(60)
    assert writers[0].pid is not None
    os.kill(writers[0].pid, signal.SIGKILL)
    writers[2].start()
    await read(120)
    stop.set()
    for writer in writers:
        await asyncio.to_thread(writer.join)
    await read(0)
    ids = [each.event_id for each in seen]
    assert ids == sorted(set(ids))
    happened = defaultdict[int, list[tuple[int, int]]](list)
    for each in seen:
        happened[each.data["batch_id"]].append((each.data["n"], each.data["part"]))
    for subject, n in await ledger.rows("SELECT subject, n FROM turns"):
        told = happened[subject]
        assert sorted(set(told)) == told, "out of order"
        assert [number for number, part in told if part == 0] == list(range(1, n + 1))
        assert n >= 120


async def test_a_transaction_that_runs_holds_back_what_came_after(
    ledger: Ground,
) -> None:
    """Or a reader who had gone on would never see what it writes."""
    _, begun = await read_on(ledger, None, 1_000)
    happening = Happening(EventType.CAMPAIGN_CHANGED, {"campaign_id": "slow"})
    async with ledger.engine.connect() as slow, slow.begin():
        await slow.execute(text("SELECT pg_current_xact_id()"))
        await ledger.issue(1)
        assert await read_on(ledger, begun, 10) == ([], begun)
        await write_events(slow, [happening])
    found, _ = await read_on(ledger, begun, 10)
    kinds = [each.type.value for each in found]
    assert sorted(kinds) == ["batch.changed", "campaign.changed"]


async def test_changes_of_batches_are_told_without_what_a_person_typed(
    ledger: Ground,
) -> None:
    batch = await ledger.issue(5)
    _, after = await read_on(ledger, None, 1_000)
    changed = await ledger.change(batch, RangeState.ACTIVATED)
    found, _ = await read_on(ledger, after, 10)
    assert [each.data for each in found] == [
        {
            "batch_id": batch.batch_id,
            "change": "activate",
            "change_id": changed.change_id,
            "changed": 5,
        }
    ]
    assert found[0].subject == f"batch_id:{batch.batch_id}"


async def test_a_hold_that_ends_is_told_once_with_its_member(ledger: Ground) -> None:
    points = await ledger.campaign("points")
    codes = await ledger.live(2, campaign_id="points")
    [ann] = await ledger.members("ann")
    for code in codes:
        await ledger.commit(ledger.wish(code, ann, points, outcome=Outcome.HELD))
    _, after = await read_on(ledger, None, 1_000)
    now_ms = CLOCK.now_ms()
    for resolution in (Resolution.POSTED, Resolution.VOIDED):
        async with ledger.engine.begin() as conn:
            held = await load_open_holds(conn, frozen=[], limit=1)
            await resolve_holds(
                conn,
                held,
                next_id=lambda: ledger.ids.next_id(now_ms),
                resolution=resolution,
                now=utc_datetime(now_ms),
            )
            # Ended before, they end nothing now.
            await resolve_holds(
                conn,
                held,
                next_id=lambda: 1,
                resolution=resolution,
                now=utc_datetime(now_ms),
            )
    found, _ = await read_on(ledger, after, 10)
    assert [each.type.value for each in found] == ["hold.posted", "hold.voided"]
    assert [each.data["rewards"][0]["status"] for each in found] == ["posted", "voided"]
    assert {each.data["member_id"] for each in found} == {"ann"}


async def test_pages_of_any_size_hold_the_same_events(ledger: Ground) -> None:
    """A page may end within a row."""
    async with ledger.engine.begin() as conn:
        for size in (3, 1, 70, 2):
            data = {"campaign_id": str(size)}
            await write_events(
                conn, [Happening(EventType.CAMPAIGN_CHANGED, data)] * size
            )
    whole, _ = await read_on(ledger, None, 1_000)
    assert len(whole) == 76
    for limit in (1, 2, 3, 5, 64, 75, 76):
        after, pages = None, list[Event]()
        while True:
            page, after = await read_on(ledger, after, limit)
            pages += page
            if not page:
                break
            assert len(page) == limit or len(pages) == len(whole)
        assert pages == whole


async def test_who_comes_back_too_late_is_told_so(ledger: Ground) -> None:
    await ledger.issue(1)
    [first], _ = await read_on(ledger, None, 1)
    at_first = EventId.parse(first.event_id)
    await ledger.issue(1)
    async with ledger.engine.begin() as conn:
        assert await forget_events(conn, now=first.at + KEPT) == 0
        later = utc_datetime(CLOCK.now_ms()) + KEPT + timedelta(seconds=1)
        assert await forget_events(conn, now=later) == 2
        assert await forget_events(conn, now=later) == 0
    with pytest.raises(Conflict, match="no longer kept"):
        await read_on(ledger, at_first, 10)
    assert await read_on(ledger, None, 10) == ([], None)
    [(last,)] = await ledger.rows("SELECT forgotten FROM outbox_state")
    assert (await read_on(ledger, EventId.parse(last), 10))[0] == []


async def test_after_a_restore_events_come_after_all_that_were_told(
    ledger: Ground,
) -> None:
    """A server that numbers its transactions anew would give old ids again."""
    await ledger.issue(1)
    async with ledger.engine.begin() as conn:
        assert not await is_of_older_server(conn)
    await ledger.rows("UPDATE outbox SET xid = xid + 1000000")
    async with ledger.engine.begin() as conn:
        assert await is_of_older_server(conn)
        await begin_era(conn)
    told, after = await read_on(ledger, None, 10)
    await ledger.issue(1)
    async with ledger.engine.begin() as conn:
        assert not await is_of_older_server(conn)
    found, _ = await read_on(ledger, after, 10)
    assert len(told) == len(found) == 1


async def test_scans_that_earned_are_told_with_their_batch_and_no_others(
    ledger: Ground,
) -> None:
    """One row a batch; a scan that earned nothing is no event."""
    points = await ledger.campaign("points", budget=10)
    codes = await ledger.live(5, campaign_id="points")
    ann, bob = await ledger.members("ann", "bob")
    _, after = await read_on(ledger, None, 1_000)
    batch = [
        ledger.wish(codes[0], ann, points),
        ledger.wish(codes[1], bob, points, outcome=Outcome.HELD),
        ledger.wish(codes[2], 0),
    ]
    await ledger.commit(*batch)
    # Over the budget, and claimed before.
    await ledger.commit(ledger.wish(codes[3], ann, points))
    await ledger.commit(ledger.wish(codes[0], bob, points))
    found, _ = await read_on(ledger, after, 10)
    rows = await ledger.rows("SELECT count(*) FROM outbox WHERE kind = 'scans'")
    assert rows == [(1,)]
    assert [each.type.value for each in found] == ["scan.rewarded", "scan.held"]
    assert [each.data["member_id"] for each in found] == ["ann", "bob"]
    assert [each.data["scan_id"] for each in found] == [
        str(each.scan.scan_id) for each in batch[:2]
    ]
    assert [each.data["rewards"] for each in found] == [
        [{"kind": "points", "campaign_id": "points", "amount": 5, "status": status}]
        for status in ("posted", "pending")
    ]
