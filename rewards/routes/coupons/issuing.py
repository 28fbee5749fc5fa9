"""HTTP of coupons: issuing them, and one's own."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_member, require_role
from core.auth.members import is_member_id
from core.auth.requests import read_key, written, written_before
from core.bounds import Body
from core.errors import Conflict, Fault, InvalidInput
from core.fields import Limit, Sentence, Text64
from core.ids import current_request_id
from rewards.domain.coupons import IssueOutcome
from rewards.domain.limits import Per
from rewards.domain.messages import message
from rewards.pipeline.coupons import own
from rewards.pipeline.coupons.crowding import ask
from rewards.pipeline.coupons.issuing import CouponIssuing, Issued, IssueRequest
from rewards.pipeline.coupons.views import IssuedCoupon, OwnCoupons
from rewards.routes.fields import MemberId, read_number


class NewCoupon(Body, frozen=True, kw_only=True):
    """A coupon that a member is to have, and why."""

    prose: ClassVar = frozenset({"reason"})

    pool_id: Annotated[Text64, msgspec.Meta(examples=["spring-5-off"])]
    member_id: Annotated[MemberId, msgspec.Meta(examples=["alice"])]
    reason: Sentence | None = None


@post("/v1/coupons", summary="Issue a coupon", tags=["coupons"])
async def issue_coupon(
    request: Request[Any, Any, Any],
    data: NewCoupon,
    principal: Principal,
    coupon_issuing: CouponIssuing,
) -> Response[IssuedCoupon]:
    """Issue a coupon of a pool to a member, if its stock and its limits have room."""
    staff = require_role(principal, Role.MARKETER, Role.SUPPORT, Role.APP)
    if not is_member_id(data.member_id):
        raise InvalidInput.field("/member_id", "invalid", message("no_member_id"))
    asked = IssueRequest(
        data.pool_id,
        data.member_id,
        staff,
        data.reason,
        await read_key(request, staff),
        current_request_id() or None,
    )
    issued = await ask(coupon_issuing.batcher, asked)
    if issued.outcome is not IssueOutcome.ISSUED:
        raise _refusal(asked, issued)
    return written_before(issued.body) if issued.replayed else written(issued.body)


def _refusal(asked: IssueRequest, issued: Issued) -> Fault:
    """Say why there is no coupon."""
    if issued.outcome is IssueOutcome.LIMIT_REACHED:
        told = message("member_has_most", member_id=asked.member_id)
    elif issued.outcome is IssueOutcome.EXPIRED:
        told = message("pool_is_over", pool_id=asked.pool_id)
    elif issued.limit is Per.DAY:
        told = message("pool_out_for_today", pool_id=asked.pool_id)
    else:
        told = message("pool_out_of_stock", pool_id=asked.pool_id)
    return Conflict(told, code=issued.outcome.value)


@get("/v1/me/coupons", summary="List one's coupons", tags=["members"])
async def list_own_coupons(
    principal: Principal,
    engine: AsyncEngine,
    coupon_issuing: CouponIssuing,
    cursor: str | None = None,
    limit: Limit = 20,
) -> OwnCoupons:
    """List a member's coupons with their codes, newest first."""
    member = require_member(principal)
    before = None if cursor is None else read_number(cursor, message("no_cursor"))
    codes = coupon_issuing.numbers.codes
    async with engine.connect() as conn:
        return await own.list_own_coupons(
            conn, codes, member.member_id, before=before, limit=limit
        )
