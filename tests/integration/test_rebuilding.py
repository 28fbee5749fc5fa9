"""Balances, lots and limits are added up anew from transfers alone, and put right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from core.clock import business_day, utc_datetime
from core.errors import Conflict
from rewards.domain.draws.terms import Entry
from rewards.domain.limits import number_region
from rewards.domain.rebuilding import Rebuilt
from rewards.pipeline.rebuilding import Rebuilding
from scan_api.pipeline.claim_facts import find_scan_regions
from tests.fixtures.cards import Album
from tests.fixtures.claims import (
    Claims,
    Worker,
    card,
    chance,
    coupon,
    gift,
    points,
    scan_id,
    ticket,
    working,
)
from tests.fixtures.coupons import SUPPORT, SetClock
from tests.fixtures.draws import Raffle
from tests.fixtures.gifts import GiftShelf
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground

PACKET = {"offer_id": "cash", "kind": "red_packet", "minor": 100, "stock": 9}
PERS = ("member", "member_day", "day", "region_day")
# Where caps are scanned; the last is nowhere known.
SHANGHAI, PEKING = {"region": "CN-31"}, {"store_id": "s-11"}


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


def rebuilding(claims: Claims) -> Rebuilding:
    """Give what adds up a database."""
    return Rebuilding(claims.ground.engine, TIMEZONE, find_scan_regions)


async def look(claims: Claims) -> Rebuilt:
    """Tell what differs."""
    return await rebuilding(claims).look(now=utc_datetime(CLOCK.now_ms()))


async def repair(claims: Claims) -> Rebuilt:
    """Put right what differs."""
    now = utc_datetime(CLOCK.now_ms())
    return await rebuilding(claims).repair(SUPPORT, now=now)


@asynccontextmanager
async def lived_in(claims: Claims, redis_url: str) -> AsyncIterator[Worker]:
    """Let everything happen that transfers and limits know."""
    ground = claims.ground
    pool = await claims.counter.pool(stock=9, daily_stock=9, per_member=9)
    raffle = Raffle(ground, SetClock(CLOCK.now_ms()))
    draw = await raffle.make(entry=Entry.OPEN, most_tickets=9)
    await Album(ground, SetClock(CLOCK.now_ms())).set(cards=("a", "b"))
    caps = [{"per": per, "of": "claims", "most": 50} for per in PERS]
    caps += [
        {"per": per, "of": of, "most": 900}
        for per in ("day", "region_day")
        for of in ("points", "minor")
    ]
    await ground.rows(
        "INSERT INTO stores (store_id, name, kind, region, created_at)"
        " VALUES ('s-11', 'Wangfujing', 'shop', 'cn-bj', date '2020-01-01')"
    )
    tiers = ("gold", 1_000_000, gift("Car", stock=1)), ("next", 0, points(1))
    await claims.campaign(
        "all",
        points(5, stock=40),
        coupon(pool),
        gift(daily_stock=9),
        PACKET,
        chance(*tiers),
        ticket(draw.draw_id, 2),
        card("zodiac"),
        budget={"points": 500, "minor": 5_000},
        caps=caps,
    )
    async with working(claims, redis_url) as [worker]:
        codes = await ground.live(5)
        scans = [
            scan_id(await worker.scan(code, "ann", context=context))
            for code, context in zip(codes, (SHANGHAI, SHANGHAI, PEKING), strict=False)
        ]
        await worker.scan(codes[3], "bob")
        await claims.spend("ann", 4)
        await claims.reverse(scans[0])
        shelf = GiftShelf(ground, SetClock(CLOCK.now_ms()))
        await shelf.claim(await shelf.gift(), "ann")
        await raffle.enter(draw, "ann", "bob")
        await claims.counter.issue(pool, "ann", "bob")
        await ground.rows(
            "INSERT INTO balances (shard, member_no, unit, expires_on, available,"
            " pending, debt) SELECT 0, member_no, 0, date '2031-01-31', 0, 0, 0"
            " FROM members LIMIT 1"
        )
        yield worker


async def test_nothing_differs_of_what_only_the_service_wrote(
    claims: Claims, redis_url: str
) -> None:
    async with lived_in(claims, redis_url):
        assert await look(claims) == Rebuilt()
        assert await claims.ground.audit() == []


BREAKS = {
    "more than was earned": "UPDATE balances SET available = available + 7",
    "less than was earned": "UPDATE balances SET available = 0 WHERE available > 0",
    "a debt of nobody": "UPDATE balances SET debt = 3 WHERE NOT isfinite(expires_on)",
    "points that wait for nothing": (
        "UPDATE balances SET pending = 2 WHERE NOT isfinite(expires_on)"
    ),
    "lots that are gone": "DELETE FROM balances",
    "a lot of nothing": (
        "UPDATE balances SET available = 4 WHERE expires_on = date '2031-01-31'"
    ),
    "limits that took more": (
        "UPDATE limit_uses SET used = used + 1 WHERE used < most"
    ),
    "limits that took nothing": "UPDATE limit_uses SET used = 0",
    "limits that are gone": "DELETE FROM limit_uses",
    "what one region took, taken by another": (
        "UPDATE limit_uses SET holder = -7 WHERE holder < 0 AND holder = ("
        "SELECT min(holder) FROM limit_uses)"
    ),
}


_LOTS = (
    "SELECT member_no, unit, expires_on::text, available, pending, debt FROM balances"
    " WHERE (available, pending, debt) <> (0, 0, 0) ORDER BY 1, 2, 3"
)
_USES = (
    "SELECT u.limit_no, holder, period, used FROM limit_uses AS u"
    " JOIN limits AS l USING (limit_no) WHERE used > 0"
    " ORDER BY 1, 2, 3"
)
KEPT = (_LOTS, _USES)


@pytest.mark.parametrize("name", BREAKS)
async def test_what_somebody_broke_is_said_and_put_right(
    claims: Claims, redis_url: str, name: str
) -> None:
    """Looking changes nothing; putting right is done once, and is audited."""
    ground = claims.ground
    async with lived_in(claims, redis_url):
        before = [await ground.rows(each) for each in KEPT]
        await ground.rows(BREAKS[name])
        broken = [await ground.rows(each) for each in KEPT]
        assert broken != before
        said = await look(claims)
        assert said.gaps > 0
        assert said.examples
        assert said.repaired == 0
        assert [await ground.rows(each) for each in KEPT] == broken
        done = await repair(claims)
        assert (done.gaps, done.repaired) == (said.gaps, said.gaps)
        assert [await ground.rows(each) for each in KEPT] == before
        assert await look(claims) == Rebuilt()
        [[person, detail]] = await ground.rows(
            "SELECT person, detail FROM audit_log WHERE action = 'ledger.rebuild'"
        )
        assert (person, detail["repaired"]) == (SUPPORT.person, said.gaps)
        assert await ground.audit() == []


async def test_scans_go_on_while_it_is_put_right(
    claims: Claims, redis_url: str
) -> None:
    """What members earn and spend meanwhile counts once."""
    ground = claims.ground
    async with lived_in(claims, redis_url) as worker:
        await ground.rows("UPDATE balances SET available = available + 100")
        await ground.rows(
            "UPDATE limit_uses SET used = used + 2 WHERE used < most - 20"
        )
        codes = await ground.live(12)

        async def scan() -> None:
            for code in codes:
                await worker.scan(code, "ann")
                await claims.spend("ann", 1)

        async def put_right() -> None:
            for _ in range(3):
                await repair(claims)

        await asyncio.gather(scan(), put_right())
        assert await look(claims) == Rebuilt()
        assert await ground.audit() == []


async def test_counts_of_claims_are_left_alone(claims: Claims) -> None:
    """They are of scans, of which the ledger knows nothing."""
    [ann] = await claims.ground.members("ann")
    await claims.ground.rows(
        "WITH l AS (INSERT INTO limits (per, counts, most, since)"
        " VALUES ('member', 'claims', 9, date '2026-01-01') RETURNING limit_no)"
        " INSERT INTO limit_uses (shard, limit_no, holder, period, used, most)"
        f" SELECT 0, limit_no, {ann}, date 'epoch', 3, 9 FROM l RETURNING holder"
    )
    assert await look(claims) == Rebuilt()


async def test_two_at_once_do_not_put_right_twice(
    claims: Claims, redis_url: str
) -> None:
    async with lived_in(claims, redis_url):
        await claims.ground.rows("UPDATE balances SET available = available + 1")
        told = await asyncio.gather(
            *(repair(claims) for _ in range(4)), return_exceptions=True
        )
        others = [each for each in told if isinstance(each, BaseException)]
        assert all(isinstance(each, Conflict) for each in others)
        assert await look(claims) == Rebuilt()


async def test_what_was_spent_and_never_earned_is_left_and_told(
    claims: Claims,
) -> None:
    """No lot may be below zero; a person has to decide."""
    [ann] = await claims.ground.members("ann")
    await claims.ground.rows(
        "INSERT INTO balances (shard, member_no, unit, available, pending)"
        f" VALUES (0, {ann}, 0, 9, 0)"
    )
    await claims.spend("ann", 5)
    done = await repair(claims)
    assert (done.lots, done.repaired) == (1, 0)
    assert [str(each) for each in done.examples] == [
        "member ann, points for ever: available is 9 too many."
    ]


async def test_a_region_that_is_wrong_is_named(claims: Claims, redis_url: str) -> None:
    async with lived_in(claims, redis_url):
        shanghai, peking = number_region("CN-31"), number_region("CN-11")
        points = (
            "limit_no = (SELECT limit_no FROM limits WHERE per = 'region_day'"
            " AND counts = 'points')"
        )
        rows = f"SELECT holder, used FROM limit_uses WHERE {points} ORDER BY 1"
        nowhere = number_region(None)
        # One of two scans in Shanghai was taken back.
        taken = await claims.ground.rows(rows)
        assert taken == sorted([(shanghai, 6), (peking, 6), (nowhere, 6)])
        await claims.ground.rows(
            f"UPDATE limit_uses SET used = 9 WHERE {points} AND holder = {shanghai}"
        )
        done = await repair(claims)
        [told] = done.examples
        day = business_day(CLOCK.now_ms(), TIMEZONE)
        assert str(told) == (
            f"region CN-31, all per region_day points on {day}: taken is 3 too many."
        )
        assert await claims.ground.rows(rows) == taken


async def test_days_that_upkeep_forgets_are_not_looked_at(
    claims: Claims, redis_url: str
) -> None:
    async with lived_in(claims, redis_url):
        await claims.ground.rows("DELETE FROM limit_uses WHERE period > date 'epoch'")
        assert (await look(claims)).uses > 0
        later = utc_datetime(CLOCK.now_ms()) + timedelta(days=8)
        assert await rebuilding(claims).look(now=later) == Rebuilt()
