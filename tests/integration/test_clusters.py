"""Clusters follow the scans, whatever comes in which order, and whoever dies."""

import asyncio
import multiprocessing
from collections.abc import Sequence
from datetime import timedelta
from random import Random  # noqa: TID251 - seeded here

import pytest

from anti_fraud.domain.clusters import (
    HUB,
    SMALLEST,
    Link,
    Linked,
    find_clusters,
    without_hubs,
)
from anti_fraud.pipeline.clusters import SETTLED, follow_scans, forget_links
from anti_fraud.store.clusters import load_clusters
from core.clock import utc_datetime
from crowncap.link_ports import LINK_PORTS
from tests.fixtures.clusters import ToldLinks, follow, follow_in_process
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import publish, worker_of

_FORKS = multiprocessing.get_context("forkserver")


async def clusters_of(ground: Ground) -> set[tuple[int, ...]]:
    rows = await ground.rows("SELECT members FROM clusters")
    return {tuple(members) for (members,) in rows}


async def run(ground: Ground, told: ToldLinks, scans: int) -> None:
    """Follow up to a scan, in as many pieces as it takes."""
    more = 1
    while more:
        async with ground.engine.begin() as conn:
            more = await follow(conn, told, scans=scans)


def model(links: Sequence[Link]) -> set[tuple[int, ...]]:
    """Compute all clusters of all links at once."""
    sharers: dict[int, set[int]] = {}
    for key, member in links:
        sharers.setdefault(key, set()).add(member)
    plain = without_hubs({key: sorted(them) for key, them in sharers.items()})
    return {group for group in find_clusters(plain) if len(group) >= SMALLEST}


@pytest.mark.parametrize("seed", range(4))
async def test_step_by_step_they_are_what_all_links_at_once_make(
    ledger: Ground, seed: int
) -> None:
    """Also of devices that become hubs, and then part whom they had linked."""
    dice = Random(seed)  # noqa: S311 - seeded
    crowd = [Link(0, dice.randrange(90)) for _ in range(120)]
    pairs = [Link(1 + dice.randrange(60), dice.randrange(120)) for _ in range(160)]
    links = crowd + pairs
    dice.shuffle(links)
    told = ToldLinks(links, a_run=dice.randrange(5, 60))
    for scans in [*sorted(dice.sample(range(1, len(links)), 6)), len(links)]:
        await run(ledger, told, scans)
        assert await clusters_of(ledger) == model(links[:scans])
    assert len({member for key, member in links if key == 0}) > HUB


async def test_nobody_is_linked_by_a_hub(ledger: Ground) -> None:
    """Fifty on one device are a cluster; the next makes it a shop's."""
    links = [Link(7, member) for member in range(HUB + 1)]
    told = ToldLinks(links)
    await run(ledger, told, HUB)
    assert await clusters_of(ledger) == {tuple(range(HUB))}
    await run(ledger, told, HUB + 1)
    assert await clusters_of(ledger) == set()


async def test_who_is_flagged_later_is_counted(ledger: Ground) -> None:
    """At once where a scan may say so, and otherwise within a day."""
    links = [Link(7, member) for member in range(6)]
    told = ToldLinks(links, flagged={1})
    await run(ledger, told, 6)
    flagged = "SELECT flagged FROM clusters"
    assert await ledger.rows(flagged) == [(1,)]
    told.flagged, told.suspects = {1, 3, 99}, frozenset({3, 99})
    await run(ledger, told, 7)
    assert await ledger.rows(flagged) == [(2,)]
    told.flagged, told.suspects = {3}, frozenset()
    await run(ledger, told, 8)
    assert await ledger.rows(flagged) == [(2,)]
    await run(ledger, told, 7 + 24 * 60 + 2)
    assert await ledger.rows(flagged) == [(1,)]


async def test_who_is_on_the_list_of_the_blocked_is_flagged(ledger: Ground) -> None:
    await ledger.rows(
        "INSERT INTO list_entries (list, kind, value, reason, created_by, created_at)"
        " VALUES ('block', 'member', 'm2', 'a', 'b', now()),"
        " ('shop', 'member', 'm3', 'a', 'b', now()) RETURNING entry_id"
    )
    await run(ledger, ToldLinks([Link(7, member) for member in range(5)]), 5)
    assert await ledger.rows("SELECT flagged FROM clusters") == [(1,)]


async def test_of_two_jobs_at_once_one_works(ledger: Ground) -> None:
    """And the other has nothing to do, so that nothing is done twice."""
    told = ToldLinks([Link(7, member) for member in range(6)])

    async def one() -> None:
        async with ledger.engine.begin() as conn:
            await follow(conn, told, scans=6)
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(4)))
    assert await clusters_of(ledger) == {tuple(range(6))}
    assert await ledger.rows(
        "SELECT version FROM background_marks WHERE version > 0"
    ) == [(1,)]


@pytest.mark.parametrize("table", ["strong_links", "clusters", "background_marks"])
async def test_a_job_that_is_killed_has_done_nothing(
    ledger: Ground, table: str
) -> None:
    """Before each table that it writes; the next does all of it."""
    links = [Link(7, member) for member in range(6)]
    holder = await ledger.connect()
    async with holder.transaction(force_rollback=True):
        mode = "SHARE" if table == "background_marks" else "EXCLUSIVE"
        await holder.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        process = _FORKS.Process(
            target=follow_in_process, args=(ledger.database_url, links)
        )
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
    assert await clusters_of(ledger) == set()
    assert await ledger.rows("SELECT count(*) FROM strong_links") == [(0,)]
    assert await ledger.rows("SELECT DISTINCT scan_id FROM background_marks") == [(0,)]
    await run(ledger, ToldLinks(links), 6)
    assert await clusters_of(ledger) == {tuple(range(6))}


async def test_a_worker_loads_them_as_they_are(ledger: Ground) -> None:
    """Also where there are none."""
    async with ledger.engine.connect() as conn:
        assert (await load_clusters(conn)).find(1) is None
    await run(ledger, ToldLinks([Link(n % 2, n) for n in range(11)], flagged={1}), 11)
    async with ledger.engine.connect() as conn:
        known = await load_clusters(conn)
    assert (known.version, known.counted_at is None) == (1, False)
    assert [known.find(n) for n in range(12)] == [
        *[Linked(6, 0), Linked(5, 1)] * 5,
        Linked(6, 0),
        None,
    ]


async def test_links_are_forgotten_as_traces_are(ledger: Ground) -> None:
    told = ToldLinks([Link(7, member) for member in range(6)])
    await run(ledger, told, 6)
    for days, left in ((80, 6), (91, 0)):
        now = utc_datetime(CLOCK.now_ms()) + timedelta(days=days)
        async with ledger.engine.begin() as conn:
            await forget_links(conn, timezone=TIMEZONE, now=now)
        assert await ledger.rows("SELECT count(*) FROM strong_links") == [(left,)]


async def test_scans_make_links_and_rules_read_them(
    ledger: Ground, redis_url: str
) -> None:
    """From phones to a verdict: six on one device, half of them refused before."""
    await ledger.rules()
    await ledger.campaign("points")
    sentence = {"en": "Why.", "zh": "原因。"}
    farm = {
        "all": [
            {"fact": "cluster_size", "op": ">=", "value": 6},
            {"fact": "cluster_flagged_share", "op": ">=", "value": 0.3},
        ]
    }
    greedy = {"fact": "member_scans_10m", "op": "==", "value": 3}
    rules = [
        {"id": "farm", "score": 60, "sentence": sentence, "when": farm},
        {"id": "greedy", "score": 85, "sentence": sentence, "when": greedy},
    ]
    await publish(ledger, rules=rules)
    codes = iter(await ledger.live(20, campaign_id="points"))
    async with worker_of(ledger, redis_url) as worker:

        async def scan(member: str, device: str) -> str:
            opened = worker.opened(next(codes), member, device=device)
            return (await worker.pipeline.submit(opened)).outcome.value

        for n in range(6):
            assert await scan(f"farm{n}", "phone") == "rewarded"
        for n in range(2):
            assert await scan(f"farm{n}", "phone") == "rewarded"
            assert await scan(f"farm{n}", "phone") == "refused"
        assert await scan("honest", "another") == "rewarded"
        later = utc_datetime(CLOCK.now_ms()) + SETTLED + timedelta(minutes=1)
        async with ledger.engine.begin() as conn:
            await follow_scans(conn, LINK_PORTS, timezone=TIMEZONE, now=later)
        async with ledger.engine.connect() as conn:
            clusters = await load_clusters(conn)
        [(member_no,)] = await ledger.rows(
            "SELECT member_no FROM members WHERE member_id = 'farm5'"
        )
        assert clusters.find(member_no) == Linked(6, 2)
        await worker.states.refresh()
        assert await scan("farm5", "a new phone") == "held"
        assert await scan("farm4", "phone") == "held"
        assert await scan("honest", "phone") == "rewarded"
