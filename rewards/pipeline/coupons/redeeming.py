"""Coupons used at tills: concurrent requests become one transaction, each used once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import idempotency
from core.auth.guesses import find_guessers, note_wrong_codes, refuse_guesser
from core.auth.idempotency import Replay, SentKey
from core.auth.principal import Staff
from core.batch_commits import commit_batch
from core.batching import Batcher
from core.clock import Clock, utc_datetime
from core.ids import TimeIds
from rewards.domain.coupons import Coupon, Till, TillOutcome, judge
from rewards.pipeline.coupons.crowding import ask
from rewards.pipeline.coupons.numbers import CouponCodes
from rewards.pipeline.coupons.views import Redeemed, view_benefit
from rewards.store.coupons.issuing import load_coupons
from rewards.store.coupons.redeeming import NewRedemption, redeem_coupons


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """A coupon that somebody wants to use, for which basket, and under which key."""

    coupon_no: int
    staff: Staff
    order_ref: str | None = None
    basket_minor: int | None = None
    key: SentKey | None = None

    @property
    def till(self) -> Till:
        """Tell where it is to be used."""
        return Till(self.staff.brand, self.staff.store)


@dataclass(frozen=True, slots=True)
class AtTill:
    """What a till is told; `body` is the answer, as JSON, of a coupon used just now."""

    outcome: TillOutcome
    coupon: Coupon | None = None
    body: bytes = b""
    replayed: bool = False


@dataclass(slots=True)
class Redeeming:
    """Uses coupons in batches; an outcome for each request."""

    engine: AsyncEngine
    clock: Clock
    ids: TimeIds
    codes: CouponCodes
    batcher: Batcher[RedeemRequest, AtTill] = field(init=False)

    def __post_init__(self) -> None:
        self.batcher = Batcher(self.redeem, lone_keys=_lone_keys)

    def open(self, given: str) -> int | None:
        """Give the number of the coupon in a text; None for what is none of ours.

        Counts a wrong guess of the request that asks.
        """
        code_text = self.codes.read(given)
        if code_text is None:
            return None
        coupon_no = self.codes.open(code_text)
        if coupon_no is None:
            note_wrong_codes(1)
        return coupon_no

    async def look(
        self, given: str, staff: Staff, *, basket_minor: int | None = None
    ) -> AtTill:
        """Tell what a coupon would be worth here and now; nothing is written."""
        coupon_no = self.open(given)
        if coupon_no is None:
            return AtTill(TillOutcome.UNKNOWN)
        asked = RedeemRequest(coupon_no, staff, basket_minor=basket_minor)
        async with self.engine.connect() as conn:
            await refuse_guesser(conn, staff)
            coupon = (await load_coupons(conn, [coupon_no])).get(coupon_no)
        seen = _judge(coupon, asked, utc_datetime(self.clock.now_ms()))
        if seen.outcome is TillOutcome.UNKNOWN:
            note_wrong_codes(1)
        return seen

    async def use(self, asked: RedeemRequest) -> AtTill:
        """Use a coupon, in whatever batch it comes to.

        Counts a wrong guess of the request that asks, which no batch can.
        """
        seen = await ask(self.batcher, asked)
        if seen.outcome is TillOutcome.UNKNOWN:
            note_wrong_codes(1)
        return seen

    async def redeem(
        self, requests: Sequence[RedeemRequest]
    ) -> Sequence[AtTill | Exception]:
        """Use coupons, which a batch names once each."""
        now_ms = self.clock.now_ms()
        now = utc_datetime(now_ms)
        ids = [self.ids.next_id(now_ms) for _ in requests]
        return await commit_batch(
            self.engine,
            list(zip(requests, ids, strict=True)),
            lambda conn, asked: _redeem(conn, asked, now),
        )


async def _redeem(
    conn: AsyncConnection, asked: Sequence[tuple[RedeemRequest, int]], now: datetime
) -> Sequence[AtTill | Exception]:
    """Use coupons under ids that nobody else has, in one transaction."""
    requests = [request for request, _ in asked]
    ids = [redemption_id for _, redemption_id in asked]
    ended: list[AtTill | Exception] = []
    taken = await idempotency.begin_many(conn, [each.key for each in requests], ids)
    tokens = [each.staff.token_id for each in requests]
    guessers = await find_guessers(conn, tokens)
    coupons = await load_coupons(conn, [each.coupon_no for each in requests])
    for request, before in zip(requests, taken, strict=True):
        if isinstance(before, Replay):
            body = before.response
            ended.append(AtTill(TillOutcome.GOOD, body=body, replayed=True))
        elif before is not None:
            ended.append(before)
        elif guesser := guessers.get(request.staff.token_id):
            ended.append(guesser)
        else:
            ended.append(_judge(coupons.get(request.coupon_no), request, now))
    await _use(conn, requests, ids, ended, now)
    await idempotency.finish_many(
        conn,
        [
            (request.key, getattr(each, "body", b"") or None)
            for request, before, each in zip(requests, taken, ended, strict=True)
            if before is None
        ],
    )
    return ended


def _lone_keys(request: RedeemRequest) -> Sequence[int | bytes]:
    if request.key is None:
        return (request.coupon_no,)
    return request.coupon_no, request.key.key_hash


def _judge(coupon: Coupon | None, request: RedeemRequest, now: datetime) -> AtTill:
    outcome = judge(coupon, request.till, basket_minor=request.basket_minor, now=now)
    return AtTill(outcome, None if outcome is TillOutcome.UNKNOWN else coupon)


async def _use(
    conn: AsyncConnection,
    requests: Sequence[RedeemRequest],
    ids: Sequence[int],
    ended: list[AtTill | Exception],
    now: datetime,
) -> None:
    """Use what is good, unless somebody has used it meanwhile; fills in how it went."""
    good: list[tuple[int, Coupon, NewRedemption]] = []
    for place, (request, each) in enumerate(zip(requests, ended, strict=True)):
        if (
            isinstance(each, AtTill)
            and each.outcome is TillOutcome.GOOD
            and each.coupon
        ):
            benefit = each.coupon.pool.benefit
            new = NewRedemption(
                ids[place],
                request.coupon_no,
                benefit.discount(request.basket_minor),
                request.basket_minor,
                request.staff.store,
                request.staff.person,
                request.order_ref,
            )
            good.append((place, each.coupon, new))
    if not good:
        return
    won = await redeem_coupons(conn, [new for _, _, new in good])
    for (place, coupon, new), is_ours in zip(good, won, strict=True):
        if is_ours:
            ended[place] = AtTill(TillOutcome.GOOD, coupon, _told(coupon, new))
    lost = [
        place for (place, _, _), is_ours in zip(good, won, strict=True) if not is_ours
    ]
    if lost:
        # They are locked by now, and say who was first.
        anew = await load_coupons(conn, [requests[place].coupon_no for place in lost])
        for place in lost:
            request = requests[place]
            ended[place] = _judge(anew.get(request.coupon_no), request, now)


def _told(coupon: Coupon, new: NewRedemption) -> bytes:
    return msgspec.json.encode(
        Redeemed(
            redemption_id=str(new.redemption_id),
            coupon_id=str(new.coupon_no),
            discount_minor=new.discount_minor,
            name=coupon.pool.name,
            benefit=view_benefit(coupon.pool.benefit),
        )
    )
