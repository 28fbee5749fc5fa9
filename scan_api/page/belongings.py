"""What members are shown of what they have: each thing with its state and next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import business_day, utc_datetime
from core.messages import Message
from rewards.domain.awards import Award, AwardState
from rewards.domain.cards import OwnSet
from rewards.domain.coupons import Coupon, CouponState
from rewards.domain.draws.terms import Draw
from rewards.domain.gifts import Gift, MemberGift
from rewards.domain.ledger import Wallet
from rewards.domain.payouts import OwnPayout
from rewards.domain.plans import RewardKind
from rewards.pipeline.cards import list_own_sets
from rewards.pipeline.coupons import own as own_coupons
from rewards.pipeline.coupons.own import CodedCoupon
from rewards.pipeline.coupons.till_texts import tell_benefit
from rewards.pipeline.draws import own as own_draws
from rewards.pipeline.draws.views import OwnPrize
from rewards.pipeline.gifts.catalogue import list_claimable
from rewards.pipeline.gifts.claims import find_own_gifts, list_own_gifts
from rewards.pipeline.ledger import load_wallet
from rewards.pipeline.payouts.listing import list_own_by_id
from rewards.pipeline.payouts.texts import tell_own
from scan_api.page.context import PageContext, Symbol

# Of each kind the newest are shown, and so many of what there is for everybody.
SHOWN: Final = 50
OFFERED: Final = 20


class CouponPhase(StrEnum):
    """What a coupon is to who has it, today."""

    USABLE = "usable"
    LATER = "later"
    USED = "used"
    OVER = "over"
    VOID = "void"

    @property
    def is_past(self) -> bool:
        """Whether nothing can be had for it any more."""
        return self not in {CouponPhase.USABLE, CouponPhase.LATER}


def phase_of(coupon: Coupon, now: datetime) -> CouponPhase:
    """Tell what a coupon is to who has it."""
    if coupon.state is CouponState.VOID:
        return CouponPhase.VOID
    if coupon.state is CouponState.REDEEMED:
        return CouponPhase.USED
    if coupon.valid_until is not None and now >= coupon.valid_until:
        return CouponPhase.OVER
    return CouponPhase.LATER if now < coupon.valid_from else CouponPhase.USABLE


@dataclass(frozen=True, slots=True)
class CouponCard:
    """A coupon with what it is worth; `symbol` is for the till, while one takes it."""

    coupon: Coupon
    code: str
    phase: CouponPhase
    worth: Message | str
    stores: tuple[str, ...]
    products: tuple[str, ...]
    symbol: Symbol | None

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two coupons have in common that are one as good as the other."""
        coupon = self.coupon
        begins = coupon.valid_from if self.phase is CouponPhase.LATER else None
        return coupon.pool.pool_id, begins, coupon.valid_until


@dataclass(frozen=True, slots=True)
class RedPacketCard:
    """A red packet, and how it stands in a sentence."""

    payout: OwnPayout
    told: Message


@dataclass(frozen=True, slots=True)
class RewardCard:
    """What a cap earned of one offer, with the thing itself where it is there."""

    award: Award
    coupon: CouponCard | None = None
    gift: MemberGift | None = None
    red_packet: RedPacketCard | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still looked at."""
        return self.award.state is AwardState.PENDING


@dataclass(frozen=True, slots=True)
class DrawCard:
    """A draw that a member takes part in, with how many tickets and what they won.

    `tickets` take part or did; `held` wait for a review. `is_enterable`: one more is to
    be had by taking part.
    """

    draw_id: str
    name: str
    draws_at: datetime
    drawn_at: datetime | None
    tickets: int
    held: int
    prizes: tuple[OwnPrize, ...]
    is_enterable: bool = False


@dataclass(frozen=True, slots=True)
class Belongings:
    """Everything that a member has, and what they may take beside it."""

    points: Wallet
    coupons: Sequence[CouponCard] = ()
    gifts: Sequence[MemberGift] = ()
    red_packets: Sequence[RedPacketCard] = ()
    prizes: Sequence[OwnPrize] = ()
    draws: Sequence[DrawCard] = ()
    card_sets: Sequence[OwnSet] = ()
    open_draws: Sequence[Draw] = ()
    claimable: Sequence[Gift] = ()

    @property
    def usable(self) -> list[tuple[CouponCard, int]]:
        """The coupons to use, the first to be over first; how many are like it."""
        open_ones = [each for each in self.coupons if not each.phase.is_past]
        alike: dict[object, list[CouponCard]] = {}
        for each in sorted(open_ones, key=_over_at):
            alike.setdefault(each.likeness, []).append(each)
        return [(each[0], len(each)) for each in alike.values()]

    @property
    def past(self) -> list[CouponCard]:
        """The coupons that are used or over."""
        return [each for each in self.coupons if each.phase.is_past]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet."""
        won = (self.coupons, self.gifts, self.red_packets, self.prizes)
        things = (*won, self.draws, self.card_sets)
        return not (any(things) or self.points.available or self.points.pending)


def _over_at(card: CouponCard) -> tuple[bool, datetime]:
    until = card.coupon.valid_until
    return until is None, until or card.coupon.valid_from


async def load_belongings(context: PageContext, member_id: str) -> Belongings:
    """Load what a member has, the newest of each kind."""
    codes = context.wallet.coupon_codes
    today = business_day(context.clock.now_ms(), context.settings.timezone)
    async with context.engine.connect() as conn:
        coupons = await own_coupons.list_newest(conn, codes, member_id, limit=SHOWN)
        prizes = await _load_prizes(context, conn, member_id)
        enterable = await own_draws.list_enterable(
            conn, member_id, now=context.now, limit=OFFERED
        )
        draws = await _load_draws(conn, member_id, prizes, enterable)
        known = {each.draw_id for each in draws}
        return Belongings(
            await load_wallet(conn, member_id, today=today),
            [_coupon_card(context, each) for each in coupons],
            await list_own_gifts(conn, member_id, before=None, limit=SHOWN),
            await _load_red_packets(context, conn, member_id),
            prizes,
            draws,
            await list_own_sets(conn, member_id),
            [each for each in enterable if each.draw_id not in known],
            await list_claimable(
                conn,
                member_id,
                limit=OFFERED,
                now=context.now,
                zone=context.settings.timezone,
            ),
        )


async def _load_prizes(
    context: PageContext, conn: AsyncConnection, member_id: str
) -> Sequence[OwnPrize]:
    found = await own_draws.list_own_prizes(
        conn, member_id, before=None, limit=SHOWN, now=context.now
    )
    return found.items


async def _load_draws(
    conn: AsyncConnection,
    member_id: str,
    prizes: Sequence[OwnPrize],
    enterable: Sequence[Draw],
) -> list[DrawCard]:
    open_ones = {each.draw_no for each in enterable}
    return [
        DrawCard(
            own.draw.draw_id,
            own.draw.name,
            own.draw.draws_at,
            own.draw.result.drawn_at if own.draw.result else None,
            own.tickets,
            own.held,
            tuple(each for each in prizes if each.draw_id == own.draw.draw_id),
            own.draw.draw_no in open_ones,
        )
        for own in await own_draws.list_own_draws(conn, member_id, limit=SHOWN)
    ]


async def load_rewards(
    context: PageContext, member_id: str, awards: Sequence[Award]
) -> list[RewardCard]:
    """Load what a cap earned, but for points, which the page tells by themselves."""
    things = [each for each in awards if each.kind is not RewardKind.POINTS]
    if not things:
        return []
    ids: dict[RewardKind, list[int]] = {}
    for each in things:
        ids.setdefault(each.kind, []).append(each.transfer_id)
    codes = context.wallet.coupon_codes
    coupons: dict[int, CodedCoupon] = {}
    gifts: dict[int, MemberGift] = {}
    packets: list[RedPacketCard] = []
    async with context.engine.connect() as conn:
        if numbers := ids.get(RewardKind.COUPON):
            coupons = await own_coupons.find_own(conn, codes, member_id, numbers)
        if numbers := ids.get(RewardKind.GIFT):
            gifts = await find_own_gifts(conn, member_id, numbers)
        if RewardKind.RED_PACKET in ids:
            packets = await _load_red_packets(context, conn, member_id)
    by_id = {each.payout.payout_id: each for each in packets}
    return [
        RewardCard(
            each,
            _coupon_card(context, coupons[each.transfer_id])
            if each.transfer_id in coupons
            else None,
            gifts.get(each.transfer_id),
            by_id.get(each.transfer_id),
        )
        for each in things
    ]


async def find_coupon(
    context: PageContext, member_id: str, coupon_no: int
) -> CouponCard | None:
    """Find a coupon of a member."""
    codes = context.wallet.coupon_codes
    async with context.engine.connect() as conn:
        found = await own_coupons.find_own(conn, codes, member_id, [coupon_no])
    return _coupon_card(context, found[coupon_no]) if found else None


async def find_gift(
    context: PageContext, member_id: str, transfer_id: int
) -> MemberGift | None:
    """Find a gift of a member."""
    async with context.engine.connect() as conn:
        found = await find_own_gifts(conn, member_id, [transfer_id])
    return found.get(transfer_id)


async def _load_red_packets(
    context: PageContext, conn: AsyncConnection, member_id: str
) -> list[RedPacketCard]:
    found = await list_own_by_id(conn, member_id, before=None, limit=SHOWN)
    zone = context.settings.timezone
    return [RedPacketCard(each, tell_own(each, zone)) for each in found]


def _coupon_card(context: PageContext, own: CodedCoupon) -> CouponCard:
    coupon = own.coupon
    phase = phase_of(coupon, utc_datetime(context.clock.now_ms()))
    products = context.codes.states.current.products
    known = (products.get(gtin) for gtin in coupon.pool.gtins)
    named = [each.name if each else None for each in known]
    return CouponCard(
        coupon,
        own.code,
        phase,
        tell_benefit(coupon.pool.benefit),
        own.stores,
        tuple(
            name or gtin for name, gtin in zip(named, coupon.pool.gtins, strict=True)
        ),
        None if phase.is_past else context.wallet.draw_symbol(own.code),
    )
