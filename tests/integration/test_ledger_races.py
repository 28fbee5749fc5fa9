"""One member's caps, spends, returns, expiry, holds and reversals, all at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from core.clock import business_day
from core.errors import Conflict, NotFound
from rewards.domain.draws.terms import Entry
from rewards.domain.holds import Resolution
from rewards.domain.plans import RewardKind
from rewards.domain.points.spending import Return, Spend
from rewards.domain.programme import Clawback
from rewards.domain.rebuilding import Rebuilt
from rewards.pipeline.points.expiring import expire_points, repay_debts
from rewards.pipeline.points.spending import return_spends, spend
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

ROUNDS = 6
AT_ONCE = 4


class Rush:
    """What happens to one member at once; each is done over and over."""

    def __init__(self, claims: Claims, workers: list[Worker]) -> None:
        """Begin with nothing earned."""
        self.claims, self.ground, self.workers = claims, claims.ground, workers
        self.scans: list[int] = []
        self.spent: list[int] = []
        # A lot of today's is over by then, and a debt too.
        self.day = business_day(CLOCK.now_ms(), TIMEZONE) + timedelta(days=800)

    def number(self) -> int:
        """Give a number."""
        return self.ground.ids.next_id(CLOCK.now_ms())

    async def within(self, work: Callable[..., Awaitable[object]]) -> None:
        """Do something in a transaction of its own."""
        async with self.ground.engine.begin() as conn:
            await work(conn)

    async def scan(self, code: int, place: int) -> None:
        """Let a worker pay a cap."""
        answer = await self.workers[place % 2].scan(code, "ann")
        # Rules hold what one member scans too fast; that is taken back too.
        assert answer["outcome"] in {"rewarded", "held"}, answer
        self.scans.append(scan_id(answer))

    async def release(self, code: int, place: int, member: int) -> None:
        """Hold a cap, and let its hold end while it is taken back."""
        # Which card it is, and a coupon's number, only a worker says.
        campaign = await self.claims.load("all")
        said = {RewardKind.CARD, RewardKind.COUPON}
        rewards = [each for each in campaign.rewards if each.kind not in said]
        campaign = replace(campaign, rewards=tuple(rewards))
        wish = self.ground.wish(code, member, campaign, outcome=Outcome.HELD)
        async with await self.ground.connect() as conn:
            await self.ground.commit(wish, conn=conn)
        self.scans.append(wish.scan.scan_id)
        by = (Resolution.POSTED, Resolution.VOIDED)[place % 2]
        await self.claims.resolve(wish.scan.scan_id, by=by)

    async def reverse(self, place: int) -> None:
        """Take back a scan that somebody else may take back too."""
        if not self.scans:
            return
        policy = tuple(Clawback)[place % 3]
        try:
            await self.claims.reverse(self.scans[place % len(self.scans)], policy)
        except (Conflict, NotFound):
            return

    async def spend(self, member: int) -> None:
        """Spend some, if it is there."""
        wish = Spend(self.number(), member, 3, "a race")
        today = business_day(CLOCK.now_ms(), TIMEZONE)
        await self.within(partial(spend, spends=[wish], today=today))
        self.spent.append(wish.spend_id)

    async def give_back(self, place: int) -> None:
        """Return a spend that somebody else may return too."""
        if self.spent:
            number = self.spent[place % len(self.spent)]
            back = Return(number, self.number(), "sara", "a race")
            await self.within(partial(return_spends, returns=[back]))

    async def let_go(self) -> None:
        """Let points expire, and debts be paid."""
        await self.within(partial(expire_points, day=self.day, next_id=self.number))
        await self.within(partial(repay_debts, next_id=self.number))


@pytest.mark.parametrize("ends", [None, 1])
async def test_all_at_once_nobody_waits_for_ever_and_the_books_are_right(
    ledger: Ground, redis_url: str, ends: int | None
) -> None:
    """A deadlock would be raised; scans, spends and clawbacks add up afterwards."""
    claims = Claims(ledger)
    if ends is not None:
        await ledger.rows(
            "INSERT INTO programme_versions (version, state, terms, created_by,"
            " created_at, approved_by, approved_at) VALUES (1, 'active',"
            " '{\"points_valid_months\": 1, \"clawback\": \"debt\"}', 'a', now(), 'b',"
            " now())"
        )
    pool = await claims.counter.pool(stock=500)
    draw = await Raffle(ledger, SetClock(CLOCK.now_ms())).make(
        entry=Entry.OPEN, most_tickets=500
    )
    album = Album(ledger, SetClock(CLOCK.now_ms()))
    await album.set(cards=("a", "b"))
    packet = {"offer_id": "cash", "kind": "red_packet", "minor": 100, "stock": 500}
    await claims.campaign(
        "all",
        points(5),
        coupon(pool),
        gift(stock=500),
        packet,
        ticket(draw.draw_id),
        card("zodiac"),
        budget={"points": 5_000, "minor": 90_000},
        caps=[
            {"per": per, "of": "claims", "most": 500}
            for per in ("member", "member_day", "day")
        ],
    )
    [ann] = await ledger.members("ann")
    async with working(claims, redis_url, 2) as workers:
        rush = Rush(claims, list(workers))
        codes = iter(await ledger.live(2 * ROUNDS * AT_ONCE))
        for around in range(ROUNDS):
            places = [around * AT_ONCE + n for n in range(AT_ONCE)]
            done = await asyncio.gather(
                *(rush.scan(next(codes), place) for place in places),
                *(rush.release(next(codes), place, ann) for place in places),
                *(rush.reverse(7 * place) for place in places),
                *(rush.reverse(7 * place) for place in places),
                *(rush.spend(ann) for _ in places),
                *(rush.give_back(place) for place in places),
                rush.let_go(),
                album.pay(),
                return_exceptions=True,
            )
            assert [each for each in done if isinstance(each, BaseException)] == []
    assert await ledger.rebuild() == Rebuilt()
    assert await ledger.audit() == []
