"""Coupons as callers see them; a code is shown to its owner and who issued it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from rewards.domain.coupons import Benefit, BenefitKind, Coupon, CouponState


class BenefitView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a coupon gives: so much off, or a gift by its name."""

    kind: BenefitKind
    minor: int | None = None
    percent: int | None = None
    most_minor: int | None = None
    name: str | None = None


def view_benefit(benefit: Benefit) -> BenefitView:
    """Show what a coupon gives."""
    is_percent = benefit.kind is BenefitKind.PERCENT_OFF
    return BenefitView(
        kind=benefit.kind,
        minor=None if is_percent else benefit.minor,
        percent=benefit.percent,
        most_minor=benefit.minor if is_percent else None,
        name=benefit.gift,
    )


class IssuedCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that was just issued, with its code."""

    coupon_id: str
    coupon_code: str
    state: CouponState
    valid_from: datetime
    valid_until: datetime | None


class OwnCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon as its owner sees it; no stores or products means all."""

    coupon_id: str
    coupon_code: str
    pool_id: str
    name: str
    state: CouponState
    benefit: BenefitView
    min_basket_minor: int
    issued_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    stores: tuple[str, ...]
    gtins: tuple[str, ...]
    redeemed_at: datetime | None


class OwnCoupons(msgspec.Struct, frozen=True):
    """A page of a member's coupons, newest first."""

    items: tuple[OwnCoupon, ...]
    next_cursor: str | None


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that was used just now, and how much is off."""

    redemption_id: str
    coupon_id: str
    discount_minor: int
    name: str
    benefit: BenefitView


def view_own(coupons: Sequence[Coupon], codes: Sequence[str]) -> tuple[OwnCoupon, ...]:
    """Show coupons to their owner, each with its code."""
    return tuple(
        OwnCoupon(
            coupon_id=str(coupon.coupon_no),
            coupon_code=code,
            pool_id=coupon.pool.pool_id,
            name=coupon.pool.name,
            state=coupon.state,
            benefit=view_benefit(coupon.pool.benefit),
            min_basket_minor=coupon.pool.min_basket_minor,
            issued_at=coupon.issued_at,
            valid_from=coupon.valid_from,
            valid_until=coupon.valid_until,
            stores=coupon.pool.stores,
            gtins=coupon.pool.gtins,
            redeemed_at=None if coupon.use is None else coupon.use.at,
        )
        for coupon, code in zip(coupons, codes, strict=True)
    )
