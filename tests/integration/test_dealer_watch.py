"""Goods of dealers who divert are watched wherever they go, and their claims wait."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from random import Random  # noqa: TID251 - seeded here

import pytest

from anti_fraud.domain.dealers import MOST_KNOWN, DealerShare
from anti_fraud.domain.places import cell_of
from anti_fraud.store.dealers import load_dealer_watch
from core.clock import business_day
from core.settings import Settings
from crowncap.following import catch_up
from printer_export.store.aggregation.dealers import find_dealers
from scan_api.pipeline.case_sorting import CaseSorting
from scan_api.pipeline.replay import replay_scans
from tests.fixtures.dealers import (
    carton,
    move,
    pack,
    watch,
    watch_in_process,
    watch_once,
)
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import Worker, worker_of

GUANGZHOU, HARBIN = cell_of(23.13, 113.26), cell_of(45.80, 126.53)
SOLD = {"campaign_id": "points", "sale_regions": ["CN-44"]}
VERSION = "SELECT version FROM background_marks WHERE name = 'dealers'"
_FORKS = multiprocessing.get_context("forkserver")


async def diverts(ground: Ground, dealer: str, codes: int, outside: int) -> None:
    """Let so much have been counted of a dealer today."""
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    await ground.rows(
        "INSERT INTO dealer_days AS d VALUES"
        f" ('{today}', '{dealer}', {codes}, {outside}) ON CONFLICT (day, dealer)"
        " DO UPDATE SET codes = excluded.codes, outside = excluded.outside"
    )


@pytest.fixture
async def worker(ledger: Ground, redis_url: str) -> AsyncIterator[Worker]:
    """Start a worker with the rules that ship."""
    await ledger.rules()
    await ledger.campaign("points")
    async with worker_of(ledger, redis_url) as started:
        yield started


async def scan(worker: Worker, code: int, cell: int) -> tuple[int, str]:
    """Scan a code as somebody new; gives the scan's number and outcome."""
    opened = worker.opened(code, f"m{code}", cell=cell)
    outcome = (await worker.pipeline.submit(opened)).outcome
    return opened.scan_id, outcome.value


async def run_jobs(worker: Worker) -> None:
    """Let jobs take in all that was scanned, and what they find be heard of."""
    await catch_up(worker.ground.database_url, Settings.from_env({}))
    await worker.states.refresh()


async def test_claims_of_diverted_goods_wait_until_the_share_falls(
    worker: Worker,
) -> None:
    """Outside of their region only, and of that dealer only, and are one case of it."""
    ground = worker.ground
    codes = await ground.live(50, **SOLD)
    await carton(ground, codes, ("shipping", "away"), ("receiving", "guangzhou-7"))
    others = await ground.live(3, **SOLD)
    await carton(ground, others, ("receiving", "honest"))
    for code in codes[:5]:
        assert (await scan(worker, code, HARBIN))[1] == "rewarded"
    await run_jobs(worker)
    held = await scan(worker, codes[5], HARBIN)
    assert (await scan(worker, codes[49], HARBIN))[1] == "held"
    home = await scan(worker, codes[6], GUANGZHOU)
    other = await scan(worker, others[0], HARBIN)
    assert [outcome for _, outcome in (held, home, other)] == [
        *("held", "rewarded", "rewarded"),
    ]
    async with ground.engine.connect() as conn:
        replays = await replay_scans(conn, [held[0], home[0], other[0]], TIMEZONE)
    assert all(replay.equals_record for replay in replays.values())
    decisions = [replays[number].decision for number, _ in (held, home, other)]
    shares = [
        decision.facts.get("dealer_outside_share") for decision in decisions if decision
    ]
    assert shares == [1.0, 1.0, None]
    assert "dealer-diverts" in replays[held[0]].recorded.hits
    sorting = CaseSorting(ground.engine, CLOCK, ground.ids, TIMEZONE, find_dealers)
    assert await sorting.sort_once() == 2
    cases = "SELECT kind, subject_kind, subject, scans FROM cases"
    assert await ground.rows(cases) == [("diversion", "dealer", "guangzhou-7", 2)]
    # What is sold where it belongs makes the share fall; below the rule's, all pass.
    for code in codes[7:48]:
        assert (await scan(worker, code, GUANGZHOU))[1] == "rewarded"
    await run_jobs(worker)
    assert worker.states.current.dealers.shares == (DealerShare("guangzhou-7", 49, 7),)
    assert (await scan(worker, codes[48], HARBIN))[1] == "rewarded"


async def test_a_dealer_of_whom_little_is_outside_by_now_is_let_go(
    ledger: Ground,
) -> None:
    codes = await ledger.live(4)
    await carton(ledger, codes, ("receiving", "a"))
    await diverts(ledger, "a", 100, 5)
    assert (await watch(ledger)).outside_share(codes[0]) == 0.05
    [(version,)] = await ledger.rows(VERSION)
    # Nothing new: nobody has to load anything.
    await watch(ledger)
    assert await ledger.rows(VERSION) == [(version,)]
    await diverts(ledger, "a", 120, 5)
    assert (await watch(ledger)).outside_share(codes[0]) == 0.042
    await diverts(ledger, "a", 260, 5)
    known = await watch(ledger)
    assert (known.outside_share(codes[0]), known.shares) == (None, ())
    assert await ledger.rows(VERSION) == [(version + 2,)]


async def test_a_false_alarm_ends_the_watch_until_as_much_is_seen_anew(
    ledger: Ground,
) -> None:
    codes = await ledger.live(4)
    await carton(ledger, codes, ("receiving", "a"))
    await diverts(ledger, "a", 100, 20)
    await ledger.rows(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen,"
        " detail) VALUES ('diversion', 'dealer:a', now(), now(), now(), 20, '{}')"
    )
    assert (await watch(ledger)).outside_share(codes[0]) == 0.2
    for dismissed, seen, share in ((20, 20, None), (20, 24, None), (20, 25, 0.2)):
        await ledger.rows(
            f"UPDATE incidents SET seen = {seen}, dismissed = {dismissed}"
        )
        assert (await watch(ledger)).outside_share(codes[0]) == share


@pytest.mark.parametrize("seed", range(3))
async def test_goods_are_followed_wherever_they_go(ledger: Ground, seed: int) -> None:
    """As asking for each code anew would tell, whenever the job runs."""
    dice = Random(seed)  # noqa: S311 - seeded
    codes = await ledger.live(60)
    dealers = [f"d{n}" for n in range(4)]
    ssccs: list[str] = []
    diverting: set[str] = set()
    for _ in range(40):
        step = dice.randrange(6)
        if step == 0:
            first = dice.randrange(60)
            last = min(first + dice.randrange(12), 59)
            ssccs.append(await pack(ledger, (codes[first], codes[last])))
        elif step == 1:
            dealer = dice.choice(dealers)
            diverting ^= {dealer}
            await diverts(ledger, dealer, 100, 10 if dealer in diverting else 0)
        elif step == 2:
            known = await watch(ledger, minutes=dice.choice([0, 11]))
            async with ledger.engine.connect() as conn:
                found = await find_dealers(conn, codes)
            assert [each and each.dealer for each in map(known.find, codes)] == [
                found.get(code) if found.get(code) in diverting else None
                for code in codes
            ]
        elif ssccs:
            kind = dice.choice(["shipping", "receiving"])
            some = set(dice.choices(ssccs, k=2))
            await move(ledger, kind, dice.choice(dealers), *some)


async def test_what_was_packed_anew_is_of_who_has_it_since(ledger: Ground) -> None:
    """Also when the first dealer's goods are read only then, by his old carton."""
    codes = await ledger.live(6)
    await carton(ledger, codes, ("receiving", "a"))
    await carton(ledger, codes[2:4], ("receiving", "b"))
    await diverts(ledger, "a", 100, 10)
    known = await watch(ledger)
    assert [known.outside_share(code) for code in codes] == [
        *(0.1, 0.1, None, None, 0.1, 0.1),
    ]


async def test_what_was_written_down_late_is_followed_too(ledger: Ground) -> None:
    """An event whose transaction ended after one with a higher number."""
    codes = await ledger.live(4)
    first, second = [await carton(ledger, [code]) for code in codes[:2]]
    await diverts(ledger, "a", 100, 10)
    await watch(ledger, minutes=11)
    slow = await ledger.connect()
    async with slow.transaction():
        await slow.execute(
            "INSERT INTO logistic_events (event_id, kind, happened_at,"
            " time_zone_offset, recorded_at, person, biz_location) VALUES"
            " ('00000000-0000-4000-8000-000000000001', 'receiving', now(), '+08:00',"
            " now(), 'li', 'a')"
        )
        await slow.execute(
            "INSERT INTO logistic_event_units VALUES"
            f" ('00000000-0000-4000-8000-000000000001', '{first}')".encode()
        )
        await move(ledger, "receiving", "a", second)
        known = await watch(ledger)
        assert [known.outside_share(code) for code in codes[:2]] == [None, 0.1]
    await slow.close()
    known = await watch(ledger)
    assert [known.outside_share(code) for code in codes[:2]] == [0.1, 0.1]


async def test_workers_know_dealers_whole_up_to_a_bound(ledger: Ground) -> None:
    """First those of whom most is outside; of the others nothing is known."""
    for dealer, outside, first in (("a", 9, 0), ("b", 90, 1), ("c", 30, 2)):
        await ledger.rows(
            "INSERT INTO watched_dealers"
            f" SELECT '{dealer}', 100, {outside}, array_agg(code), array_agg(code), 0"
            f" FROM generate_series({first}, 4 * {MOST_KNOWN // 2}, 4) AS s (code)"
        )
    async with ledger.engine.connect() as conn:
        known = await load_dealer_watch(conn)
    assert len(known.firsts) == MOST_KNOWN
    assert [known.outside_share(code) for code in range(4)] == [None, 0.9, 0.3, None]


async def test_of_two_jobs_at_once_one_watches(ledger: Ground) -> None:
    codes = await ledger.live(4)
    await carton(ledger, codes, ("receiving", "a"))
    await diverts(ledger, "a", 100, 10)

    async def one() -> None:
        async with ledger.engine.begin() as conn:
            await watch_once(conn)
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(4)))
    assert await ledger.rows(VERSION) == [(1,)]
    assert (await watch(ledger)).outside_share(codes[3]) == 0.1


@pytest.mark.parametrize("table", ["watched_dealers", "background_marks"])
async def test_a_watch_that_is_killed_has_changed_nothing(
    ledger: Ground, table: str
) -> None:
    """Before each table that it writes; the next does all of it."""
    codes = await ledger.live(4)
    await carton(ledger, codes, ("receiving", "a"))
    await diverts(ledger, "a", 100, 10)
    holder = await ledger.connect()
    async with holder.transaction(force_rollback=True):
        mode = "SHARE" if table == "background_marks" else "EXCLUSIVE"
        await holder.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        process = _FORKS.Process(target=watch_in_process, args=(ledger.database_url,))
        process.start()
        while not await ledger.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert process.is_alive(), "it came to its end"
            await asyncio.sleep(0.02)
        process.kill()
        process.join()
        await ledger.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        )
    await holder.close()
    assert await ledger.rows("SELECT count(*) FROM watched_dealers") == [(0,)]
    assert await ledger.rows(VERSION) == [(0,)]
    assert (await watch(ledger)).outside_share(codes[0]) == 0.1
