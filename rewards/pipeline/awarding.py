"""What a member is given outside of a scan, once under the number that it has."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import business_day, to_ms
from core.errors import Conflict
from core.ids import TimeIds
from rewards.domain.cards import Card, CardSet
from rewards.domain.coupons import IssueOutcome
from rewards.domain.draws.terms import Draw, DrawPhase, TakeOutcome
from rewards.domain.ledger import MONEY_UNIT, POINTS_UNIT, TICKETS_UNIT
from rewards.domain.limits import ALWAYS
from rewards.domain.messages import message
from rewards.domain.terms import Given, OfferKind
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.cards import complete_sets, load_sets
from rewards.store.coupons.issuing import PlannedCoupon, issue_coupons
from rewards.store.coupons.pools import load_pools
from rewards.store.draws import tickets
from rewards.store.draws.draws import load_draws
from rewards.store.draws.tickets import NewTickets
from rewards.store.gifts.catalogue import ensure_offer_gifts
from rewards.store.gifts.claims import add_gift
from rewards.store.payouts import sending as payouts
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


# What SQL raises where a limit has no room.
_NO_ROOM: Final = "CC005"
# Picks a card of a set by the number under which it is given.
PickCard = Callable[[CardSet, int], Card]


@dataclass(frozen=True, slots=True)
class Awarding:
    """Gives members what find_unawardable has let through.

    `take_coupons` gives numbers that no coupon has had.
    """

    ids: TimeIds
    timezone: ZoneInfo
    take_coupons: Callable[[int], Awaitable[Sequence[int]]]
    pick_card: PickCard

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
    ) -> Mapping[str, Any]:
        """Give it, and tell of it; the caller shares the fence, and adds tickets last.

        Raises IntegrityError for a number that was given under before, and Conflict
        where a pool has no coupon for the member or a draw takes no ticket.
        """
        match award.given.kind:
            case OfferKind.POINTS:
                return await self._give_points(conn, award, now)
            case OfferKind.COUPON:
                return await self._give_coupon(conn, award, now)
            case OfferKind.GIFT:
                return await _give_gift(conn, award, now)
            case OfferKind.RED_PACKET:
                return await _give_red_packet(conn, award, now)
            case OfferKind.CARD:
                return await self._give_card(conn, award, now)
            case OfferKind.TICKET:
                return await _take_room_for_tickets(conn, award, now)
            case OfferKind.CHANCE:
                raise AssertionError("find_unawardable lets none through")

    async def add_tickets(
        self, conn: AsyncConnection, award: NewAward, *, now: datetime
    ) -> None:
        """Add the tickets that were given, if any; a draw's counter is locked last.

        Raises Conflict where the draw was closed meanwhile.
        """
        if award.given.kind is OfferKind.TICKET:
            draw = await _open_draw(conn, award, now)
            new = NewTickets(award.award_id, award.member_no, draw.draw_no)
            amount = award.given.amount or 0
            if not await tickets.add_awarded(conn, new, amount, now=now):
                raise _closed(draw)

    async def _give_points(
        self, conn: AsyncConnection, award: NewAward, now: datetime
    ) -> Mapping[str, Any]:
        assert award.given.amount is not None, "it was checked when it was promised"
        programme = await load_programme(conn)
        today = business_day(to_ms(now), self.timezone)
        granted = _grant(award, POINTS_UNIT, award.given.amount)
        ends = programme.expires_on(today)
        await post_transfers(conn, [msgspec.structs.replace(granted, expires_on=ends)])
        return {}

    async def _give_coupon(
        self, conn: AsyncConnection, award: NewAward, now: datetime
    ) -> Mapping[str, Any]:
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
        return {"coupon_id": str(award.award_id)}

    async def _give_card(
        self, conn: AsyncConnection, award: NewAward, now: datetime
    ) -> Mapping[str, Any]:
        """Give a card of a set that the number picks; it may complete the set."""
        set_id = award.given.set_id
        assert set_id is not None, "it was checked when it was promised"
        cards = (await load_sets(conn, [set_id]))[set_id]
        card = self.pick_card(cards, award.award_id)
        await post_transfers(conn, [_grant(award, card.unit, 1)])
        won = award.award_id, award.member_no, card.unit
        [completes] = await complete_sets(conn, [won], now=now)
        return {"card_id": card.card_id, "completes": completes}


def _grant(award: NewAward, unit: int, amount: int) -> Transfer:
    return Transfer(
        *(award.award_id, award.award_id, TransferKind.GRANT),
        *(award.account, award.member_no, unit, amount),
    )


async def _give_red_packet(
    conn: AsyncConnection, award: NewAward, now: datetime
) -> Mapping[str, Any]:
    """Owe its member money, as a red packet that waits for its turn or a payee."""
    minor = award.given.minor
    assert minor is not None, "it was checked when it was promised"
    await post_transfers(conn, [_grant(award, MONEY_UNIT, minor)])
    await payouts.add_payout(
        conn,
        award.award_id,
        member_no=award.member_no,
        account=award.account,
        minor=minor,
        now=now,
    )
    return {"payout_id": str(award.award_id)}


async def _take_room_for_tickets(
    conn: AsyncConnection, award: NewAward, now: datetime
) -> Mapping[str, Any]:
    """Note that tickets are given, and take what a draw lets its member have."""
    draw, amount = await _open_draw(conn, award, now), award.given.amount
    assert amount is not None, "it was checked when it was promised"
    if draw.limit is not None:
        most = draw.limit.most
        told = message("tickets_full", draw_id=draw.draw_id, most=most)
        full = Conflict(told, code=TakeOutcome.FULL.value)
        if amount > most:
            raise full
        try:
            async with conn.begin_nested():
                await tickets.take_room(conn, draw.limit, award.member_no, amount)
        except DBAPIError as fault:
            if getattr(fault.orig, "sqlstate", "") != _NO_ROOM:
                raise
            raise full from None
    await post_transfers(conn, [_grant(award, TICKETS_UNIT, amount)])
    return {}


async def _open_draw(conn: AsyncConnection, award: NewAward, now: datetime) -> Draw:
    draw_id = award.given.draw_id
    assert draw_id is not None, "it was checked when it was promised"
    draw = (await load_draws(conn, [draw_id]))[draw_id]
    if draw.phase(now) is not DrawPhase.OPEN:
        raise _closed(draw)
    return draw


def _closed(draw: Draw) -> Conflict:
    told = message("draw_takes_none", draw_id=draw.draw_id)
    return Conflict(told, code=TakeOutcome.CLOSED.value)


async def _give_gift(
    conn: AsyncConnection, award: NewAward, now: datetime
) -> Mapping[str, Any]:
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
    return {}
