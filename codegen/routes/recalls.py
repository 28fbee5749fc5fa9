"""HTTP of recalls: asked for by one person, looked at and approved by another."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.batches import Preview
from codegen.domain.recalls import Recall, RecallKind, RecallScope, RecallState
from codegen.domain.skips import Skip
from codegen.pipeline import CartonLookup, ShownRecall
from core.auth import Principal, Role, Staff, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Sentence, Text64

# The framework keeps the name `state` for itself.
StateQuery = Annotated[RecallState | None, QueryParameter(name="state")]
READERS = (Role.ISSUER, Role.LINE, Role.ANALYST, Role.SUPPORT)


class NewRecall(Body, frozen=True, kw_only=True):
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


class Approval(Body, frozen=True, kw_only=True):
    """What is approved: the `digest` of what was looked at.

    Without it, what was counted when it was asked for.
    """

    digest: Text64 | None = None


class RecallApproved(msgspec.Struct, frozen=True):
    """A recall in effect."""

    recall_id: int
    state: str
    changed: int


class RecallItem(msgspec.Struct, frozen=True, kw_only=True):
    """A recall, as staff see it in a list."""

    recall_id: int
    state: RecallState
    reason: str
    instructions: str
    batch_id: int | None
    lot: str | None
    carton: str | None
    from_index: int | None
    to_index: int | None
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    changed: int | None


class CoveredItem(msgspec.Struct, frozen=True, kw_only=True):
    """What a recall would do to a batch now."""

    batch_id: int
    gtin: str | None
    brand: str | None
    lots: tuple[str, ...]
    would_change: int
    unchanged: int
    skipped: tuple[Skip, ...]


class RecallView(RecallItem, frozen=True, kw_only=True):
    """A recall, as an approver sees it; `digest` names what is shown here."""

    would_change: int
    unchanged: int
    skipped: tuple[Skip, ...]
    batches: tuple[CoveredItem, ...]
    digest: str


class RecallList(msgspec.Struct, frozen=True):
    """A page of recalls, newest first."""

    items: tuple[RecallItem, ...]
    next_cursor: str | None


def _fields_of(recall: Recall) -> dict[str, Any]:
    named = {
        name: getattr(recall.scope, name)
        for name in ("batch_id", "lot", "carton", "from_index", "to_index")
    }
    own = set(RecallItem.__struct_fields__) - named.keys()
    return named | {name: getattr(recall, name) for name in own}


def list_item(recall: Recall) -> RecallItem:
    """Show a recall in a list."""
    return RecallItem(**_fields_of(recall))


def view_recall(shown: ShownRecall) -> RecallView:
    """Show a recall with what it would do now."""
    return RecallView(
        **_fields_of(shown.recall),
        would_change=shown.preview.would_change,
        unchanged=shown.preview.unchanged,
        skipped=shown.preview.skipped,
        batches=tuple(
            CoveredItem(
                batch_id=each.batch.batch_id,
                gtin=each.batch.gtin,
                brand=each.batch.brand,
                lots=tuple(
                    sorted({r.binding.lot for r in each.ranges if r.binding.lot})
                ),
                would_change=each.preview.would_change,
                unchanged=each.preview.unchanged,
                skipped=each.preview.skipped,
            )
            for each in shown.covered
        ),
        digest=shown.digest,
    )


@post(
    "/v1/recalls",
    summary="Ask for a recall",
    tags=["recalls"],
    opt={"also": {200: Preview}},
)
async def request_recall(
    request: Request[Any, Any, Any],
    data: NewRecall,
    principal: Principal,
    once: Once,
    clock: Clock,
    engine: AsyncEngine,
    find_carton: SkipValidation[CartonLookup],
    preview: bool = False,  # noqa: FBT001, FBT002 - as it stands in the address
) -> Response[RecallRequested]:
    """Ask for a recall; it takes effect when a second person approves it."""
    staff = require_role(principal, Role.ISSUER)
    names = ("batch_id", "lot", "carton", "from_index", "to_index")
    scope = RecallScope(**{name: getattr(data, name) for name in names})
    if preview:
        async with engine.connect() as conn:
            return answer_preview(
                await pipeline.preview_recall(
                    conn, scope, find_carton=find_carton, staff=staff
                )
            )

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


def answer_preview(preview: Preview) -> Response[Any]:
    """Answer 200 with what would happen; nothing was done."""
    return Response(
        msgspec.json.encode(preview),
        status_code=200,
        headers={"content-type": "application/json"},
    )


@get("/v1/recalls", summary="List recalls", tags=["recalls"])
async def list_recalls(
    principal: Principal,
    engine: AsyncEngine,
    with_state: StateQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RecallList:
    """List recalls, newest first; `state` keeps those that wait, or are in effect."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        found = await pipeline.list_recalls(
            conn,
            RecallKind.RECALL,
            staff,
            state=with_state,
            before_id=cursor,
            limit=limit,
        )
    more = str(found[-1].recall_id) if len(found) == limit else None
    return RecallList(tuple(map(list_item, found)), more)


@get("/v1/recalls/{recall_id:int}", summary="Look at a recall", tags=["recalls"])
async def show_recall(
    recall_id: int, principal: Principal, engine: AsyncEngine
) -> RecallView:
    """Show a recall: its text for consumers, and what it would do to which batches."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        return view_recall(
            await pipeline.show_recall(conn, RecallKind.RECALL, recall_id, staff)
        )


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
    data: Approval | None = None,
) -> Response[RecallApproved]:
    """Put a recall into effect, as someone other than who asked for it."""
    staff: Staff = require_role(principal, Role.ISSUER)

    async def effect(conn: AsyncConnection) -> RecallApproved:
        changed = await pipeline.approve_recall(
            conn,
            RecallKind.RECALL,
            recall_id,
            staff,
            shown=data.digest if data else None,
            now=utc_datetime(clock.now_ms()),
        )
        return RecallApproved(recall_id, "in_effect", changed)

    return await once.perform(request, staff, effect)
