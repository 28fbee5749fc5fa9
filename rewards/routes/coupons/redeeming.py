"""HTTP of redemptions: a coupon used at a till."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation

from core.auth import Principal, Role, require_role
from core.auth.requests import Once, read_key, written, written_before
from core.bounds import MAX_TEXT, Body
from core.errors import Conflict, Fault, NotFound
from rewards.domain.coupons import TillOutcome
from rewards.pipeline.coupons.redeeming import AtTill, Redeeming, RedeemRequest
from rewards.pipeline.coupons.till_texts import tell_refusal
from rewards.pipeline.coupons.views import Redeemed
from rewards.routes.fields import Minor


class NewRedemption(Body, frozen=True, kw_only=True):
    """A coupon to use, as it was scanned or typed, and for what."""

    judged_later: ClassVar = frozenset({"coupon_code"})

    coupon_code: Annotated[
        str, msgspec.Meta(max_length=256, examples=["0000-0000-0000-0000"])
    ]
    order_ref: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | None = None
    basket_minor: Minor | None = None


@post("/v1/redemptions", summary="Redeem a coupon", tags=["coupons"])
async def redeem_coupon(
    request: Request[Any, Any, Any],
    data: NewRedemption,
    principal: Principal,
    once: Once,
    coupon_redeeming: Redeeming,
    timezone: SkipValidation[ZoneInfo],
) -> Response[Redeemed]:
    """Use a coupon in the store of the token, once.

    Forged and unknown codes look alike, and a token may name so many a day.
    """
    staff = require_role(principal, Role.CASHIER)
    key = await read_key(request, staff)
    async with once.guesses.counting(staff):
        number = coupon_redeeming.open(data.coupon_code)
        if number is None:
            raise refusal_of(AtTill(TillOutcome.UNKNOWN), timezone)
        asked = RedeemRequest(number, staff, data.order_ref, data.basket_minor, key)
        seen = await coupon_redeeming.use(asked)
        if seen.outcome is not TillOutcome.GOOD:
            raise refusal_of(seen, timezone)
    return written_before(seen.body) if seen.replayed else written(seen.body)


def refusal_of(seen: AtTill, timezone: ZoneInfo) -> Fault:
    """Say why a coupon is not used."""
    told = tell_refusal(seen, timezone)
    if seen.outcome is TillOutcome.UNKNOWN:
        return NotFound(told, code="no_such_coupon")
    return Conflict(told, code=seen.outcome.value)
