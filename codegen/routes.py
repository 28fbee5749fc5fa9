"""HTTP of codegen: products, batches, activations, voids, recalls."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline, store
from codegen.domain.batch import (
    MAX_TEXT,
    Batch,
    BatchOrder,
    Placement,
    Selection,
    Unit,
)
from codegen.domain.code_text import LinkForm
from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.ranges import RangeState
from codegen.pipeline import CartonLookup, ChangeRequest, Issuance, RecallScope
from core.auth import Principal, Role, Staff, require_role
from core.auth.audit import record_action
from core.auth.requests import Once, require_token
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput

Text64 = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Region = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
PageUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]{1,500}$")]
Regions = Annotated[tuple[Region, ...], msgspec.Meta(max_length=100)]
Codes = Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)]


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product to add."""

    gtin: Annotated[str, msgspec.Meta(examples=["06901234567892"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Organic Milk 250 ml"])]
    brand: Annotated[Text64, msgspec.Meta(examples=["Demo Dairy"])]
    shelf_life_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    page_url: PageUrl | None = None


class NewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A roll or box of a batch; indexes are 0-based and inclusive."""

    name: Text64
    from_index: int
    to_index: int


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
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


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, as staff see it."""

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
    units: tuple[Unit, ...]
    lot: str | None
    produced_on: date | None
    sale_regions: tuple[str, ...]
    line: str | None
    link_base: str
    link_form: LinkForm
    issued_by: str
    issued_at: datetime


def view_batch(batch: Batch) -> BatchView:
    """Show a batch."""
    return BatchView(
        **{name: getattr(batch, name) for name in BatchView.__struct_fields__}
    )


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """Codes to activate; what is left out comes from the batch."""

    unit: str | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: Codes | None = None
    gtin: str | None = None
    lot: Text64 | None = None
    produced_on: date | None = None
    plant: Text64 | None = None
    line: Text64 | None = None
    sale_regions: Regions | None = None
    campaign_id: Text64 | None = None
    effective_at: datetime | None = None


class Activated(msgspec.Struct, frozen=True):
    """What an activation did."""

    activation_id: int
    changed: int
    unchanged: int


class Void(msgspec.Struct, frozen=True, kw_only=True):
    """Codes to make void, for good."""

    reason: Annotated[Sentence, msgspec.Meta(examples=["roll 7 was torn"])]
    unit: str | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: Codes | None = None


class Voided(msgspec.Struct, frozen=True):
    """What a void did."""

    void_id: int
    changed: int
    unchanged: int


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """A recall to ask for."""

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


@post("/v1/products", summary="Add a product", tags=["products"])
async def add_product(
    request: Request[Any, Any, Any],
    data: NewProduct,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[bytes]:
    """Add a product under its GTIN."""
    staff = require_role(principal, Role.ISSUER)
    try:
        gtin = normalise_gtin(data.gtin)
    except GtinError as fault:
        raise InvalidInput.field("/gtin", "invalid_gtin", str(fault)) from None
    if staff.brand is not None and data.brand != staff.brand:
        raise InvalidInput.field(
            "/brand", "out_of_scope", f"This token is for {staff.brand} only."
        )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> NewProduct:
        await store.take_fence(conn)
        await store.insert_product(
            conn,
            gtin=gtin,
            name=data.name,
            brand=data.brand,
            shelf_life_days=data.shelf_life_days,
            page_url=data.page_url,
            now=now,
        )
        await record_action(
            conn,
            staff,
            action="product.add",
            subject=f"product:{gtin}",
            detail={"name": data.name, "brand": data.brand},
            now=now,
        )
        return msgspec.structs.replace(data, gtin=gtin)

    return await once.perform(request, staff, effect)


@post("/v1/batches", summary="Issue a batch of codes", tags=["batches"])
async def issue_batch(
    request: Request[Any, Any, Any],
    data: NewBatch,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[bytes]:
    """Issue a contiguous range of fresh codes."""
    staff = require_role(principal, Role.ISSUER)
    order = order_from(data, issuance)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> BatchView:
        return view_batch(
            await pipeline.issue_batch(conn, issuance, order, staff, now=now)
        )

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
    batch_id: int, principal: Principal, engine: AsyncEngine
) -> BatchView:
    """Show a batch with its codes counted by state."""
    staff = require_role(
        principal,
        Role.ISSUER,
        Role.LINE,
        Role.MARKETER,
        Role.ANALYST,
        Role.SUPPORT,
    )
    async with engine.connect() as conn:
        return view_batch(await pipeline.get_batch(conn, batch_id, staff))


def _selection(data: Activation | Void) -> Selection:
    return Selection(data.unit, data.from_index, data.to_index, data.codes)


@post(
    "/v1/batches/{batch_id:int}/activations",
    summary="Activate codes",
    tags=["batches"],
)
async def activate_codes(
    request: Request[Any, Any, Any],
    batch_id: int,
    data: Activation,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[bytes]:
    """Activate a batch, a unit, a range or single codes, bound to what they mean."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    if data.effective_at is not None and data.effective_at.tzinfo is None:
        raise InvalidInput.field(
            "/effective_at", "no_offset", "Say the offset too: 2026-05-01T08:00:00Z."
        )
    names = ("gtin", "lot", "produced_on", "plant", "line", "sale_regions")
    binding = {
        name: getattr(data, name) for name in (*names, "campaign_id", "effective_at")
    }
    change = ChangeRequest(
        batch_id, _selection(data), RangeState.ACTIVATED, binding=binding
    )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Activated:
        done = await pipeline.change_codes(
            conn, issuance.key_file.load(), change, staff, now=now
        )
        return Activated(done.change_id, done.changed, done.unchanged)

    return await once.perform(request, staff, effect)


@post("/v1/batches/{batch_id:int}/voids", summary="Void codes", tags=["batches"])
async def void_codes(
    request: Request[Any, Any, Any],
    batch_id: int,
    data: Void,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[bytes]:
    """Make codes void, for good."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    change = ChangeRequest(batch_id, _selection(data), RangeState.VOID, data.reason)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Voided:
        done = await pipeline.change_codes(
            conn, issuance.key_file.load(), change, staff, now=now
        )
        return Voided(done.change_id, done.changed, done.unchanged)

    return await once.perform(request, staff, effect)


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


ROUTER = Router(
    path="/",
    guards=[require_token],
    route_handlers=[
        add_product,
        issue_batch,
        show_batch,
        activate_codes,
        void_codes,
        request_recall,
        approve_recall,
    ],
)
