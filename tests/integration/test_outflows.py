"""What campaigns give is looked at as figures have it, once at a moment."""

import asyncio
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.outflows import GivenDay
from anti_fraud.pipeline.outflows import watch_outflows
from core.clock import business_day, utc_datetime
from crowncap.outflow_ports import read_given
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground

INCIDENTS = "SELECT subject, seen, detail FROM incidents WHERE kind = 'outflow'"


async def look(ground: Ground, *, minutes: int) -> None:
    """Let three jobs look at the same moment."""
    now = utc_datetime(CLOCK.now_ms()).replace(hour=4, minute=0, second=0)
    now = now.replace(microsecond=0) + timedelta(minutes=minutes)

    async def one() -> None:
        async with ground.engine.begin() as conn:
            await watch_outflows(conn, read_given, timezone=TIMEZONE, now=now)

    await asyncio.gather(*(one() for _ in range(3)))


async def test_a_campaign_that_gives_too_much_is_reported(ledger: Ground) -> None:
    """Each look sees it once more; a calm one is never."""
    await ledger.campaign("wild")
    await ledger.campaign("calm")
    noon = utc_datetime(CLOCK.now_ms()).replace(hour=4, minute=0)
    today = business_day(int(noon.timestamp() * 1_000), TIMEZONE)
    for campaign, newest in (("wild", 90_000), ("calm", 29_000)):
        for ago, amount in ((0, newest), (1, 10_000), (2, 10_000), (3, 10_000)):
            await ledger.rows(
                "INSERT INTO offer_days (offer_no, day, awards, amount)"
                f" SELECT offer_no, '{today - timedelta(days=ago)}', 1, {amount}"
                " FROM offers JOIN campaigns USING (campaign_no)"
                f" WHERE campaign_id = '{campaign}' LIMIT 1 RETURNING 1"
            )
    await look(ledger, minutes=0)
    detail = {"points": {"today": 90_000, "expected": 10_000}}
    assert await ledger.rows(INCIDENTS) == [("campaign:wild", 1, detail)]
    await look(ledger, minutes=10)
    assert await ledger.rows(INCIDENTS) == [("campaign:wild", 2, detail)]
    await look(ledger, minutes=10)
    assert await ledger.rows(INCIDENTS) == [("campaign:wild", 2, detail)]


async def test_what_somebody_closed_is_told_again_once_it_has_doubled(
    ledger: Ground,
) -> None:
    """On the same day; closed on the next one, whatever that gives too much is."""
    await ledger.campaign("wild")
    noon = utc_datetime(CLOCK.now_ms()).replace(hour=4, minute=0)
    today = business_day(int(noon.timestamp() * 1_000), TIMEZONE)
    for ago, amount in ((0, 90_000), (1, 10_000), (2, 10_000), (3, 10_000)):
        await ledger.rows(
            "INSERT INTO offer_days (offer_no, day, awards, amount)"
            f" SELECT offer_no, '{today - timedelta(days=ago)}', 1, {amount}"
            " FROM offers LIMIT 1 RETURNING 1"
        )
    await look(ledger, minutes=0)
    state = "SELECT state, seen FROM incidents WHERE kind = 'outflow'"
    close = (
        "UPDATE incidents SET state = 'closed', closed_by = 'li', finding ="
        " 'confirmed', closed_at = now() RETURNING 1"
    )
    give = f"UPDATE offer_days SET amount = {{}} WHERE day = '{today}' RETURNING 1"
    await ledger.rows(close)
    for minutes, amount, told in (
        (10, 90_000, ("closed", 1)),
        (20, 179_999, ("closed", 1)),
        (30, 180_000, ("open", 2)),
    ):
        await ledger.rows(give.format(amount))
        await look(ledger, minutes=minutes)
        assert await ledger.rows(state) == [told]
    await ledger.rows(close)
    await look(ledger, minutes=40)
    assert await ledger.rows(state) == [("closed", 2)]
    yesterday = "UPDATE incidents SET last_at = last_at - interval '1 day', first_at ="
    await ledger.rows(f"{yesterday} first_at - interval '1 day' RETURNING 1")
    await look(ledger, minutes=50)
    assert await ledger.rows(state) == [("open", 3)]


async def test_a_campaign_is_told_again_with_all_that_it_gives_too_much_of(
    ledger: Ground,
) -> None:
    """Else closing it once more would leave the other kind news for ever."""
    noon = utc_datetime(CLOCK.now_ms()).replace(hour=4, minute=0)
    today = business_day(int(noon.timestamp() * 1_000), TIMEZONE)
    amounts = {"points": 90_000, "red_packet": 90_000}

    async def read(conn: AsyncConnection, *, first: date, last: date) -> list[GivenDay]:
        assert conn.in_transaction()
        before = [last - timedelta(days=ago) for ago in (1, 2, 3)]
        assert min(before) > first
        given = [GivenDay("wild", kind, last, sum_) for kind, sum_ in amounts.items()]
        return given + [
            GivenDay("wild", kind, day, 1_000) for kind in amounts for day in before
        ]

    async def told(minutes: int) -> tuple[str, list[str]]:
        now = noon.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
        assert business_day(int(now.timestamp() * 1_000), TIMEZONE) == today
        async with ledger.engine.begin() as conn:
            await watch_outflows(conn, read, timezone=TIMEZONE, now=now)
        seen = "SELECT state, detail FROM incidents WHERE kind = 'outflow'"
        [(state, detail)] = await ledger.rows(seen)
        return state, sorted(detail)

    both = sorted(amounts)
    close = (
        "UPDATE incidents SET state = 'closed', closed_by = 'li', finding ="
        " 'confirmed', closed_at = now() RETURNING 1"
    )
    assert await told(0) == ("open", both)
    await ledger.rows(close)
    amounts["points"] = 200_000
    assert await told(10) == ("open", both)
    await ledger.rows(close)
    assert await told(20) == ("closed", both)
