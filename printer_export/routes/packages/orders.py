"""HTTP of packages: order, pre-flight, approve, download, cancel."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.pipeline import get_batch
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, OptionalId, Sentence
from printer_export.domain.packages.package_state import PackageFilter
from printer_export.pipeline.packages import orders as pipeline
from printer_export.pipeline.packages.new_order import NewPackage, order_of
from printer_export.pipeline.packages.orders import Packaging
from printer_export.pipeline.packages.views import (
    PackageView,
    load_package,
    view_package,
)

# The framework would take it apart field by field, to no end.
PackagingContext = SkipValidation[Packaging]


class Cancellation(Body, frozen=True, kw_only=True):
    """Why a package is withdrawn."""

    prose: ClassVar = frozenset({"reason"})

    reason: Sentence


class PackageList(msgspec.Struct, frozen=True):
    """A page of packages, newest first."""

    items: tuple[PackageView, ...]
    next_cursor: str | None


class Password(msgspec.Struct, frozen=True):
    """What opens an AES-256 package; it travels apart from the file."""

    password: str


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
        loaded = await load_package(conn, packaging, package_id, staff)
    return view_package(
        loaded.record,
        staff,
        now,
        preflight=loaded.findings,
        downloads=loaded.downloads,
    )


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

    It is never a replayed answer: a password is never recorded beside a key.
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
