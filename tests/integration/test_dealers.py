"""Whose goods are claimed where they are not to be sold is counted once, and told."""

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.dealers import Sold, SoldCode
from anti_fraud.domain.places import cell_of
from anti_fraud.pipeline.dealers import count_dealers
from core.clock import business_day, utc_datetime
from printer_export.store.aggregation.dealers import find_dealers
from tests.fixtures.dealers import carton, count_scans
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import worker_of

GUANGZHOU, HARBIN = cell_of(23.13, 113.26), cell_of(45.80, 126.53)
SHARES = "SELECT dealer, codes, outside FROM dealer_days ORDER BY dealer"
INCIDENTS = "SELECT subject, seen, detail FROM incidents WHERE kind = 'diversion'"


async def test_a_dealer_is_who_received_it_last_else_to_whom_it_was_shipped(
    ledger: Ground,
) -> None:
    first = await ledger.live(2)
    await carton(
        ledger, first, ("shipping", "a"), ("receiving", "b"), ("shipping", "c")
    )
    second = await ledger.live(2)
    await carton(ledger, second, ("shipping", "a"), ("shipping", "d"))
    third = await ledger.live(2)
    await carton(ledger, third)
    async with ledger.engine.connect() as conn:
        found = await find_dealers(conn, [*first, *second, *third])
    assert found == dict.fromkeys(first, "b") | dict.fromkeys(second, "d")


async def test_a_dealer_whose_goods_turn_up_elsewhere_is_reported(
    ledger: Ground, redis_url: str
) -> None:
    """From five codes on; what is scanned again, or has no dealer, counts nowhere."""
    await ledger.rules()
    await ledger.campaign("points")
    sold = {"campaign_id": "points", "sale_regions": ["CN-44"]}
    codes = await ledger.live(12, **sold)
    await carton(ledger, codes, ("receiving", "guangzhou-7"))
    others = await ledger.live(9, **sold)
    await carton(ledger, others, ("receiving", "honest"))
    [nobodys] = await ledger.live(1, **sold)
    async with worker_of(ledger, redis_url) as worker:

        async def scan(code: int, cell: int, by: str = "") -> None:
            member = by or f"m{code}"
            await worker.pipeline.submit(worker.opened(code, member, cell=cell))

        for code in codes[:4]:
            await scan(code, HARBIN)
            await scan(code, HARBIN, "another")
        for code in codes[4:8]:
            await scan(code, GUANGZHOU)
        for code in others:
            await scan(code, GUANGZHOU)
        await scan(nobodys, HARBIN)
        await count_scans(ledger)
        await count_scans(ledger)
        assert await ledger.rows(SHARES) == [("guangzhou-7", 8, 4), ("honest", 9, 0)]
        assert await ledger.rows(INCIDENTS) == []
        # The next runs, as time goes on: what was counted is counted no more.
        await ledger.rows(
            "UPDATE background_marks SET scan_id = (SELECT max(scan_id) FROM scans)"
            " WHERE name = 'dealers' RETURNING 1"
        )
        for code in codes[8:10]:
            await scan(code, HARBIN)
    await asyncio.gather(*(count_scans(ledger, hours=1) for _ in range(3)))
    assert await ledger.rows(SHARES) == [("guangzhou-7", 10, 6), ("honest", 9, 0)]
    detail = {"codes": 10, "outside": 6, "days": 7}
    assert await ledger.rows(INCIDENTS) == [("dealer:guangzhou-7", 2, detail)]


async def test_what_nobody_looks_at_any_more_is_forgotten(ledger: Ground) -> None:
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    for dealer, days in (("old", 91), ("new", 90)):
        await ledger.rows(
            "INSERT INTO dealer_days VALUES"
            f" ('{today - timedelta(days=days)}', '{dealer}', 9, 9) RETURNING 1"
        )

    async def read_sold(conn: AsyncConnection, after: int, upto: int) -> Sold:
        del conn, after
        return Sold(upto, [SoldCode("a", today, is_outside=False)])

    async with ledger.engine.begin() as conn:
        await count_dealers(conn, read_sold, now=utc_datetime(CLOCK.now_ms()))
    rows = await ledger.rows("SELECT dealer FROM dealer_days ORDER BY dealer")
    assert rows == [("a",), ("new",)]
