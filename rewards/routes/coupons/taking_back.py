"""HTTP of taking back: a coupon made void, and a redemption reversed."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Sentence
from rewards.domain.messages import message
from rewards.pipeline.coupons import taking_back
from rewards.routes.fields import read_number


class CouponVoid(Body, frozen=True, kw_only=True):
    """Why a coupon is made void."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["sent to the wrong member"])]


class VoidedCoupon(msgspec.Struct, frozen=True):
    """A coupon that is void by now."""

    coupon_id: str
    state: str


@post("/v1/coupons/{coupon_id:str}/voids", summary="Void a coupon", tags=["coupons"])
async def void_coupon(
    request: Request[Any, Any, Any],
    coupon_id: str,
    data: CouponVoid,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[VoidedCoupon]:
    """Make a coupon void, for good; its place in the stock stays taken."""
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(coupon_id, message("no_coupon", coupon_id=coupon_id))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> VoidedCoupon:
        await taking_back.void_coupon(
            conn, number, reason=data.reason, staff=staff, now=now
        )
        return VoidedCoupon(coupon_id, "void")

    return await once.perform(request, staff, effect)


class Reversal(Body, frozen=True, kw_only=True):
    """Why a redemption is taken back."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["the sale was cancelled"])]


class Reversed(msgspec.Struct, frozen=True):
    """A redemption that was taken back; its coupon can be used again."""

    redemption_id: str
    coupon_id: str
    state: str


@post(
    "/v1/redemptions/{redemption_id:str}/reversals",
    summary="Reverse a redemption",
    tags=["coupons"],
)
async def reverse_redemption(
    request: Request[Any, Any, Any],
    redemption_id: str,
    data: Reversal,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[Reversed]:
    """Take a redemption back: its store's cashier on the same day, support later."""
    staff = require_role(principal, Role.CASHIER, Role.SUPPORT)
    number = read_number(redemption_id, message("no_redemption"))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Reversed:
        coupon = await taking_back.reverse_redemption(
            conn,
            number,
            reason=data.reason,
            staff=staff,
            timezone=timezone,
            now=now,
        )
        return Reversed(redemption_id, str(coupon.coupon_no), "issued")

    return await once.perform(request, staff, effect)
