"""What a member has of coupons, with the codes that only its owner is shown."""

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.pipeline.coupons.numbers import CouponCodes
from rewards.pipeline.coupons.views import OwnCoupons, view_own
from rewards.store.coupons.issuing import load_member_coupons


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
