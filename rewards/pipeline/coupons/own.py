"""What a member has of coupons, with the codes that only its owner is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.coupons import NEVER_GIVEN, Coupon
from rewards.pipeline.coupons.numbers import CouponCodes
from rewards.pipeline.coupons.views import OwnCoupons, view_own
from rewards.store.coupons.issuing import load_coupons, load_member_coupons
from rewards.store.coupons.pools import find_stores
from rewards.store.members import find_member_no


@dataclass(frozen=True, slots=True)
class CodedCoupon:
    """A coupon with its code, and the names of the stores that alone take it."""

    coupon: Coupon
    code: str
    stores: tuple[str, ...]


async def list_own_coupons(
    conn: AsyncConnection,
    codes: CouponCodes,
    member_id: str,
    *,
    before: int | None,
    limit: int,
) -> OwnCoupons:
    """List a member's coupons, newest first."""
    coupons = await load_member_coupons(conn, member_id, before=before, limit=limit)
    texts = codes.seal([each.coupon_no for each in coupons])
    more = str(coupons[-1].coupon_no) if len(coupons) == limit else None
    return OwnCoupons(view_own(coupons, texts), more)


async def list_newest(
    conn: AsyncConnection, codes: CouponCodes, member_id: str, *, limit: int
) -> list[CodedCoupon]:
    """List a member's newest coupons, with what their owner is shown of each."""
    coupons = await load_member_coupons(conn, member_id, before=None, limit=limit)
    return await _with_codes(conn, codes, coupons)


async def find_own(
    conn: AsyncConnection, codes: CouponCodes, member_id: str, numbers: Sequence[int]
) -> dict[int, CodedCoupon]:
    """Find coupons by their numbers; what is not this member's is left out."""
    member_no = await find_member_no(conn, member_id)
    found = await load_coupons(conn, numbers)
    mine = [
        each
        for each in found.values()
        if each.member_no == member_no and each.state not in NEVER_GIVEN
    ]
    coded = await _with_codes(conn, codes, mine)
    return {each.coupon.coupon_no: each for each in coded}


async def _with_codes(
    conn: AsyncConnection, codes: CouponCodes, coupons: Sequence[Coupon]
) -> list[CodedCoupon]:
    texts = codes.seal([each.coupon_no for each in coupons])
    named = sorted({store for each in coupons for store in each.pool.stores})
    names = await find_stores(conn, named, brand=None) if named else {}
    return [
        CodedCoupon(
            each, text, tuple(names.get(store, store) for store in each.pool.stores)
        )
        for each, text in zip(coupons, texts, strict=True)
    ]
