"""A redemption is reversed, or a coupon made void; by whom and when each may be."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Role, Staff
from core.clock import business_day, to_ms
from core.errors import Conflict, Forbidden, NotFound
from core.ids import time_of_id
from rewards.domain.coupons import Coupon, CouponState, TillOutcome, Use
from rewards.domain.messages import message
from rewards.store.coupons import issuing, redeeming
from rewards.store.coupons.redeeming import Redemption
from rewards.store.members import load_member_ids


async def reverse_redemption(
    conn: AsyncConnection,
    redemption_id: int,
    *,
    reason: str,
    staff: Staff,
    timezone: ZoneInfo,
    now: datetime,
) -> Coupon:
    """Take a redemption back, so that its coupon can be used until its time is over.

    Raises NotFound, Forbidden and Conflict: a cashier does so in the same store on the
    same business day, and nobody does it twice.
    """
    redemption = await redeeming.find_redemption(conn, redemption_id)
    coupon = None
    if redemption is not None:
        coupon = await issuing.lock_coupon(conn, redemption.coupon_no)
    if redemption is None or coupon is None or not coupon.pool.is_taken_by(staff.brand):
        raise NotFound(message("no_redemption"))
    if staff.role is Role.CASHIER:
        _refuse_late(redemption, staff, timezone, now)
    if not await redeeming.reverse_redemption(
        conn, redemption, person=staff.person, reason=reason, now=now
    ):
        raise Conflict(message("already_reversed"), code="already_reversed")
    await record_action(
        conn,
        staff,
        action="redemption.reverse",
        subject=f"redemption:{redemption_id}",
        detail={"coupon_id": str(coupon.coupon_no), "reason": reason},
        now=now,
    )
    return coupon


def can_undo(use: Use, staff: Staff, *, timezone: ZoneInfo, now: datetime) -> bool:
    """Tell whether a cashier may still take back what used a coupon."""
    is_here = use.store_id == staff.store
    return is_here and _is_of_today(use.redemption_id, timezone, now)


def _is_of_today(redemption_id: int, timezone: ZoneInfo, now: datetime) -> bool:
    day = business_day(time_of_id(redemption_id), timezone)
    return day == business_day(to_ms(now), timezone)


def _refuse_late(
    redemption: Redemption, staff: Staff, timezone: ZoneInfo, now: datetime
) -> None:
    if redemption.store_id != staff.store:
        raise Forbidden(message("other_store"), code="out_of_scope")
    if not _is_of_today(redemption.redemption_id, timezone, now):
        raise Conflict(message("not_same_day"), code="not_same_day")


async def find_coupon(conn: AsyncConnection, coupon_no: int, staff: Staff) -> Coupon:
    """Find a coupon that somebody may make void; raises NotFound."""
    coupon = (await issuing.load_coupons(conn, [coupon_no])).get(coupon_no)
    if coupon is None or not coupon.pool.is_of(staff.brand):
        raise NotFound(message("no_coupon", coupon_id=str(coupon_no)))
    return coupon


async def list_of_member(
    conn: AsyncConnection, member_id: str, staff: Staff, *, limit: int
) -> list[Coupon]:
    """List a member's newest coupons of pools that somebody may look after."""
    found = await issuing.load_member_coupons(conn, member_id, before=None, limit=limit)
    return [each for each in found if each.pool.is_of(staff.brand)]


async def find_owner(conn: AsyncConnection, coupon: Coupon) -> str:
    """Tell by which name the world knows whose coupon it is."""
    return (await load_member_ids(conn, [coupon.member_no]))[coupon.member_no]


async def void_coupon(
    conn: AsyncConnection,
    coupon_no: int,
    *,
    reason: str,
    staff: Staff,
    now: datetime,
) -> None:
    """Make a coupon void, for good; its place in the stock stays taken.

    Raises NotFound, and Conflict for one that is used or void already, or that waits
    with the scan that earned it.
    """
    coupon = await issuing.lock_coupon(conn, coupon_no)
    if coupon is None or not coupon.pool.is_of(staff.brand):
        raise NotFound(message("no_coupon", coupon_id=str(coupon_no)))
    if coupon.state is CouponState.HELD:
        raise Conflict(message("coupon_is_held"), code="illegal_state")
    if coupon.state in {CouponState.VOID, CouponState.DENIED}:
        raise Conflict(message("coupon_void"), code=TillOutcome.VOID.value)
    if coupon.state is CouponState.REDEEMED:
        raise Conflict(message("coupon_is_used"), code=TillOutcome.REDEEMED.value)
    await issuing.void_coupon(conn, coupon_no)
    await record_action(
        conn,
        staff,
        action="coupon.void",
        subject=f"coupon:{coupon_no}",
        detail={"pool_id": coupon.pool.pool_id, "reason": reason},
        now=now,
    )
