"""What campaigns came to, counted once from what happened, and anew."""

import asyncio
from datetime import datetime

import pytest

from core.clock import business_day, utc_datetime
from crowncap.counting import count_anew, count_figures
from events.pipeline.events import KEPT, forget_events
from rewards.domain.figures import DayFigures, Figures, OfferFigures
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.pipeline.figures import SETTLED, load_figures
from rewards.store.campaigns import find_campaign
from rewards.store.holds import resolve_holds
from scan_api.domain.scans import Outcome
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground


def later() -> datetime:
    """Tell the time at which every scan by now can be counted by its number."""
    return utc_datetime(CLOCK.now_ms()) + SETTLED


async def count(ledger: Ground) -> None:
    """Count what happened since."""
    await count_figures(ledger.engine, timezone=TIMEZONE, now=later)


async def anew(ledger: Ground) -> None:
    """Count everything anew."""
    await count_anew(ledger.engine, timezone=TIMEZONE, now=later())


async def shown(ledger: Ground, campaign_id: str = "points") -> Figures:
    """Load what a campaign came to."""
    async with ledger.engine.connect() as conn:
        kept = await find_campaign(conn, campaign_id)
        assert kept is not None
        return await load_figures(conn, kept)


async def void(ledger: Ground, scan_id: int, code: int, member: int) -> None:
    """Let a hold of a scan end unpaid."""
    hold = Hold(scan_id, code, member, 5, HoldReason.SIGNALS)
    async with ledger.engine.begin() as conn:
        await resolve_holds(
            conn,
            [hold],
            next_id=lambda: ledger.ids.next_id(CLOCK.now_ms()),
            resolution=Resolution.VOIDED,
            now=utc_datetime(CLOCK.now_ms()),
        )


async def test_what_happened_is_counted_by_day_and_offer(ledger: Ground) -> None:
    """What waits counts as paid until it ends unpaid; a member counts once."""
    points = await ledger.campaign("points", cap=10)
    await ledger.campaign("quiet")
    a, b, c, d = await ledger.live(4)
    ann, bob = await ledger.members("ann", "bob")
    await count(ledger)
    assert (await shown(ledger)).by_day == ()
    await ledger.commit(ledger.wish(a, ann, points), ledger.wish(b, ann, points))
    await ledger.commit(ledger.wish(c, ann, points))
    held = ledger.wish(d, bob, points, outcome=Outcome.HELD)
    await ledger.commit(held)
    await count(ledger)
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    found = await shown(ledger)
    # The third of Ann's was refused by the daily cap.
    assert found.by_day == (DayFigures(today, 4, 3, 3, 2, 15, 0),)
    assert found.by_offer == (OfferFigures("points", None, "points", 3, 15, 0),)
    assert (await shown(ledger, "quiet")).by_day == ()
    await count(ledger)
    assert (await shown(ledger)).by_day == found.by_day
    await void(ledger, held.scan.scan_id, d, bob)
    await count(ledger)
    ended = await shown(ledger)
    assert ended.by_day == (DayFigures(today, 3, 2, 2, 2, 10, 0),)
    await anew(ledger)
    assert (await shown(ledger)).by_day == ended.by_day
    assert await ledger.audit() == []


async def test_many_who_count_at_once_count_once(ledger: Ground) -> None:
    points = await ledger.campaign("points")
    codes = await ledger.live(40)
    people = await ledger.members(*(f"m-{n}" for n in range(20)))
    await anew(ledger)
    for n, code in enumerate(codes):
        await ledger.commit(ledger.wish(code, people[n // 2], points))
        if n % 10 == 0:
            await asyncio.gather(*(count(ledger) for _ in range(3)))
    await asyncio.gather(*(count(ledger) for _ in range(3)))
    # Whoever found another counting left it to them.
    await count(ledger)
    found = await shown(ledger)
    assert (found.claims, found.members, found.points) == (40, 20, 200)
    assert await ledger.audit() == []


async def test_what_the_outbox_does_not_give_yet_is_counted_once(
    ledger: Ground,
) -> None:
    """Somebody older still writes while everything is counted anew."""
    points = await ledger.campaign("points")
    first, second = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    await ledger.commit(ledger.wish(first, ann, points))
    async with ledger.engine.connect() as older:
        await older.begin()
        await older.exec_driver_sql("SELECT pg_current_xact_id()")
        await ledger.commit(ledger.wish(second, bob, points))
        await anew(ledger)
        assert (await shown(ledger)).claims == 1
        # What is not counted yet is no error.
        assert await ledger.audit() == []
        await count(ledger)
        assert (await shown(ledger)).claims == 1
    await count(ledger)
    found = await shown(ledger)
    assert (found.claims, found.members, found.points) == (2, 2, 10)
    assert await ledger.audit() == []


BREAKS = {
    "an offer that gave less than was counted": (
        "UPDATE offer_days SET amount = amount + 1",
        "what an offer gave on a day, as it was counted, equals its transfers",
    ),
    "a day that nobody counted": (
        "DELETE FROM offer_days",
        "what an offer gave on a day, as it was counted, equals its transfers",
    ),
    "a member who was counted twice": (
        "UPDATE campaign_days SET members = members + 1",
        "each member who earned from a campaign is counted once",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_a_wrong_figure_is_found_and_mended(ledger: Ground, name: str) -> None:
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    [ann] = await ledger.members("ann")
    await ledger.commit(ledger.wish(code, ann, points))
    await count(ledger)
    assert await ledger.audit() == []
    statement, sentence = BREAKS[name]
    await ledger.rows(statement)
    assert [each.sentence for each in await ledger.audit()] == [sentence]
    await anew(ledger)
    assert await ledger.audit() == []


async def test_what_was_forgotten_meanwhile_is_counted_anew(ledger: Ground) -> None:
    """A job that did not run for weeks finds no events to go on from."""
    points = await ledger.campaign("points")
    codes = await ledger.live(2)
    [ann] = await ledger.members("ann")
    await count(ledger)
    await ledger.commit(*(ledger.wish(code, ann, points) for code in codes))
    async with ledger.engine.begin() as conn:
        assert await forget_events(conn, now=later() + KEPT) > 0
    await count(ledger)
    assert (await shown(ledger)).claims == 2
    assert await ledger.audit() == []
