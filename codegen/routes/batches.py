"""HTTP of batches: issue, look, list."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.batches import BatchFilter
from codegen.domain.gtin import read_gtin
from codegen.domain.ranges import RangeState
from codegen.pipeline import Issuance
from codegen.pipeline.new_batch import NewBatch, order_from
from codegen.pipeline.views import BatchItem, BatchView, list_item, view_batch
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import check_text, refuse
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit

# The framework keeps the name `state` for itself.
StateQuery = Annotated[RangeState | None, QueryParameter(name="state")]
READERS = (Role.ISSUER, Role.LINE, Role.MARKETER, Role.ANALYST, Role.SUPPORT)


class BatchList(msgspec.Struct, frozen=True):
    """A page of batches, newest first."""

    items: tuple[BatchItem, ...]
    next_cursor: str | None


@post("/v1/batches", summary="Issue a batch of codes", tags=["batches"])
async def issue_batch(
    request: Request[Any, Any, Any],
    data: NewBatch,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[BatchView]:
    """Issue a contiguous range of fresh codes."""
    staff = require_role(principal, Role.ISSUER)
    order = order_from(data, issuance)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> BatchView:
        batch = await pipeline.issue_batch(conn, issuance, order, staff, now=now)
        return view_batch(batch, issuance)

    return await once.perform(request, staff, effect)


@get("/v1/batches/{batch_id:int}", summary="Look at a batch", tags=["batches"])
async def show_batch(
    batch_id: int, principal: Principal, engine: AsyncEngine, issuance: Issuance
) -> BatchView:
    """Show a batch with its codes counted by state."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        batch = await pipeline.get_counted_batch(conn, batch_id, staff)
    return view_batch(batch, issuance)


@get("/v1/batches", summary="List batches", tags=["batches"])
async def list_batches(
    principal: Principal,
    engine: AsyncEngine,
    with_state: StateQuery = None,
    line: str | None = None,
    gtin: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BatchList:
    """List batches, newest first; `state` keeps those with codes in that state."""
    staff = require_role(principal, *READERS)
    refuse(check_text("/line", line))
    if gtin is not None:
        gtin = read_gtin(gtin)
    async with engine.connect() as conn:
        batches = await pipeline.list_batches(
            conn,
            staff,
            BatchFilter(with_state, line, gtin),
            before_id=cursor,
            limit=limit,
        )
    more = str(batches[-1].batch_id) if len(batches) == limit else None
    return BatchList(tuple(list_item(each) for each in batches), more)
