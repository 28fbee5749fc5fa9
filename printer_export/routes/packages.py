"""HTTP of packages: order, pre-flight, approve, download, cancel."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.domain.batch import Batch, Selection
from codegen.domain.code_text import LinkForm
from codegen.pipeline import get_batch
from codegen.routes.fields import Cursor, Limit, OptionalId
from core.auth import Principal, Role, Staff, require_role
from core.auth.requests import Once
from core.bounds import MAX_SENTENCE, MAX_TEXT, Body
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput
from core.moments import When, read_end
from printer_export.domain.packages.manifest import link_prefix_of
from printer_export.domain.packages.order import Encryption, PackageOrder, Sheet, Unwind
from printer_export.domain.packages.package_state import (
    Download,
    PackageFilter,
    PackageRecord,
)
from printer_export.domain.packages.preflight import Finding
from printer_export.domain.packages.rows import Preset
from printer_export.files.archive import check_recipients
from printer_export.files.images import MIN_MODULE_MM
from printer_export.pipeline.packages import orders as pipeline
from printer_export.pipeline.packages.downloads import downloads_left
from printer_export.pipeline.packages.orders import Packaging
from printer_export.store.packages import downloads

# The framework would take it apart field by field, to no end.
PackagingContext = SkipValidation[Packaging]
ModuleMm = Annotated[float, msgspec.Meta(ge=MIN_MODULE_MM, le=2)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """How a package is closed."""

    kind: Encryption
    age_recipients: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()


class NewPackage(Body, frozen=True, kw_only=True):
    """An order for a package of a batch's codes."""

    preset: Annotated[Preset, msgspec.Meta(examples=["csv"])]
    unit: Name | None = None
    from_index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    to_index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    quantity: Annotated[int, msgspec.Meta(ge=1)] | None = None
    overage_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    codes_per_roll: Annotated[int, msgspec.Meta(ge=1)] | None = None
    lanes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    unwind: Unwind = Unwind.FORWARD
    link_form: LinkForm | None = None
    encryption: Closing | None = None
    sheet: Sheet = Sheet.NONE
    module_mm: ModuleMm | None = None
    printhouse: Name | None = None
    downloads_allowed: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    expires_after_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    download_by: When | None = None
    activate_by: When | None = None


class Cancellation(Body, frozen=True, kw_only=True):
    """Why a package is withdrawn."""

    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SENTENCE)]


class PackageView(msgspec.Struct, frozen=True, kw_only=True):
    """A package, as staff see it."""

    package_id: int
    batch_id: int
    state: str
    link_prefix: str
    preset: Preset
    from_index: int
    to_index: int
    quantity: int
    net_quantity: int
    overage_percent: int
    codes_per_roll: int | None
    lanes: int
    unwind: Unwind
    link_form: LinkForm
    encryption: Encryption
    sheet: Sheet
    module_mm: float | None
    printhouse: str | None
    ordered_by: str
    ordered_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    expires_at: datetime | None
    downloads_allowed: int
    downloads_left: int
    password_told_at: datetime | None
    download_by: datetime | None
    activate_by: datetime | None
    overdue: tuple[str, ...]
    cancelled_by: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    preflight: tuple[Finding, ...] | None = None
    downloads: tuple[Download, ...] | None = None


class PackageList(msgspec.Struct, frozen=True):
    """A page of packages, newest first."""

    items: tuple[PackageView, ...]
    next_cursor: str | None


class Password(msgspec.Struct, frozen=True):
    """What opens an AES-256 package; it travels apart from the file."""

    password: str


_ORDERED = (
    *("preset", "overage_percent", "codes_per_roll", "lanes", "unwind"),
    *("sheet", "module_mm"),
)
_ORDERED_FOR = ("printhouse", "downloads_allowed", "download_by", "activate_by")
_OF_ORDER = (
    *(*_ORDERED, *_ORDERED_FOR),
    *("from_index", "to_index", "quantity", "link_form", "encryption"),
)
_OF_RECORD = (
    *("approved_by", "approved_at", "expires_at", "password_told_at"),
    *("cancelled_by", "cancelled_at", "cancel_reason"),
)


def view_package(
    record: PackageRecord, staff: Staff, now: datetime, **more: Any
) -> PackageView:
    """Show a package; `downloads_left` are those of who looks."""
    package, order = record.package, record.package.order
    return PackageView(
        package_id=package.package_id,
        batch_id=package.batch.batch_id,
        state=record.state(now).value,
        link_prefix=link_prefix_of(package),
        downloads_left=downloads_left(record, staff),
        net_quantity=order.quantity * 100 // (100 + order.overage_percent),
        ordered_by=package.ordered_by,
        ordered_at=package.ordered_at,
        overdue=_overdue(record, now),
        **{name: getattr(order, name) for name in _OF_ORDER},
        **{name: getattr(record, name) for name in _OF_RECORD},
        **more,
    )


def _overdue(record: PackageRecord, now: datetime) -> tuple[str, ...]:
    """Name what should have happened by now."""
    order, issued = record.package.order, record.package.batch.counts.get("issued", 0)
    late: list[str] = []
    if record.cancelled_at is None:
        if order.download_by and order.download_by < now and not record.downloads:
            late.append("download")
        if order.activate_by and order.activate_by < now and issued:
            late.append("activation")
    return tuple(late)


def order_of(data: NewPackage, batch: Batch, timezone: ZoneInfo) -> PackageOrder:
    """Work out which indexes and days an order means; raises InvalidInput."""
    link_form = data.link_form or batch.link_form
    if link_form is LinkForm.GS1 and batch.gtin is None:
        raise InvalidInput.field(
            "/link_form", "no_gtin", "A GS1 Digital Link needs the batch's GTIN."
        )
    first, last = _indexes(data, batch)
    closing = data.encryption or Closing(kind=Encryption.NONE)
    if (closing.kind is Encryption.AGE) != bool(closing.age_recipients):
        raise InvalidInput.field(
            "/encryption/age_recipients",
            "mismatch",
            "Encryption with age, and only that, names its recipients.",
        )
    check_recipients(closing.age_recipients)
    return PackageOrder(
        from_index=first,
        to_index=last,
        link_form=link_form,
        encryption=closing.kind,
        age_recipients=closing.age_recipients,
        download_by=read_end("/download_by", data.download_by, timezone),
        activate_by=read_end("/activate_by", data.activate_by, timezone),
        printhouse=data.printhouse,
        downloads_allowed=data.downloads_allowed,
        expires_after_days=data.expires_after_days,
        **{name: getattr(data, name) for name in _ORDERED},
    )


def _indexes(data: NewPackage, batch: Batch) -> tuple[int, int]:
    if data.quantity is None:
        selection = Selection(data.unit, data.from_index, data.to_index)
        selection.check()
        return selection.indexes(batch)
    if data.unit is not None or data.to_index is not None:
        raise InvalidInput.field(
            "/quantity",
            "mismatch",
            "Say a quantity, or where the range ends; not both.",
        )
    first = data.from_index or 0
    with_overage = -(-data.quantity * (100 + data.overage_percent) // 100)
    return first, first + with_overage - 1


@post(
    "/v1/batches/{batch_id:int}/packages",
    summary="Order a package of codes",
    tags=["packages"],
)
async def order_package(
    request: Request[Any, Any, Any],
    batch_id: int,
    data: NewPackage,
    principal: Principal,
    once: Once,
    clock: Clock,
    packaging: PackagingContext,
    timezone: SkipValidation[ZoneInfo],
) -> Response[PackageView]:
    """Order codes for a printer; another person has to approve it."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> PackageView:
        batch = await get_batch(conn, batch_id, staff)
        order = order_of(data, batch, timezone)
        record, findings = await pipeline.order_package(
            conn, packaging, batch_id, order, staff, now=now
        )
        return view_package(record, staff, now, preflight=tuple(findings))

    return await once.perform(request, staff, effect)


@get("/v1/packages", summary="List packages", tags=["packages"])
async def list_packages(
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    batch_id: OptionalId = None,
    overdue: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PackageList:
    """List packages, newest first; `overdue` keeps what was due before now."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.PRINTHOUSE)
    now = utc_datetime(clock.now_ms())
    async with engine.connect() as conn:
        records = await pipeline.list_packages(
            conn,
            staff,
            PackageFilter(batch_id=batch_id, overdue_at=now if overdue else None),
            before_id=cursor,
            limit=limit,
        )
    views = [view_package(r, staff, now) for r in records]
    more = str(records[-1].package.package_id) if len(records) == limit else None
    return PackageList(tuple(v for v in views if v.overdue or not overdue), more)


@get("/v1/packages/{package_id:int}", summary="Look at a package", tags=["packages"])
async def show_package(
    package_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    packaging: PackagingContext,
) -> PackageView:
    """Show a package with its pre-flight report and its downloads."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.PRINTHOUSE)
    now = utc_datetime(clock.now_ms())
    async with engine.connect() as conn:
        record = await pipeline.get_package(conn, package_id, staff)
        taken = tuple(await downloads.list_downloads(conn, package_id))
        findings: tuple[Finding, ...] | None = None
        if record.approved_at is None and record.cancelled_at is None:
            report = await pipeline.look_over(conn, packaging, record.package)
            findings = tuple(report)
    return view_package(record, staff, now, preflight=findings, downloads=taken)


@post(
    "/v1/packages/{package_id:int}/approvals",
    summary="Approve a package",
    tags=["packages"],
)
async def approve_package(
    request: Request[Any, Any, Any],
    package_id: int,
    principal: Principal,
    once: Once,
    clock: Clock,
    packaging: PackagingContext,
) -> Response[PackageView]:
    """Release a package, as someone other than who ordered it."""
    staff = require_role(principal, Role.ISSUER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> PackageView:
        record = await pipeline.approve_package(
            conn, packaging, package_id, staff, now=now
        )
        return view_package(record, staff, now)

    return await once.perform(request, staff, effect)


@post(
    "/v1/packages/{package_id:int}/passwords",
    summary="Learn the password of a package",
    tags=["packages"],
    status_code=200,
)
async def tell_password(
    package_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    packaging: PackagingContext,
) -> Response[Password]:
    """Tell the password to who approved the package; each time is audited.

    It is no replayed answer: a password is never recorded beside a key.
    """
    staff = require_role(principal, Role.ISSUER)
    now = utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        password = await pipeline.tell_password(
            conn, packaging, package_id, staff, now=now
        )
    return Response(Password(password), headers={"cache-control": "no-store"})


@post(
    "/v1/packages/{package_id:int}/cancellations",
    summary="Cancel a package",
    tags=["packages"],
)
async def cancel_package(
    request: Request[Any, Any, Any],
    package_id: int,
    data: Cancellation,
    principal: Principal,
    once: Once,
    clock: Clock,
    packaging: PackagingContext,
) -> Response[PackageView]:
    """Withdraw a package; codes that were downloaded become void."""
    staff = require_role(principal, Role.ISSUER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> PackageView:
        record = await pipeline.cancel_package(
            conn, packaging, package_id, staff, reason=data.reason, now=now
        )
        return view_package(record, staff, now)

    return await once.perform(request, staff, effect)
