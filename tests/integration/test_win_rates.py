"""Who wins how often where is counted once from scans, and told when it is no luck."""

import asyncio
import multiprocessing
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pytest

from anti_fraud.pipeline.clusters import SETTLED
from anti_fraud.pipeline.win_rates import count_wins
from codegen.domain.keys import Secret
from core.clock import utc_datetime
from crowncap.roll_ports import roll_reader
from rewards.domain.chances import chance_rolls
from rewards.domain.holds import Resolution
from rewards.pipeline.chances import TierName, freeze_tier
from tests.fixtures.claims import (
    WRITER,
    Claims,
    Json,
    Worker,
    chance,
    gift,
    points,
    scan_id,
    working,
)
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.win_rates import count_wins_in_process

_FORKS: Final = multiprocessing.get_context("forkserver")
GUANGDONG, SHANGHAI = "CN-44", "CN-31"
DAYS = "SELECT tier_id, region, claims, wins, promised FROM tier_days ORDER BY 1, 2"
INCIDENTS = "SELECT subject, state, seen, detail FROM incidents WHERE kind = 'win_rate'"


async def count(ground: Ground, *, minutes: int = 1) -> None:
    """Run the job to its end, when all that was scanned until now is settled."""
    now = utc_datetime(CLOCK.now_ms()) + SETTLED + timedelta(minutes=minutes)
    read = roll_reader(ground.issuance.key_file, TIMEZONE)
    more = 1
    while more:
        async with ground.engine.begin() as conn:
            more = await count_wins(conn, read, timezone=TIMEZONE, now=now)


def split(
    claims: Claims, campaign_no: int, codes: Sequence[int], *, version: int = 1
) -> tuple[list[int], list[int]]:
    """Tell which codes win the best tier of a half, and which nothing of it."""
    key = claims.ground.issuance.key_file.load_secrets(Secret.CHANCES)[0]
    rolls = chance_rolls(key, campaign_no, version, 1, codes)
    wins = [code for code, roll in zip(codes, rolls, strict=True) if roll < 500_000]
    return wins, [code for code in codes if code not in set(wins)]


async def scan_all(
    worker: Worker, codes: Sequence[int], region: str | None
) -> list[Json]:
    """Scan codes, each for a member of its own."""
    context = {} if region is None else {"region": region}
    return await asyncio.gather(
        *(worker.scan(code, f"m{code}", context=context) for code in codes)
    )


async def test_a_region_that_wins_too_often_is_reported(
    ledger: Ground, redis_url: str
) -> None:
    """By who picks winners; one that was closed, by what is won on later days."""
    claims = Claims(ledger)
    await claims.campaign("luck", chance(("gold", 500_000, gift())))
    number = (await claims.load("luck")).campaign_no
    wins, losses = split(claims, number, await ledger.live(700))
    async with working(claims, redis_url) as (worker,):
        await scan_all(worker, wins[:202] + losses[:20], GUANGDONG)
        await scan_all(worker, wins[202:232] + losses[20:50], SHANGHAI)
        await scan_all(worker, wins[232:240], None)
    await asyncio.gather(*(count(ledger) for _ in range(3)))
    rows = [
        ("gold", SHANGHAI, 60, 30, 30_000_000),
        ("gold", GUANGDONG, 222, 202, 111_000_000),
    ]
    assert await ledger.rows(DAYS) == rows
    name = {"campaign_id": "luck", "offer_id": "luck", "tier_id": "gold"}
    told = {"wins": 202, "expected": 111.0, "sigma": 12.2, "claims": 222, "days": 7}
    detail = name | {"region": GUANGDONG} | told
    subject = "tier:luck/luck/gold@CN-44"
    assert await ledger.rows(INCIDENTS) == [(subject, "open", 202, detail)]
    # The next runs, as time goes on: what was counted is counted no more.
    await count(ledger, minutes=60)
    assert await ledger.rows(DAYS) == rows
    assert await ledger.rows(INCIDENTS) == [(subject, "open", 202, detail)]
    for place, (closed, state) in enumerate((("1 hour", "closed"), ("-1 day", "open"))):
        await ledger.rows(
            "UPDATE incidents SET state = 'closed', closed_by = 'li', finding ="
            f" 'confirmed', closed_at = now() + interval '{closed}' RETURNING 1"
        )
        async with working(claims, redis_url) as (worker,):
            # What is numbered from now on is after what was counted.
            await ledger.rows(
                "UPDATE background_marks SET scan_id = (SELECT max(scan_id) FROM scans)"
                " WHERE name = 'win_rates' RETURNING 1"
            )
            await scan_all(worker, [wins[240 + place]], GUANGDONG)
        await count(ledger, minutes=120 + place)
        [[_, now_so, seen, _]] = await ledger.rows(INCIDENTS)
        assert (now_so, seen) == (state, 202 + place)


async def test_what_was_won_counts_whatever_was_paid(
    ledger: Ground, redis_url: str
) -> None:
    """Of a frozen tier, of one whose stock is gone, of holds that end; by versions."""
    claims = Claims(ledger)
    tiers = (("gold", 500_000, gift(stock=1)), ("iron", 250_000, points(1)))
    await claims.campaign("luck", chance(*tiers))
    number = (await claims.load("luck")).campaign_no
    wins, losses = split(claims, number, await ledger.live(40))
    async with working(claims, redis_url) as (worker,):
        told = await scan_all(worker, wins[:5] + losses[:5], GUANGDONG)
    await ledger.rows(
        "UPDATE scans SET outcome = 'held' WHERE outcome = 'rewarded' RETURNING 1"
    )
    await claims.resolve(*map(scan_id, told), by=Resolution.VOIDED)
    name = TierName("luck", "luck", "gold")
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        await freeze_tier(conn, name, WRITER, reason="a test", now=now)
    async with working(claims, redis_url) as (worker,):
        await scan_all(worker, wins[5:8] + losses[5:7], GUANGDONG)
    await claims.campaign("luck", chance(("gold", 100_000, gift(stock=1))))
    async with working(claims, redis_url) as (worker,):
        await scan_all(worker, wins[8:] + losses[7:], GUANGDONG)
    await count(ledger)
    [gold, iron] = await ledger.rows(DAYS)
    left = len(wins[8:] + losses[7:])
    assert (gold[2], gold[4]) == (15 + left, 15 * 500_000 + left * 100_000)
    assert (iron[2], iron[4]) == (15, 15 * 250_000)
    key = ledger.issuance.key_file.load_secrets(Secret.CHANCES)[0]
    later = chance_rolls(key, number, 2, 1, wins[8:] + losses[7:])
    assert gold[3] == 8 + sum(roll < 100_000 for roll in later)
    assert iron[3] <= 7, "who won gold and got iron has won gold"


async def test_who_may_have_no_more_today_looks_no_luckier(
    ledger: Ground, redis_url: str
) -> None:
    """A code that lost is turned away by a full cap, one that won is claimed."""
    claims = Claims(ledger)
    await claims.campaign("luck", chance(("gold", 500_000, gift())))
    await claims.campaign(
        "points", points(5), caps=[{"per": "member_day", "of": "points", "most": 5}]
    )
    number = (await claims.load("luck")).campaign_no
    wins, losses = split(claims, number, await ledger.live(40))
    context = {"region": GUANGDONG}
    async with working(claims, redis_url) as (worker,):
        await worker.scan(losses[0], "one", context=context)
        turned_away = [
            await worker.scan(code, "one", context=context)
            for code in (*losses[1:4], losses[1])
        ]
        for code in wins[:3]:
            await worker.scan(code, "one", context=context)
    assert {each["outcome"] for each in turned_away} == {"limit_reached"}
    await count(ledger)
    assert await ledger.rows(DAYS) == [("gold", GUANGDONG, 7, 3, 3_500_000)]


async def test_a_late_scan_counts_on_its_own_day(
    ledger: Ground, redis_url: str
) -> None:
    claims = Claims(ledger)
    await claims.campaign("luck", chance(("gold", 1_000_000, gift())))
    [code, late] = await ledger.live(2)
    context = {"region": GUANGDONG}
    own_ms = CLOCK.now_ms() - 3 * 86_400_000
    async with working(claims, redis_url) as (worker,):
        await worker.scan(code, "a", context=context)
        await worker.scan(late, "b", context=context, scanned_at_ms=own_ms)
    await count(ledger)
    [[newest], [oldest]] = await ledger.rows(
        "SELECT day FROM tier_days ORDER BY day DESC"
    )
    assert newest - oldest == timedelta(days=3)


@pytest.mark.parametrize("table", ["tier_days", "background_marks"])
async def test_a_job_that_is_killed_has_counted_nothing(
    ledger: Ground, redis_url: str, table: str
) -> None:
    """Before each table that it writes; the next counts all, once."""
    claims = Claims(ledger)
    await claims.campaign("luck", chance(("gold", 1_000_000, gift())))
    async with working(claims, redis_url) as (worker,):
        await scan_all(worker, await ledger.live(5), GUANGDONG)
    holder = await ledger.connect()
    async with holder.transaction(force_rollback=True):
        mode = "SHARE" if table == "background_marks" else "EXCLUSIVE"
        await holder.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        process = _FORKS.Process(
            target=count_wins_in_process,
            args=(ledger.database_url, ledger.issuance.key_file),
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
    assert await ledger.rows(DAYS) == []
    await count(ledger)
    await count(ledger)
    assert await ledger.rows(DAYS) == [("gold", GUANGDONG, 5, 5, 5_000_000)]


async def test_a_code_that_was_released_counts_by_its_first_claim(
    ledger: Ground, redis_url: str
) -> None:
    claims = Claims(ledger)
    await claims.campaign("luck", chance(("gold", 1_000_000, gift())))
    [code, other] = await ledger.live(2)
    async with working(claims, redis_url) as (worker,):
        first = scan_id(await worker.scan(code, "a", context={"region": GUANGDONG}))
        await count(ledger)
        # As a denied case does it.
        await ledger.rows(f"DELETE FROM claims WHERE code_id = {code} RETURNING 1")
        await ledger.rows(
            "INSERT INTO released_claims (code_id, member_no, scan_id)"
            f" SELECT code_id, member_no, scan_id FROM scans WHERE scan_id = {first}"
            " RETURNING 1"
        )
    await ledger.rows(
        f"UPDATE background_marks SET scan_id = {first} WHERE name = 'win_rates'"
        " RETURNING 1"
    )
    async with working(claims, redis_url) as (worker,):
        for each in (code, other):
            await worker.scan(each, "b", context={"region": GUANGDONG})
    assert await ledger.rows("SELECT count(*) FROM scans WHERE outcome = 'rewarded'")
    await count(ledger, minutes=2)
    assert await ledger.rows(DAYS) == [("gold", GUANGDONG, 2, 2, 2_000_000)]
