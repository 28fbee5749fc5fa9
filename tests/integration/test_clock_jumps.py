"""Midnight of the installation's time zone, month ends, leap days, clocks that jump."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest

from core.clock import end_of_day, to_ms
from rewards.domain.points.spending import Spend, SpendOutcome
from rewards.domain.programme import Clawback
from rewards.domain.rebuilding import Rebuilt
from rewards.pipeline.points.expiring import expire_points
from rewards.pipeline.points.spending import spend
from tests.fixtures.claims import Claims, Worker, points, scan_id, working
from tests.fixtures.coupons import SetClock
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground

# The last days of months, one of them a leap day, and of a year.
LAST_DAYS = (date(2028, 1, 31), date(2028, 2, 29), date(2027, 12, 31))


@pytest.fixture
async def claims(ledger: Ground) -> Claims:
    """Give a fresh database, where points are good until the next month's end."""
    await ledger.rows(
        "INSERT INTO programme_versions (version, state, terms, created_by,"
        " created_at, approved_by, approved_at) VALUES (1, 'active',"
        " '{\"points_valid_months\": 1}', 'a', now(), 'b', now())"
    )
    return Claims(ledger)


@pytest.fixture
async def worker(claims: Claims, redis_url: str) -> AsyncIterator[Worker]:
    """Run a worker that pays five points, to each member once a day."""
    caps = [{"per": "member_day", "of": "claims", "most": 1}]
    await claims.campaign("all", points(5), caps=caps)
    async with working(claims, redis_url) as [running]:
        yield running


def midnight_after(day: date) -> int:
    """Tell the first millisecond of the next day, since 1970."""
    return to_ms(end_of_day(day, TIMEZONE))


def end_of_month(year: int, month: int) -> date:
    """Tell the last day of the month after one."""
    first = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first - timedelta(days=1)


async def lots(claims: Claims) -> dict[date, int]:
    """Read what Ann has, by the last day on which it is good."""
    rows = await claims.ground.rows(
        "SELECT expires_on, available FROM balances"
        " WHERE isfinite(expires_on) AND available > 0"
    )
    return dict(rows)


async def spent(claims: Claims, amount: int, day: date) -> SpendOutcome:
    """Let Ann spend on a business day."""
    [ann] = await claims.ground.members("ann")
    wish = Spend(claims.ground.ids.next_id(CLOCK.now_ms()), ann, amount, "a test")
    async with claims.ground.engine.begin() as conn:
        [outcome] = await spend(conn, [wish], today=day)
    return outcome


async def expire(claims: Claims, day: date) -> int:
    """Let go what has ended by a job's clock."""
    ids = claims.ground.ids
    async with claims.ground.engine.begin() as conn:
        return await expire_points(
            conn, day=day, next_id=lambda: ids.next_id(CLOCK.now_ms())
        )


@pytest.mark.parametrize("day", LAST_DAYS)
async def test_a_day_and_a_month_end_at_midnight_of_the_installation(
    claims: Claims, worker: Worker, day: date
) -> None:
    """A millisecond before and after it are of two days, and of two months' lots."""
    midnight = midnight_after(day)
    assert datetime.fromtimestamp(midnight / 1000, TIMEZONE).hour == 0
    codes = await claims.ground.live(4)
    moments = (midnight - 2, midnight - 1, midnight, midnight + 1)
    told = [
        (await worker.scan(code, "ann", at_ms=at))["outcome"]
        for code, at in zip(codes, moments, strict=True)
    ]
    assert told == ["rewarded", "limit_reached", "rewarded", "limit_reached"]
    following = day + timedelta(days=1)
    assert await lots(claims) == {
        end_of_month(day.year, day.month): 5,
        end_of_month(following.year, following.month): 5,
    }
    periods = await claims.ground.rows(
        "SELECT period, used FROM limit_uses ORDER BY period"
    )
    assert periods == [(day, 1), (following, 1)]
    assert await claims.ground.audit() == []
    assert await claims.ground.rebuild() == Rebuilt()


async def test_a_clock_that_jumps_over_an_end_and_back_loses_and_doubles_nothing(
    claims: Claims, worker: Worker
) -> None:
    """What has ended by anybody's clock is spent by nobody; what went stays gone."""
    earned, leap_day = date(2028, 1, 31), date(2028, 2, 29)
    [first, second] = await claims.ground.live(2)
    early = midnight_after(earned) - 1
    scan = scan_id(await worker.scan(first, "ann", at_ms=early))
    assert await lots(claims) == {leap_day: 5}
    # A till's clock is ahead, and no job has run: what has ended is not spent.
    assert await spent(claims, 1, date(2028, 3, 1)) is SpendOutcome.TOO_LITTLE
    assert await spent(claims, 1, leap_day) is SpendOutcome.SPENT
    # The job's clock jumps over the end, and back again.
    assert await expire(claims, leap_day) == 0
    assert await expire(claims, date(2028, 4, 1)) == 1
    assert await expire(claims, leap_day) == 0
    assert await spent(claims, 1, leap_day) is SpendOutcome.TOO_LITTLE
    # A worker whose clock went back with it adds to the same lot again.
    worker_at = early - 86_400_000
    assert (await worker.scan(second, "ann", at_ms=worker_at))["outcome"] == "rewarded"
    assert await lots(claims) == {leap_day: 5}
    assert await expire(claims, date(2028, 4, 1)) == 1
    # All of it is over: a clawback owes what it cannot take.
    clock = SetClock(midnight_after(date(2028, 4, 1)))
    _, done = await claims.reverse(scan, Clawback.DEBT, clock=clock)
    assert (done.points, done.debt) == (0, 5)
    assert await claims.ground.audit() == []
    assert await claims.ground.rebuild() == Rebuilt()
