"""A package as staff see it, with what should have happened to it by now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.code_text import LinkForm
from core.auth import Staff
from printer_export.domain.packages.manifest import link_prefix_of
from printer_export.domain.packages.orders import Encryption, Sheet, Unwind
from printer_export.domain.packages.package_state import Download, PackageRecord
from printer_export.domain.packages.preflight import Finding
from printer_export.domain.packages.rows import Preset
from printer_export.pipeline.packages.downloads import downloads_left
from printer_export.pipeline.packages.orders import (
    Packaging,
    get_package,
    look_over,
)
from printer_export.store.packages import downloads as download_store


@dataclass(frozen=True, slots=True)
class LoadedPackage:
    """A package with its downloads, and what pre-flight finds while it is open."""

    record: PackageRecord
    downloads: tuple[Download, ...]
    findings: tuple[Finding, ...] | None


async def load_package(
    conn: AsyncConnection, packaging: Packaging, package_id: int, staff: Staff
) -> LoadedPackage:
    """Load a package within the caller's scope, oldest download first; NotFound."""
    record = await get_package(conn, package_id, staff)
    findings: tuple[Finding, ...] | None = None
    if record.approved_at is None and record.cancelled_at is None:
        findings = tuple(await look_over(conn, packaging, record.package))
    taken = await download_store.list_downloads(conn, package_id)
    return LoadedPackage(record, tuple(taken), findings)


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


_OF_ORDER = (
    *("preset", "overage_percent", "codes_per_roll", "lanes", "unwind", "sheet"),
    *("module_mm", "printhouse", "downloads_allowed", "download_by", "activate_by"),
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
