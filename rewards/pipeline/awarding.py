"""What a member is given outside of a scan, once under the number that it has."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import business_day, to_ms
from core.errors import Conflict
from core.ids import TimeIds
from rewards.domain.coupons import IssueOutcome
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.limits import ALWAYS
from rewards.domain.messages import message
from rewards.domain.terms import Given, OfferKind
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.coupons.issuing import PlannedCoupon, issue_coupons
from rewards.store.coupons.pools import load_pools
from rewards.store.gifts.catalogue import ensure_offer_gifts
from rewards.store.gifts.claims import add_gift
from rewards.store.programme import load_programme
from rewards.store.transfers import post_transfers


@dataclass(frozen=True, slots=True)
class NewAward:
    """Something for a member: by which account, and under which number it is paid.

    `brand` is the account's, None where it is nobody's.
    """

    account: int
    member_no: int
    given: Given
    award_id: int
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Awarding:
    """Gives members what find_unawardable has let through.

    `take_coupons` gives numbers that no coupon has had.
    """

    ids: TimeIds
    timezone: ZoneInfo
    take_coupons: Callable[[int], Awaitable[Sequence[int]]]

    async def take_number(self, given: Given, *, now: datetime) -> int:
        """Take a number to give something under: a coupon's is its own.

        Before the transaction that gives it, since the numbers of coupons are taken
        behind the fence in one of their own. Raises Fault where there are none.
        """
        if given.kind is OfferKind.COUPON:
            return (await self.take_coupons(1))[0]
        return self.ids.next_id(to_ms(now))

    async def give(
        self, conn: AsyncConnection, award: NewAward, *, now: datetime
    ) -> None:
        """Give it; the caller shares the fence.

        Raises IntegrityError for a number that was given under before, and Conflict
        where a pool has no coupon for the member.
        """
        if award.given.kind is OfferKind.POINTS:
            await self._give_points(conn, award, now)
        elif award.given.kind is OfferKind.COUPON:
            await self._give_coupon(conn, award, now)
        else:
            await _give_gift(conn, award, now)

    async def _give_points(
        self, conn: AsyncConnection, award: NewAward, now: datetime
    ) -> None:
        assert award.given.amount is not None, "it was checked when it was promised"
        programme = await load_programme(conn)
        today = business_day(to_ms(now), self.timezone)
        transfer = Transfer(
            *(award.award_id, award.award_id, TransferKind.GRANT),
            *(award.account, award.member_no, POINTS_UNIT, award.given.amount),
            expires_on=programme.expires_on(today),
        )
        await post_transfers(conn, [transfer])

    async def _give_coupon(
        self, conn: AsyncConnection, award: NewAward, now: datetime
    ) -> None:
        pool_id = award.given.pool_id
        assert pool_id is not None, "it was checked when it was promised"
        pool = (await load_pools(conn, [pool_id]))[pool_id]
        if pool.is_over(now):
            told = message("pool_is_over", pool_id=pool_id)
            raise Conflict(told, code=IssueOutcome.EXPIRED.value)
        planned = PlannedCoupon(
            *(award.award_id, award.member_no, pool.pool_no),
            *pool.validity(now, self.timezone),
            pool.limits,
        )
        day = (business_day(to_ms(now), self.timezone) - ALWAYS).days
        [full] = await issue_coupons(conn, [planned], now=now, day=day)
        if full:
            told = message("pool_out_of_stock", pool_id=pool_id)
            raise Conflict(told, code=IssueOutcome.OUT_OF_STOCK.value)


async def _give_gift(conn: AsyncConnection, award: NewAward, now: datetime) -> None:
    assert award.given.kind is OfferKind.GIFT, "nothing else is promised"
    assert award.given.name is not None, "it was checked when it was promised"
    gifts = await ensure_offer_gifts(
        conn, {award.account: award.given.name}, brand=award.brand, now=now
    )
    await add_gift(
        conn,
        award.award_id,
        member_no=award.member_no,
        gift_no=gifts[award.account],
        now=now,
    )
