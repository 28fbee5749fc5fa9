"""HTTP of voids that take two: what a line may not void alone, it asks for."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.batches import Selection
from codegen.domain.recalls import Recall, RecallKind, RecallState
from codegen.domain.skips import Skip
from codegen.pipeline import Issuance
from codegen.routes.changes import Codes
from codegen.routes.recalls import READERS, Approval, StateQuery
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Sentence, Text64


class NewVoidRequest(Body, frozen=True, kw_only=True):
    """Codes to ask a void for."""

    # Codes come with whatever scanners and people put around them.
    judged_later: ClassVar = frozenset({"codes"})
    prose: ClassVar = frozenset({"reason"})

    batch_id: int
    reason: Annotated[Sentence, msgspec.Meta(examples=["roll 7 was stolen"])]
    unit: Text64 | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: Codes | None = None


class VoidRequested(msgspec.Struct, frozen=True):
    """A void that waits for a second person."""

    void_request_id: int
    state: RecallState


class VoidApproved(msgspec.Struct, frozen=True):
    """A void in effect."""

    void_request_id: int
    state: RecallState
    changed: int


class VoidRequestItem(msgspec.Struct, frozen=True, kw_only=True):
    """A void that was asked for, as staff see it in a list."""

    void_request_id: int
    state: RecallState
    reason: str
    batch_ids: tuple[int, ...]
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    changed: int | None


class VoidRequestView(VoidRequestItem, frozen=True, kw_only=True):
    """A void that was asked for, as an approver sees it; `digest` names what is shown.

    `pieces` are the codes as indexes, both ends included: the first thousand of them.
    """

    would_change: int
    unchanged: int
    skipped: tuple[Skip, ...]
    pieces: tuple[tuple[int, int], ...]
    digest: str


class VoidRequestList(msgspec.Struct, frozen=True):
    """A page of void requests, newest first."""

    items: tuple[VoidRequestItem, ...]
    next_cursor: str | None


_SHOWN_PIECES = 1_000


def _fields_of(recall: Recall) -> dict[str, Any]:
    fields = {
        "void_request_id": recall.recall_id,
        "batch_ids": tuple(sorted({part.batch_id for part in recall.scope.packed})),
    }
    own = set(VoidRequestItem.__struct_fields__) - fields.keys()
    return fields | {name: getattr(recall, name) for name in own}


@post("/v1/void-requests", summary="Ask for a void", tags=["batches"])
async def request_void(
    request: Request[Any, Any, Any],
    data: NewVoidRequest,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[VoidRequested]:
    """Ask to make codes void; it takes effect when an issuer approves it."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    selection = Selection(data.unit, data.from_index, data.to_index, data.codes)

    async def effect(conn: AsyncConnection) -> VoidRequested:
        request_id = await pipeline.request_void(
            conn,
            issuance.key_file.load(),
            data.batch_id,
            selection,
            reason=data.reason,
            staff=staff,
            now=utc_datetime(clock.now_ms()),
        )
        return VoidRequested(request_id, RecallState.REQUESTED)

    return await once.perform(request, staff, effect)


@get("/v1/void-requests", summary="List void requests", tags=["batches"])
async def list_void_requests(
    principal: Principal,
    engine: AsyncEngine,
    with_state: StateQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> VoidRequestList:
    """List void requests, newest first; `state` keeps those that wait or are done."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        found = await pipeline.list_recalls(
            conn,
            RecallKind.VOID,
            staff,
            state=with_state,
            before_id=cursor,
            limit=limit,
        )
    more = str(found[-1].recall_id) if len(found) == limit else None
    items = tuple(VoidRequestItem(**_fields_of(each)) for each in found)
    return VoidRequestList(items, more)


@get(
    "/v1/void-requests/{void_request_id:int}",
    summary="Look at a void request",
    tags=["batches"],
)
async def show_void_request(
    void_request_id: int, principal: Principal, engine: AsyncEngine
) -> VoidRequestView:
    """Show which codes a void request would take now."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        shown = await pipeline.show_recall(
            conn, RecallKind.VOID, void_request_id, staff
        )
    pieces = [
        (first - each.batch.first_code_id, last - each.batch.first_code_id)
        for each in shown.covered
        for first, last in each.wanted
    ]
    return VoidRequestView(
        **_fields_of(shown.recall),
        would_change=shown.preview.would_change,
        unchanged=shown.preview.unchanged,
        skipped=shown.preview.skipped,
        pieces=tuple(pieces[:_SHOWN_PIECES]),
        digest=shown.digest,
    )


@post(
    "/v1/void-requests/{void_request_id:int}/approvals",
    summary="Approve a void",
    tags=["batches"],
)
async def approve_void(
    request: Request[Any, Any, Any],
    void_request_id: int,
    principal: Principal,
    once: Once,
    clock: Clock,
    data: Approval | None = None,
) -> Response[VoidApproved]:
    """Make codes void for good, as someone other than who asked for it."""
    staff = require_role(principal, Role.ISSUER)

    async def effect(conn: AsyncConnection) -> VoidApproved:
        changed = await pipeline.approve_recall(
            conn,
            RecallKind.VOID,
            void_request_id,
            staff,
            shown=data.digest if data else None,
            now=utc_datetime(clock.now_ms()),
        )
        return VoidApproved(void_request_id, RecallState.IN_EFFECT, changed)

    return await once.perform(request, staff, effect)
