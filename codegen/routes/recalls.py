"""HTTP of recalls: asked for by one person, approved by another."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import pipeline
from codegen.pipeline import CartonLookup, RecallScope
from codegen.routes.fields import Sentence, Text64
from core.auth import Principal, Role, Staff, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime


class Recall(Body, frozen=True, kw_only=True):
    """A recall to ask for."""

    prose: ClassVar = frozenset({"reason", "instructions"})

    reason: Sentence
    instructions: Sentence
    batch_id: int | None = None
    lot: Annotated[Text64 | None, msgspec.Meta(examples=["L2026-05-01"])] = None
    carton: Text64 | None = None
    from_index: int | None = None
    to_index: int | None = None


class RecallRequested(msgspec.Struct, frozen=True):
    """A recall that waits for a second person."""

    recall_id: int
    state: str


class RecallApproved(msgspec.Struct, frozen=True):
    """A recall in effect."""

    recall_id: int
    state: str
    changed: int


@post("/v1/recalls", summary="Ask for a recall", tags=["recalls"])
async def request_recall(
    request: Request[Any, Any, Any],
    data: Recall,
    principal: Principal,
    once: Once,
    clock: Clock,
    find_carton: SkipValidation[CartonLookup],
) -> Response[bytes]:
    """Ask for a recall; it takes effect when a second person approves it."""
    staff = require_role(principal, Role.ISSUER)
    names = ("batch_id", "lot", "carton", "from_index", "to_index")
    scope = RecallScope(**{name: getattr(data, name) for name in names})

    async def effect(conn: AsyncConnection) -> RecallRequested:
        recall_id = await pipeline.request_recall(
            conn,
            scope,
            reason=data.reason,
            instructions=data.instructions,
            find_carton=find_carton,
            staff=staff,
            now=utc_datetime(clock.now_ms()),
        )
        return RecallRequested(recall_id, "requested")

    return await once.perform(request, staff, effect)


@post(
    "/v1/recalls/{recall_id:int}/approvals",
    summary="Approve a recall",
    tags=["recalls"],
)
async def approve_recall(
    request: Request[Any, Any, Any],
    recall_id: int,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[bytes]:
    """Put a recall into effect, as someone other than who asked for it."""
    staff: Staff = require_role(principal, Role.ISSUER)

    async def effect(conn: AsyncConnection) -> RecallApproved:
        changed = await pipeline.approve_recall(
            conn, recall_id, staff, now=utc_datetime(clock.now_ms())
        )
        return RecallApproved(recall_id, "in_effect", changed)

    return await once.perform(request, staff, effect)
