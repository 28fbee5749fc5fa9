"""Holds that have ended wait again, kind by kind, with their limits and figures."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from crowncap.audit.checks import Scope
from crowncap.counting import count_figures
from crowncap.tellers import TELLERS
from events.pipeline.events import read_events
from rewards.domain.figures import Figures
from rewards.domain.holds import Resolution
from rewards.domain.rebuilding import Rebuilt
from rewards.domain.reopening import Refusal, ReopenFault, ReopenWish
from rewards.pipeline.figures import load_figures
from rewards.pipeline.reopening import reopen_holds, show_spent
from rewards.store.campaigns import find_campaign
from scan_api.domain.scans import Outcome
from tests.fixtures.cards import Album
from tests.fixtures.claims import (
    Claims,
    Worker,
    card,
    coupon,
    gift,
    points,
    scan_id,
    ticket,
    working,
)
from tests.fixtures.coupons import SetClock
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.integration.test_figures import later
from tests.integration.test_reversals import PACKET

KINDS = 6
_STATES = (
    "SELECT (SELECT state FROM coupons ORDER BY coupon_no DESC LIMIT 1),"
    " (SELECT state FROM member_gifts),"
    " (SELECT state FROM payouts), (SELECT state FROM draw_tickets),"
    " (SELECT sum(available) FROM balances), (SELECT sum(pending) FROM balances)"
)
HELD = ("held", "held", "held", "held", 0, 6)
PAID = ("issued", "won", "waiting", "valid", 6, 0)
VOID = ("denied", "void", "cancelled", "void", 0, 0)
BACK = {Resolution.POSTED: PAID, Resolution.VOIDED: VOID}


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


@pytest.fixture
async def worker(claims: Claims, redis_url: str) -> AsyncIterator[Worker]:
    """Run a worker."""
    async with working(claims, redis_url) as [running]:
        yield running


async def hold_all(claims: Claims, worker: Worker, stock: int = 1) -> tuple[int, int]:
    """Let a scan be held that earns of every kind, each with a stock.

    Gives it, and another code.
    """
    ground = claims.ground
    other = await claims.counter.pool("other")
    await claims.campaign("warm", coupon(other), applies_to="bound")
    [warm] = await ground.live(1, campaign_id="warm")
    await worker.pipeline.states.refresh()
    # Numbers for coupons are taken from a key that is open.
    await worker.scan(warm, "zoe")
    pool = await claims.counter.pool(stock=stock, daily_stock=stock, per_member=stock)
    draw = await Raffle(ground, SetClock(CLOCK.now_ms())).make(most_tickets=stock)
    await Album(ground, SetClock(CLOCK.now_ms())).set(cards=("a", "b"))
    await claims.campaign(
        "all",
        points(5, stock=stock),
        coupon(pool),
        gift(stock=stock),
        PACKET | {"stock": stock},
        ticket(draw.draw_id),
        card("zodiac"),
        budget={"points": 5 * stock, "minor": 100 * stock},
        caps=[
            {"per": per, "of": "claims", "most": stock}
            for per in ("member", "member_day", "day")
        ],
    )
    await worker.pipeline.states.refresh()
    code, spare = await ground.live(2)
    await ground.freeze()
    held = await worker.scan(code, "ann")
    assert len(held["rewards"]) == KINDS, held
    return scan_id(held), spare


async def reopen(claims: Claims, *scan_ids: int) -> Refusal | list[int]:
    """Let holds wait again that ended last."""
    ground = claims.ground
    [[ended_at]] = await ground.rows("SELECT max(resolved_at) FROM holds")
    assert isinstance(ended_at, datetime)
    async with ground.engine.begin() as conn:
        wish = ReopenWish(1, scan_ids, ended_at)
        now_ms = CLOCK.now_ms()
        told = await reopen_holds(
            conn, [wish], next_id=lambda: ground.ids.next_id(now_ms)
        )
    return told[1]


async def figures(ground: Ground) -> Figures:
    """Count what happened since, and load what the campaign came to."""
    await count_figures(ground.engine, timezone=TIMEZONE, now=later)
    async with ground.engine.connect() as conn:
        kept = await find_campaign(conn, "all")
        assert kept is not None
        return await load_figures(conn, kept)


async def sound(claims: Claims) -> None:
    """Hold all that is added up against the transfers."""
    assert await claims.ground.rebuild() == Rebuilt()
    assert await claims.ground.audit() == []


async def spent(claims: Claims, held: int) -> tuple[int, int]:
    """Tell what is gone of what was posted of a scan: points, and other rewards."""
    async with claims.ground.engine.connect() as conn:
        return await show_spent(conn, [held])


@pytest.mark.parametrize("first", list(Resolution))
@pytest.mark.parametrize("second", list(Resolution))
async def test_each_kind_waits_again_and_ends_anew(
    claims: Claims, worker: Worker, first: Resolution, second: Resolution
) -> None:
    """Limits, figures and what the world is told go with it at each step."""
    held, _ = await hold_all(claims, worker)
    taken = await claims.uses()
    # But what was taken of the other pool.
    before = {
        key: used * str(key[0]).startswith("other") for key, used in taken.items()
    }
    paid = Resolution.POSTED
    ground = claims.ground
    for step in ("held", first, "reopened", second):
        if isinstance(step, Resolution):
            assert await claims.resolve(held, by=step) == 1
            states = BACK[step]
        else:
            if step == "reopened":
                assert await reopen(claims, held) == [held]
            states = HELD
        assert await ground.rows(_STATES) == [states], step
        void = step is Resolution.VOIDED
        uses = await claims.uses()
        assert uses == (before if void else taken), step
        found = await figures(ground)
        assert (found.claims, found.awards) == ((0, 0) if void else (1, KINDS)), step
        await sound(claims)
        assert await ground.audit(Scope.RECENT) == []
    async with ground.engine.connect() as conn:
        events = await read_events(conn, TELLERS, after=None, limit=100)
    told = [each.type for each in events if each.type.startswith("hold.")]
    names = {Resolution.POSTED: "hold.posted", Resolution.VOIDED: "hold.voided"}
    assert told == [names[first], "hold.reopened", names[second]]
    refusal = await reopen(claims, held)
    assert refusal == Refusal(ReopenFault.UNDONE_BEFORE)
    assert await ground.rows(_STATES) == [PAID if second is paid else VOID]
    assert await spent(claims, held) == (0, 0)


# Each: what somebody does meanwhile, and what is told of it.
GONE = {
    "a coupon that was used": "UPDATE coupons SET state = 'redeemed',"
    " redemption_id = coupon_no",
    "a gift that is on its way": "UPDATE member_gifts SET state = 'shipped',"
    " carrier = 'SF', tracking_no = '1'",
    "a red packet that was sent": "UPDATE payouts SET state = 'sent', sent_at = now(),"
    " provider = 'wechat', account = '\\x00'",
    "tickets whose draw is frozen": "UPDATE draw_counters SET frozen_at = now()",
    "a card whose set was paid": "UPDATE collected_sets SET transfer_id = 1,"
    " completed_at = now(), award_id = 1, awarded_at = now()",
    "a card that is gone": "UPDATE balances SET available = 0 WHERE unit > 4",
}


@pytest.mark.parametrize("name", GONE)
async def test_what_is_gone_keeps_all_of_its_scan_posted(
    claims: Claims, worker: Worker, name: str
) -> None:
    """Of many rewards one is enough, and nothing else is touched."""
    held, _ = await hold_all(claims, worker)
    await claims.resolve(held, by=Resolution.POSTED)
    await claims.ground.rows(GONE[name] + " RETURNING 1")
    before = await claims.ground.rows(_STATES)
    assert await spent(claims, held) == (0, 1)
    assert await reopen(claims, held) == Refusal(ReopenFault.SPENT, others=1)
    assert await claims.ground.rows(_STATES) == before
    kinds = await claims.ground.rows("SELECT DISTINCT kind FROM transfers")
    assert not {kind for (kind,) in kinds} & {"unpost", "unvoid"}


async def test_a_limit_that_is_full_meanwhile_keeps_it_void(
    claims: Claims, worker: Worker
) -> None:
    """The last gift went to another; nothing is changed at all."""
    held, code = await hold_all(claims, worker)
    await claims.resolve(held, by=Resolution.VOIDED)
    await worker.pipeline.states.refresh()
    other = await worker.scan(code, "bob")
    assert len(other["rewards"]) == KINDS, other
    refusal = await reopen(claims, held)
    assert isinstance(refusal, Refusal)
    assert refusal.fault is ReopenFault.LIMIT_FULL
    await sound(claims)
    await claims.resolve(scan_id(other), by=Resolution.VOIDED)


async def test_points_are_spent_or_wait_again_whoever_is_first(claims: Claims) -> None:
    """A spend and taking back at once: one of them finds nothing there."""
    ground = claims.ground
    await claims.campaign("all", points(5))
    campaign = await claims.load("all")
    [ann] = await ground.members("ann")
    for code in await ground.live(6):
        wish = ground.wish(code, ann, campaign, outcome=Outcome.HELD)
        await ground.commit(wish)
        await claims.resolve(wish.scan.scan_id, by=Resolution.POSTED)
        both = await asyncio.gather(
            claims.spend("ann", 5),
            reopen(claims, wish.scan.scan_id),
            return_exceptions=True,
        )
        spent = both[0] is None
        assert spent == (both[1] == Refusal(ReopenFault.SPENT, points=5)), both
    await sound(claims)
