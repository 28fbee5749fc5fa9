"""What a coupon is worth, when and where; and what becomes of one at a till. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from core.bounds import MOMENT_MAX
from core.errors import FieldError
from rewards.domain.limits import Limit
from rewards.domain.messages import message

MAX_MINOR: Final = 10**12
MAX_STOCK: Final = 10**12
MAX_VALID_DAYS: Final = 3_650
MAX_STORES: Final = 1_000


class StoreKind(StrEnum):
    """What a store is."""

    SHOP = "shop"
    OWN = "own"
    ONLINE = "online"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Store:
    """Where coupons are redeemed; one without a brand is everybody's."""

    store_id: str
    name: str
    kind: StoreKind
    region: str
    lat: float | None = None
    lon: float | None = None
    brand: str | None = None


class BenefitKind(StrEnum):
    """What a coupon gives."""

    AMOUNT_OFF = "amount_off"
    PERCENT_OFF = "percent_off"
    GIFT = "gift"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a coupon gives: so much off, at most so much, or a gift by its name."""

    kind: BenefitKind
    minor: int | None = None
    percent: int | None = None
    gift: str | None = None

    def discount(self, basket_minor: int | None) -> int:
        """Tell how much is off a basket; of one that nobody told, what is sure."""
        if self.kind is BenefitKind.GIFT:
            return 0
        if self.kind is BenefitKind.AMOUNT_OFF:
            assert self.minor is not None
            return self.minor if basket_minor is None else min(self.minor, basket_minor)
        assert self.percent is not None
        # Fractions of the smallest coin stay with the shop.
        off = (basket_minor or 0) * self.percent // 100
        return off if self.minor is None else min(off, self.minor)


# Which fields of a benefit each kind has, as callers name them.
_FIELDS: Final = {
    BenefitKind.AMOUNT_OFF: ({"minor"}, {"minor"}),
    BenefitKind.PERCENT_OFF: ({"percent"}, {"percent", "most_minor"}),
    BenefitKind.GIFT: ({"name"}, {"name"}),
}


def check_benefit(kind: BenefitKind, given: Iterable[str]) -> Iterable[FieldError]:
    """Say which fields a benefit of this kind lacks, or has too many."""
    needed, possible = _FIELDS[kind]
    there = set(given)
    for name in sorted(needed - there):
        detail = message("benefit_lacks", kind=kind.value, name=name)
        yield FieldError(f"/benefit/{name}", "required", detail)
    for name in sorted(there - possible):
        detail = message("benefit_has_no", kind=kind.value, name=name)
        yield FieldError(f"/benefit/{name}", "not_of_this_kind", detail)


@dataclass(frozen=True, slots=True)
class NewPool:
    """A pool as it is asked for; no stores means all, no end that it has none."""

    pool_id: str
    name: str
    benefit: Benefit
    stock: int
    daily_stock: int | None = None
    per_member: int | None = None
    min_basket_minor: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: int | None = None
    stores: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Coupons of one kind. Only its stock ever changes, which is in its limits."""

    pool_no: int
    pool_id: str
    name: str
    benefit: Benefit
    min_basket_minor: int
    valid_from: datetime | None
    valid_until: datetime | None
    valid_days: int | None
    stores: tuple[str, ...]
    gtins: tuple[str, ...]
    brand: str | None
    limits: tuple[Limit, ...] = ()

    def validity(
        self, issued_at: datetime, timezone: ZoneInfo
    ) -> tuple[datetime, datetime | None]:
        """Tell from when to when a coupon is good; the end itself is over.

        Days are whole days of the brand's calendar, and the first is that on which the
        coupon begins: one day is until midnight.
        """
        begins = max(issued_at, self.valid_from or issued_at)
        if self.valid_days is None:
            return begins, self.valid_until
        first = begins.astimezone(timezone).date()
        after = first + timedelta(days=self.valid_days)
        midnight = datetime.combine(after, time_of_day.min, timezone).astimezone(UTC)
        return begins, min(midnight, MOMENT_MAX)

    def last_day(self, timezone: ZoneInfo) -> date | None:
        """Tell the last day of all of its coupons, if it is the same for each."""
        return _day_before(self.valid_until, timezone)

    def is_over(self, at: datetime) -> bool:
        """Tell whether whatever it gives would be over by then."""
        return self.valid_until is not None and at >= self.valid_until

    def is_of(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may issue it or change it."""
        return brand is None or self.brand == brand

    def is_taken_by(self, brand: str | None) -> bool:
        """Tell whether a till of a brand takes it; one without a brand is for all."""
        return self.brand is None or self.is_of(brand)


def _day_before(end: datetime | None, timezone: ZoneInfo) -> date | None:
    """Tell the last day of what is over at a moment."""
    if end is None:
        return None
    return (end - timedelta(microseconds=1)).astimezone(timezone).date()


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """A pool with its stock, what was issued of it, and its other limits."""

    pool: Pool
    stock: int
    issued: int
    daily_stock: int | None
    per_member: int | None


class CouponState(StrEnum):
    """What a coupon is; that its time is over is a date, and no state.

    One that is held waits with the scan that earned it, and is no coupon yet; if that
    is denied, it never becomes one.
    """

    HELD = "held"
    DENIED = "denied"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Use:
    """The redemption that used a coupon: when and where, if a store is known."""

    redemption_id: int
    at: datetime
    store_id: str | None
    store_name: str | None


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon of a member; `use` is what used it, while it is used."""

    coupon_no: int
    member_no: int
    pool: Pool
    state: CouponState
    issued_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    use: Use | None = None

    def last_day(self, timezone: ZoneInfo) -> date | None:
        """Tell the last day on which it is good, if it has one."""
        if self.valid_until is None:
            return None
        return (
            (self.valid_until - timedelta(microseconds=1)).astimezone(timezone).date()
        )


class IssueOutcome(StrEnum):
    """What became of a request for a coupon."""

    ISSUED = "issued"
    OUT_OF_STOCK = "out_of_stock"
    LIMIT_REACHED = "limit_reached"
    EXPIRED = "coupon_expired"


class TillOutcome(StrEnum):
    """What a till is told of a coupon, in order of precedence."""

    UNKNOWN = "no_such_coupon"
    VOID = "coupon_void"
    REDEEMED = "already_redeemed"
    NOT_YET = "not_yet_valid"
    EXPIRED = "coupon_expired"
    WRONG_STORE = "wrong_store"
    TOO_SMALL = "basket_too_small"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Till:
    """Who asks to redeem: of which brand and in which store, None where it is any."""

    brand: str | None
    store_id: str | None


def judge(
    coupon: Coupon | None, till: Till, *, basket_minor: int | None, now: datetime
) -> TillOutcome:
    """Tell whether a coupon can be used here and now, for this basket."""
    if coupon is None or not coupon.pool.is_taken_by(till.brand):
        return TillOutcome.UNKNOWN
    if coupon.state in NEVER_GIVEN:
        return TillOutcome.UNKNOWN
    return next(_hindrances(coupon, till, basket_minor, now), TillOutcome.GOOD)


# No coupons to anybody: neither in a wallet nor at a till.
NEVER_GIVEN: Final = frozenset({CouponState.HELD, CouponState.DENIED})


def _hindrances(
    coupon: Coupon, till: Till, basket_minor: int | None, now: datetime
) -> Iterator[TillOutcome]:
    if coupon.state is CouponState.VOID:
        yield TillOutcome.VOID
    if coupon.state is CouponState.REDEEMED:
        yield TillOutcome.REDEEMED
    if now < coupon.valid_from:
        yield TillOutcome.NOT_YET
    if coupon.valid_until is not None and now >= coupon.valid_until:
        yield TillOutcome.EXPIRED
    pool = coupon.pool
    if pool.stores and till.store_id not in pool.stores:
        yield TillOutcome.WRONG_STORE
    if (basket_minor or 0) < pool.min_basket_minor:
        yield TillOutcome.TOO_SMALL
    is_gift = pool.benefit.kind is BenefitKind.GIFT
    # A coupon is never used up for nothing.
    if not is_gift and pool.benefit.discount(basket_minor) == 0:
        yield TillOutcome.TOO_SMALL
