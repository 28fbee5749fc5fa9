"""The life of a package: ordered, looked over, approved, downloaded, cancelled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.store.honey_codes import find_honey_between
from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Selection
from codegen.domain.ranges import RangeState
from codegen.pipeline import ChangeRequest, Issuance, change_codes, get_batch
from codegen.store import load_epoch_states, load_touched_ranges
from core.auth import Role, Staff
from core.auth.audit import record_action
from core.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from core.ids import random_token
from core.names import are_one
from core.networks import Networks
from printer_export.domain.messages import message
from printer_export.domain.packages.manifest import link_prefix_of
from printer_export.domain.packages.orders import (
    Encryption,
    Package,
    PackageOrder,
    plan_files,
)
from printer_export.domain.packages.package_state import PackageFilter, PackageRecord
from printer_export.domain.packages.preflight import (
    Finding,
    Level,
    check_order,
    check_ranges,
    check_rows,
    refuse_impossible,
    sample_spots,
)
from printer_export.domain.packages.rows import suffix_of
from printer_export.files.building import RowSource
from printer_export.files.signing import SigningKeyFile
from printer_export.pipeline.packages.samples import sample_codes
from printer_export.store.packages import downloads
from printer_export.store.packages import exports as export_store
from printer_export.store.packages import orders as store

FILES_READ_BACK = 32
ROWS_READ_BACK = 200
_HOLDERS_TOLD = 5
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class Packaging:
    """What packages need beside the database."""

    issuance: Issuance
    signing_key: SigningKeyFile
    demo: bool
    trusted_proxies: Networks


async def order_package(
    conn: AsyncConnection,
    packaging: Packaging,
    batch_id: int,
    order: PackageOrder,
    staff: Staff,
    *,
    now: datetime,
) -> tuple[PackageRecord, list[Finding]]:
    """Take an order; the same code is never in two packages. Raises Conflict."""
    batch = await get_batch(conn, batch_id, staff)
    refuse_impossible(batch, order)
    _refuse_open(order, packaging)
    if order.printhouse is not None and not await store.knows_printhouse(
        conn, order.printhouse
    ):
        raise InvalidInput.field(
            "/printhouse",
            "unknown_printhouse",
            message("unknown_printhouse", printhouse=order.printhouse),
        )
    exported = await export_store.lock_exports(conn, batch_id)
    if exported and not packaging.demo:
        raise Conflict(
            message("exported_in_clear", batch_id=batch_id),
            code="already_exported",
        )
    await _refuse_overlap(conn, batch, order)
    await _refuse_unprinted(conn, batch, order)
    sample_code_id = await sample_codes(conn, packaging.issuance, batch, staff, now=now)
    package_id = await store.insert_package(
        conn,
        batch=batch,
        order=order,
        sample_code_id=sample_code_id,
        person=staff.person,
        now=now,
    )
    await _audit(
        conn,
        staff,
        "order",
        package_id,
        {
            "batch_id": batch_id,
            "preset": order.preset.value,
            "from_index": order.from_index,
            "to_index": order.to_index,
            "printhouse": order.printhouse,
        },
        now=now,
    )
    record = await _find(conn, package_id)
    return record, await look_over(conn, packaging, record.package)


def _refuse_open(order: PackageOrder, packaging: Packaging) -> None:
    if order.encryption is Encryption.NONE and not packaging.demo:
        raise InvalidInput.field("/encryption", "required", message("must_encrypt"))


async def _refuse_overlap(
    conn: AsyncConnection, batch: Batch, order: PackageOrder
) -> None:
    first = batch.first_code_id
    overlaps = await store.find_overlaps(
        conn, order.preset, first + order.from_index, first + order.to_index
    )
    if overlaps:
        told = tuple(
            FieldError(
                "/from_index",
                "already_packaged",
                message(
                    "packaged_twice",
                    package_id=package_id,
                    first=begin - first,
                    last=end - first,
                ),
            )
            for package_id, begin, end in overlaps[:_HOLDERS_TOLD]
        )
        raise Conflict(told[0].detail, code="already_packaged", errors=told)


async def _refuse_unprinted(
    conn: AsyncConnection, batch: Batch, order: PackageOrder
) -> None:
    """Refuse codes that nobody prints, and tell where the others of the order end."""
    first = batch.first_code_id
    ordered = (first + order.from_index, first + order.to_index)
    kept = await find_honey_between(conn, *ordered)
    if kept:
        told = message("kept_from_print", first=kept[0] - first, last=kept[-1] - first)
        errors = (FieldError("/to_index", "kept_from_print", told),)
        raise Conflict(told, code="kept_from_print", errors=errors)


async def look_over(
    conn: AsyncConnection, packaging: Packaging, package: Package
) -> list[Finding]:
    """Make the pre-flight report; some rows of many files are really read back."""
    order, batch = package.order, package.batch
    epochs = await load_epoch_states(conn)
    known = order.printhouse is None or await store.knows_printhouse(
        conn, order.printhouse
    )
    first = batch.first_code_id + order.from_index
    last = batch.first_code_id + order.to_index
    return [
        *check_order(
            package,
            epochs[batch.epoch],
            link_hosts=packaging.issuance.link_hosts,
            known_printhouse=known,
        ),
        *check_ranges(
            package,
            await load_touched_ranges(conn, batch.batch_id, [(first, last)]),
            await store.count_voids(conn, first, last),
        ),
        *_read_back(package, packaging.issuance.key_file.load()),
    ]


def _read_back(package: Package, keys: EpochKeys) -> list[Finding]:
    source = RowSource.of(package, keys)
    files = list(plan_files(package.order, suffix_of(package.order.preset)))
    blocks = chain.from_iterable(
        [
            (data, start, source.rows(data, start, min(ROWS_READ_BACK, data.rows)))
            for start in {0, max(0, data.rows - ROWS_READ_BACK)}
            if start == 0 or start >= ROWS_READ_BACK
        ]
        for data in sample_spots(files, FILES_READ_BACK)
    )
    return check_rows(package, keys, blocks)


async def approve_package(
    conn: AsyncConnection,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
    *,
    now: datetime,
) -> PackageRecord:
    """Release a package as a second person; raises Conflict with what is wrong."""
    record = await get_package(conn, package_id, staff, locked="update")
    if record.cancelled_at is not None:
        raise Conflict(message("package_cancelled"), code="package_cancelled")
    if record.approved_by is not None:
        raise Conflict(message("package_approved"), code="already_approved")
    if are_one(record.package.ordered_by, staff.person):
        raise Conflict(message("other_approver"), code="second_person_needed")
    findings = await look_over(conn, packaging, record.package)
    blocking = [f for f in findings if f.level is Level.BLOCKING]
    if blocking:
        raise Conflict(
            message("preflight_failed", why=blocking[0].sentence),
            code="preflight_failed",
            errors=tuple(
                FieldError(f"/preflight/{f.check}", f.check, f.sentence)
                for f in blocking
            ),
        )
    order = record.package.order
    wrapped: bytes | None = None
    if order.encryption is Encryption.PASSWORD:
        password = random_token(_PASSWORD_BYTES)
        wrapped = packaging.signing_key.load().wrap(password, package_id)
    await store.approve_package(
        conn,
        package_id,
        person=staff.person,
        now=now,
        expires_at=now + timedelta(days=order.expires_after_days),
        wrapped_password=wrapped,
    )
    approved: dict[str, object] = {"link": link_prefix_of(record.package)}
    await _audit(conn, staff, "approve", package_id, approved, now=now)
    return await _find(conn, package_id)


async def tell_password(
    conn: AsyncConnection,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
    *,
    now: datetime,
) -> str:
    """Tell a package's password to who approved it, so that it travels apart.

    Nobody has both: it is told to nobody who took the file, and who was told takes
    none. Both ask while they hold the package's row.
    """
    record = await get_package(conn, package_id, staff, locked="update")
    if record.wrapped_password is None:
        raise Conflict(message("no_password"), code="no_password")
    if not are_one(record.approved_by or "", staff.person):
        raise Forbidden(message("not_the_approver"), code="not_the_approver")
    if await downloads.has_taken(conn, package_id, staff.person):
        raise Forbidden(message("has_the_file"), code="has_the_file")
    await store.note_password_told(conn, package_id, now=now)
    await _audit(conn, staff, "tell_password", package_id, {}, now=now)
    return packaging.signing_key.load().unwrap(record.wrapped_password, package_id)


async def cancel_package(
    conn: AsyncConnection,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
    *,
    reason: str,
    now: datetime,
) -> PackageRecord:
    """Withdraw a package; once it was downloaded, its codes become void with it."""
    record = await get_package(conn, package_id, staff, locked="update")
    if record.cancelled_at is not None:
        raise Conflict(message("package_cancelled"), code="package_cancelled")
    order, batch = record.package.order, record.package.batch
    first = batch.first_code_id + order.from_index
    last = batch.first_code_id + order.to_index
    voided = 0
    if record.downloads:
        touched = await load_touched_ranges(conn, batch.batch_id, [(first, last)])
        if any(each.state is RangeState.ACTIVATED for each in touched):
            raise Conflict(message("codes_active"), code="codes_active")
        selection = Selection(from_index=order.from_index, to_index=order.to_index)
        void = ChangeRequest(
            batch.batch_id, selection, RangeState.VOID, f"package cancelled: {reason}"
        )
        keys = packaging.issuance.key_file.load()
        voided = (await change_codes(conn, keys, void, staff, now=now)).changed
    await store.cancel_package(
        conn, package_id, person=staff.person, reason=reason, now=now
    )
    detail = {"reason": reason, "voided": voided}
    await _audit(conn, staff, "cancel", package_id, detail, now=now)
    return await _find(conn, package_id)


async def get_package(
    conn: AsyncConnection, package_id: int, staff: Staff, *, locked: str = ""
) -> PackageRecord:
    """Find a package within the caller's scope; raises NotFound.

    A print house finds only what is addressed to it.
    """
    record = await store.find_package(conn, package_id, locked=locked)
    if record is None or not _may_see(record, staff):
        raise NotFound(message("no_package", package_id=package_id))
    return record


async def list_packages(
    conn: AsyncConnection,
    staff: Staff,
    wanted: PackageFilter,
    *,
    before_id: int | None = None,
    limit: int,
) -> list[PackageRecord]:
    """List the packages within the caller's scope, newest first."""
    house = staff.person if staff.role is Role.PRINTHOUSE else None
    mine = replace(wanted, printhouse=house, of_brand=staff.brand, of_line=staff.line)
    return await store.list_packages(conn, mine, before_id=before_id, limit=limit)


def _may_see(record: PackageRecord, staff: Staff) -> bool:
    package = record.package
    if staff.role is Role.PRINTHOUSE and package.order.printhouse != staff.person:
        return False
    brand, line = package.batch.brand, package.batch.line
    return (staff.brand is None or brand in {None, staff.brand}) and (
        staff.line is None or line in {None, staff.line}
    )


async def _find(conn: AsyncConnection, package_id: int) -> PackageRecord:
    record = await store.find_package(conn, package_id)
    assert record is not None
    return record


async def _audit(
    conn: AsyncConnection,
    staff: Staff,
    what: str,
    package_id: int,
    detail: dict[str, object],
    *,
    now: datetime,
) -> None:
    await record_action(
        conn,
        staff,
        action=f"package.{what}",
        subject=f"package:{package_id}",
        detail=detail,
        now=now,
    )
