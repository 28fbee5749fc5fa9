"""HTTP of adjustments: points that two persons give or take."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, business_day, utc_datetime
from core.fields import Sentence
from core.ids import TimeIds
from rewards.domain.messages import message
from rewards.domain.points.adjusting import MAX_ADJUSTED, AdjustmentState
from rewards.pipeline.points import adjusting as pipeline
from rewards.routes.fields import MemberId, read_number


class NewAdjustment(Body, frozen=True, kw_only=True):
    """Points to give a member, or to take below zero, and why."""

    prose: ClassVar = frozenset({"reason"})

    member_id: Annotated[MemberId, msgspec.Meta(examples=["alice"])]
    points: Annotated[
        int, msgspec.Meta(ge=-MAX_ADJUSTED, le=MAX_ADJUSTED, examples=[50])
    ]
    reason: Annotated[Sentence, msgspec.Meta(examples=["the cap was damaged"])]


class AdjustmentChanged(msgspec.Struct, frozen=True):
    """An adjustment, and how far it has come."""

    adjustment_id: str
    state: AdjustmentState


@post("/v1/adjustments", summary="Ask for an adjustment", tags=["points"])
async def add_adjustment(
    request: Request[Any, Any, Any],
    data: NewAdjustment,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
) -> Response[AdjustmentChanged]:
    """Ask for points to be given or taken; it waits for a second person."""
    staff = require_role(principal, Role.SUPPORT)
    now_ms = clock.now_ms()

    async def effect(conn: AsyncConnection) -> AdjustmentChanged:
        asked = await pipeline.ask_adjustment(
            conn,
            data.member_id,
            adjustment_id=ids.next_id(now_ms),
            points=data.points,
            reason=data.reason,
            staff=staff,
            now=utc_datetime(now_ms),
        )
        return AdjustmentChanged(str(asked.adjustment_id), asked.state)

    return await once.perform(request, staff, effect)


class AdjustmentApproval(Body, frozen=True, kw_only=True):
    """Nothing more to say."""


@post(
    "/v1/adjustments/{adjustment_id:str}/approvals",
    summary="Post an adjustment",
    tags=["points"],
)
async def approve_adjustment(
    request: Request[Any, Any, Any],
    adjustment_id: str,
    data: AdjustmentApproval,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[AdjustmentChanged]:
    """Post an adjustment that somebody else asked for."""
    del data
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(adjustment_id, message("no_adjustment"))
    now_ms = clock.now_ms()

    async def effect(conn: AsyncConnection) -> AdjustmentChanged:
        posted = await pipeline.approve_adjustment(
            conn,
            number,
            staff=staff,
            today=business_day(now_ms, timezone),
            now=utc_datetime(now_ms),
        )
        return AdjustmentChanged(adjustment_id, posted.state)

    return await once.perform(request, staff, effect)


class AdjustmentRejection(Body, frozen=True, kw_only=True):
    """Why an adjustment is refused."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["it was given before"])]


@post(
    "/v1/adjustments/{adjustment_id:str}/rejections",
    summary="Refuse an adjustment",
    tags=["points"],
)
async def reject_adjustment(
    request: Request[Any, Any, Any],
    adjustment_id: str,
    data: AdjustmentRejection,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[AdjustmentChanged]:
    """Refuse an adjustment that somebody else asked for; no points move."""
    staff = require_role(principal, Role.SUPPORT)
    number = read_number(adjustment_id, message("no_adjustment"))
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> AdjustmentChanged:
        rejected = await pipeline.reject_adjustment(
            conn, number, reason=data.reason, staff=staff, now=now
        )
        return AdjustmentChanged(adjustment_id, rejected.state)

    return await once.perform(request, staff, effect)
