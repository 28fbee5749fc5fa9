"""HTTP of batches: issue, look, list."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.batch import Batch, BatchFilter, BatchOrder, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import RangeState
from codegen.domain.symbol_size import SymbolSize
from codegen.pipeline import Issuance
from codegen.routes.fields import Cursor, Limit, Regions, Text64, read_gtin
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body, check_text, refuse
from core.clock import Clock, utc_datetime

# The framework keeps the name `state` for itself.
StateQuery = Annotated[RangeState | None, QueryParameter(name="state")]
READERS = (Role.ISSUER, Role.LINE, Role.MARKETER, Role.ANALYST, Role.SUPPORT)


class NewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A roll or box of a batch; indexes are 0-based and inclusive."""

    name: Text64
    from_index: int
    to_index: int


class NewBatch(Body, frozen=True, kw_only=True):
    """An order for codes."""

    quantity: Annotated[int, msgspec.Meta(examples=[100_000])]
    gtin: Annotated[str | None, msgspec.Meta(examples=["06901234567892"])] = None
    campaign_id: Annotated[Text64 | None, msgspec.Meta(examples=["demo-points"])] = None
    placement: Placement = Placement.INSIDE
    units: tuple[NewUnit, ...] = ()
    lot: Text64 | None = None
    produced_on: date | None = None
    sale_regions: Regions = ()
    line: Text64 | None = None
    link_base: Text64 | None = None
    link_form: LinkForm = LinkForm.SHORT


class BatchItem(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, as staff see it in a list: without its units."""

    batch_id: int
    epoch: int
    first_serial: int
    quantity: int
    state: str
    counts: dict[str, int]
    gtin: str | None
    campaign_id: str | None
    brand: str | None
    placement: Placement
    lot: str | None
    produced_on: date | None
    sale_regions: tuple[str, ...]
    line: str | None
    link_base: str
    link_form: LinkForm
    symbol: SymbolSize | None
    issued_by: str
    issued_at: datetime


class BatchView(BatchItem, frozen=True, kw_only=True):
    """A batch, as staff see it, and what they should know before it is printed."""

    units: tuple[Unit, ...]
    warnings: tuple[str, ...]


class BatchList(msgspec.Struct, frozen=True):
    """A page of batches, newest first."""

    items: tuple[BatchItem, ...]
    next_cursor: str | None


def view_batch(batch: Batch, issuance: Issuance) -> BatchView:
    """Show a batch, with what should be known before it is printed."""
    names = (*BatchItem.__struct_fields__, "units")
    shown = {name: getattr(batch, name) for name in names}
    return BatchView(**shown, warnings=issuance.warnings_of(batch))


def list_item(batch: Batch) -> BatchItem:
    """Show a batch in a list."""
    return BatchItem(
        **{name: getattr(batch, name) for name in BatchItem.__struct_fields__}
    )


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


def order_from(data: NewBatch, issuance: Issuance) -> BatchOrder:
    """Check an order; raises InvalidInput naming each wrong field."""
    fields = {name: getattr(data, name) for name in NewBatch.__struct_fields__}
    return BatchOrder.check(
        **fields
        | {
            "units": tuple(Unit(u.name, u.from_index, u.to_index) for u in data.units),
            "link_base": data.link_base or issuance.link_base,
        }
    )


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
