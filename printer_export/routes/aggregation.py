"""HTTP of cartons and pallets: pack, ship, receive, unpack, activate through them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.domain.skips import Skip
from codegen.pipeline import Issuance
from codegen.pipeline.terms import Terms
from core.auth import Principal, Role, Staff, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.errors import FieldError, InvalidInput, NotFound
from core.moments import BothClocks, on_both_clocks
from printer_export.domain.aggregation.pack import Span, UnitOrder, read_ssccs
from printer_export.domain.aggregation.units import (
    EventKind,
    Load,
    LogisticEvent,
    Moment,
    SsccError,
    UnitKind,
    UnitState,
    parse_sscc,
)
from printer_export.pipeline.aggregation import move, pack, shipments, units

MAX_UNITS = 1_000
# The framework would take it apart, to no end.
Timezone = SkipValidation[ZoneInfo]
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Sscc = Annotated[str, msgspec.Meta(max_length=64, examples=["069012340000000016"])]
Ssccs = Annotated[tuple[Sscc, ...], msgspec.Meta(min_length=1, max_length=MAX_UNITS)]


class Happening(Body, frozen=True, kw_only=True):
    """When and where something was done: now, unless `happened_at` says otherwise."""

    # An event is never to come: Moment.told says so.
    judged_later: ClassVar = frozenset({"happened_at"})

    happened_at: datetime | None = None
    read_point: Place | None = None
    biz_location: Place | None = None


class NewLogisticUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A carton with its caps, or a pallet with its cartons."""

    # Codes come with whatever scanners and people put around them.
    judged_later: ClassVar = frozenset({"codes"})

    sscc: Sscc
    contents: Annotated[tuple[Span, ...], msgspec.Meta(max_length=10_000)] = ()
    codes: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=256)], ...],
        msgspec.Meta(max_length=10_000),
    ] = ()
    children: Annotated[tuple[Sscc, ...], msgspec.Meta(max_length=MAX_UNITS)] = ()


class NewUnits(Happening, frozen=True, kw_only=True):
    """Units to pack, all of them or none."""

    # Codes are pasted with the blanks and lines that stood between them.
    prose: ClassVar = frozenset({"units"})

    units: Annotated[
        tuple[NewLogisticUnit, ...], msgspec.Meta(min_length=1, max_length=MAX_UNITS)
    ]


class Movement(Happening, frozen=True, kw_only=True):
    """Units to ship, receive or unpack; a pallet stands for its cartons too."""

    ssccs: Ssccs


class UnitEvent(msgspec.Struct, frozen=True):
    """A unit, and the event of what was done to it."""

    sscc: str
    event_id: str


class Packed(msgspec.Struct, frozen=True):
    """What was packed, or unpacked, in the order of the request."""

    units: tuple[UnitEvent, ...]


class Received(msgspec.Struct, frozen=True):
    """How many units arrived, the cartons of pallets among them."""

    event_id: str
    units: int


class Shipped(msgspec.Struct, frozen=True):
    """How many units left, and what became active with them."""

    event_id: str
    units: int
    activated: int
    not_activated: str


class UnitActivation(Terms, frozen=True, kw_only=True):
    """What the codes in a unit stand for; what is left out comes from their batch."""


class UnitActivated(msgspec.Struct, frozen=True):
    """How many codes became active, and why others did not."""

    changed: int
    unchanged: int
    skipped: tuple[Skip, ...]
    effective_at: BothClocks | None


class UnitView(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, what was packed in it, and what happened to it."""

    sscc: str
    kind: UnitKind
    state: UnitState
    pallet: str | None
    contents: tuple[Span, ...]
    children: tuple[str, ...]
    events: tuple[LogisticEvent, ...]


def _moment(data: Happening, staff: Staff, clock: Clock, timezone: ZoneInfo) -> Moment:
    now = utc_datetime(clock.now_ms())
    at = data.happened_at or now.astimezone(timezone)
    return Moment.told(at, now, staff.person, data.read_point, data.biz_location)


def _ssccs(data: Movement) -> tuple[str, ...]:
    problems: list[FieldError] = []
    read = read_ssccs(data.ssccs, "/ssccs", problems)
    if problems:
        raise InvalidInput(problems[0].detail, errors=tuple(problems[:100]))
    return read


def _sscc(text: str) -> str:
    try:
        return parse_sscc(text)
    except SsccError as fault:
        raise NotFound(fault.detail) from None


def _view_events(events: Sequence[LogisticEvent]) -> Packed:
    return Packed(tuple(UnitEvent(e.units[0].sscc, e.event_id) for e in events))


@post("/v1/logistic-units", summary="Pack cartons and pallets", tags=["logistics"])
async def pack_units(
    request: Request[Any, Any, Any],
    data: NewUnits,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: Timezone,
    issuance: Issuance,
) -> Response[Packed]:
    """Pack caps into cartons and cartons onto pallets, all of them or none."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    moment = _moment(data, staff, clock, timezone)
    orders = [UnitOrder(u.sscc, u.contents, u.codes, u.children) for u in data.units]

    async def effect(conn: AsyncConnection) -> Packed:
        keys = issuance.key_file.load()
        moments = [moment] * len(orders)
        return _view_events(await pack.pack_units(conn, keys, orders, moments, staff))

    return await once.perform(request, staff, effect)


@post("/v1/unpackings", summary="Unpack cartons and pallets", tags=["logistics"])
async def unpack_units(
    request: Request[Any, Any, Any],
    data: Movement,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: Timezone,
) -> Response[Packed]:
    """Free the caps of cartons and the cartons of pallets; their SSCC is used up."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    moment, ssccs = _moment(data, staff, clock, timezone), _ssccs(data)

    async def effect(conn: AsyncConnection) -> Packed:
        load = Load(ssccs, moment)
        return _view_events(await move.unpack_units(conn, [load], staff))

    return await once.perform(request, staff, effect)


@post("/v1/shipments", summary="Ship cartons and pallets", tags=["logistics"])
async def ship_units(
    request: Request[Any, Any, Any],
    data: Movement,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: Timezone,
) -> Response[Shipped]:
    """Ship units; printed codes that wait for it become active with them."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    moment, ssccs = _moment(data, staff, clock, timezone), _ssccs(data)

    async def effect(conn: AsyncConnection) -> Shipped:
        event, done = await shipments.ship_units(conn, ssccs, moment, staff)
        return Shipped(
            event.event_id, len(event.units), done.activated, done.not_activated or ""
        )

    return await once.perform(request, staff, effect)


@post("/v1/receipts", summary="Receive cartons and pallets", tags=["logistics"])
async def receive_units(
    request: Request[Any, Any, Any],
    data: Movement,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: Timezone,
) -> Response[Received]:
    """Receive units that were shipped; they may be shipped again or unpacked."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    moment, ssccs = _moment(data, staff, clock, timezone), _ssccs(data)

    async def effect(conn: AsyncConnection) -> Received:
        load = Load(ssccs, moment)
        [event] = await move.move_units(conn, EventKind.RECEIVING, [load], staff)
        return Received(event.event_id, len(event.units))

    return await once.perform(request, staff, effect)


@post(
    "/v1/logistic-units/{sscc:str}/activations",
    summary="Activate all caps of a carton or pallet",
    tags=["logistics"],
)
async def activate_unit(
    request: Request[Any, Any, Any],
    sscc: str,
    data: UnitActivation,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: Timezone,
) -> Response[UnitActivated]:
    """Activate every code inside; void and missing ones stay as they are."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    terms = data.read(timezone)
    now = utc_datetime(clock.now_ms())
    named = _sscc(sscc)

    async def effect(conn: AsyncConnection) -> UnitActivated:
        done = await shipments.activate_unit(conn, named, terms, staff, now=now)
        begins = terms.effective_at
        both = None if begins is None else on_both_clocks(begins, timezone)
        return UnitActivated(done.activated, done.unchanged, done.skipped, both)

    return await once.perform(request, staff, effect)


@get(
    "/v1/logistic-units/{sscc:str}",
    summary="Look at a carton or pallet",
    tags=["logistics"],
)
async def show_unit(sscc: str, principal: Principal, engine: AsyncEngine) -> UnitView:
    """Show a unit, what was packed in it, and what happened to it, oldest first."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
    named = _sscc(sscc)
    async with engine.connect() as conn:
        held = await units.load_unit(conn, named, staff)
    return UnitView(
        sscc=held.unit.sscc,
        kind=held.unit.kind,
        state=held.unit.state,
        pallet=held.unit.pallet_sscc,
        contents=held.contents,
        children=held.children,
        events=held.events,
    )
