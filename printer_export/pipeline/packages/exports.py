"""Exporting a batch: codes leave the system, so it is written down, and done once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.store.honey_codes import find_honey_between
from codegen.domain.batches import Batch
from codegen.domain.code_text import cap_link_prefix
from codegen.domain.keys import EpochKeys
from codegen.pipeline import get_batch
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import Conflict
from printer_export.domain.messages import message
from printer_export.domain.packages.preflight import link_fault_of
from printer_export.domain.packages.rows import Preset, suffix_of
from printer_export.files.writing import ExportWriteError, WrittenFile, write_export
from printer_export.store.packages import exports as store
from printer_export.store.packages.orders import find_overlaps


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """Which batch to write where, and as what."""

    batch_id: int
    preset: Preset
    directory: Path


async def export_batch(
    conn: AsyncConnection,
    keys: EpochKeys,
    order: ExportOrder,
    staff: Staff,
    *,
    now: datetime,
    link_hosts: frozenset[str],
    may_repeat: bool,
    progress: Callable[[int, int], None],
) -> WrittenFile:
    """Write a batch's codes to a file, which is on the disk when this ends.

    Outside the demo a batch is exported once: raises Conflict for the second time. When
    the task is cancelled it ends at the next block of rows, and no file stays.
    """
    batch = await get_batch(conn, order.batch_id, staff)
    link_fault = link_fault_of(batch, link_hosts)
    if link_fault is not None:
        raise Conflict(link_fault, code="link_unprintable")
    earlier = await store.lock_exports(conn, batch.batch_id)
    if earlier and not may_repeat:
        raise Conflict(
            message("exported_before", batch_id=batch.batch_id),
            code="already_exported",
        )
    last_code_id = batch.first_code_id + batch.quantity - 1
    packaged = await find_overlaps(
        conn, order.preset, batch.first_code_id, last_code_id
    )
    if packaged and not may_repeat:
        raise Conflict(
            message("in_a_package", batch_id=batch.batch_id, package_id=packaged[0][0]),
            code="already_packaged",
        )
    kept = await find_honey_between(conn, batch.first_code_id, last_code_id)
    if kept:
        raise Conflict(
            message("export_with_kept", batch_id=batch.batch_id, count=len(kept)),
            code="kept_from_print",
        )
    _make_directory(order.directory)
    written = _write(batch, order, keys, progress)
    try:
        await _write_down(conn, batch, order, written, staff, now=now)
    except BaseException:
        # What is not written down was not exported.
        written.path.unlink(missing_ok=True)
        raise
    return written


def _write(
    batch: Batch,
    order: ExportOrder,
    keys: EpochKeys,
    progress: Callable[[int, int], None],
) -> WrittenFile:
    """Write the file; raises Conflict for a batch whose rows cannot be made."""
    task = asyncio.current_task()

    def go_on(rows: int) -> None:
        # No await is met while rows are made, so nobody else would stop here.
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        progress(rows, batch.quantity)

    try:
        return write_export(
            order.directory
            / f"batch-{batch.batch_id}-{order.preset}.{suffix_of(order.preset)}",
            preset=order.preset,
            keys=keys,
            epoch=batch.epoch,
            first_serial=batch.first_serial,
            count=batch.quantity,
            first_index=0,
            link_prefix=link_prefix(batch),
            progress=go_on,
        )
    except ValueError as fault:
        raise Conflict(
            message("not_exportable", batch_id=batch.batch_id, why=str(fault)),
            code="not_exportable",
        ) from None


async def _write_down(
    conn: AsyncConnection,
    batch: Batch,
    order: ExportOrder,
    written: WrittenFile,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    await store.insert_export(
        conn,
        batch_id=batch.batch_id,
        preset=order.preset.value,
        rows=written.rows,
        sha256=written.sha256,
        person=staff.person,
        now=now,
    )
    await record_action(
        conn,
        staff,
        action="batch.export",
        subject=f"batch:{batch.batch_id}",
        detail={"preset": order.preset.value, "sha256": written.sha256},
        now=now,
    )


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ExportWriteError(
            message("folder_unwritable", folder=str(directory), why=str(fault.strerror))
        ) from None


def link_prefix(batch: Batch) -> bytes:
    """Give what every printed link of a batch begins with."""
    return cap_link_prefix(batch.link_base, batch.link_form, batch.gtin).encode()
