"""Honey codes: of issued caps that nobody prints, chosen, voided and watched.

Whoever scans or looks at one has it from the key, or from where an analyst laid it out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.honey_codes import HoneyCode
from anti_fraud.store import honey_codes as store
from codegen.domain import EpochKeys, seal
from codegen.domain.batches import Batch
from codegen.domain.ranges import (
    SERIALS_PER_EPOCH,
    Interval,
    RangeState,
    join_intervals,
    subtract_intervals,
)
from codegen.pipeline import get_batch
from codegen.pipeline.bulk import BulkChange, change_in_bulk
from codegen.store import load_ranges, load_touched_ranges
from codegen.store.batches import find_batches_of
from codegen.store.voids import load_void_codes
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import Conflict, Forbidden, InvalidInput
from core.fence import take_fence
from printer_export.domain.messages import message
from printer_export.domain.reports.statuses import CHUNK_BITS
from printer_export.pipeline.packages.exports import link_prefix
from printer_export.store.packages.exports import lock_exports
from printer_export.store.packages.orders import list_packed
from printer_export.store.reports.statuses import load_chunks

MOST_AT_ONCE: Final = 100
MOST_OF_A_BATCH: Final = 1_000
# Kept with the change, which more people read than know of honey codes.
_REASON: Final = "kept from print"


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """A code as it would be printed, and its 0-based place in its batch."""

    index: int
    code_text: str
    link: str


@dataclass(frozen=True, slots=True)
class HoneyRecord:
    """A honey code, and its 0-based place in its batch."""

    honey: HoneyCode
    index: int


async def add_honey_codes(
    conn: AsyncConnection,
    keys: EpochKeys,
    batch_id: int,
    quantity: int,
    staff: Staff,
    *,
    now: datetime,
) -> list[PrintedCode]:
    """Make honey codes of a batch's last unprinted ones, audited; gives them in order.

    They are void from now on, so nothing activates or pays them. Raises NotFound;
    InvalidInput where too few are left, or the batch would have too many.
    """
    _refuse_brand(staff)
    batch = await get_batch(conn, batch_id, staff)
    if batch.link_fault is not None:
        raise Conflict(batch.link_fault, code="link_unprintable")
    # Packages and exports of the batch wait, and find what was taken.
    if await lock_exports(conn, batch_id):
        raise Conflict(
            message("honey_exported", batch_id=batch_id), code="already_exported"
        )
    known = await store.count_honey_codes(conn, batch_id)
    if known + quantity > MOST_OF_A_BATCH:
        told = message(
            "too_much_honey", batch_id=batch_id, known=known, most=MOST_OF_A_BATCH
        )
        raise InvalidInput.field("/quantity", "out_of_range", told)
    code_ids = await _find_unprinted(conn, batch, quantity)
    if len(code_ids) < quantity:
        left = len(code_ids)
        told = message(
            "too_few_unprinted", batch_id=batch_id, left=left, quantity=quantity
        )
        raise InvalidInput.field("/quantity", "too_few_unprinted", told)
    runs = join_intervals((code_id, code_id) for code_id in code_ids)
    await take_fence(conn)
    ranges = await load_touched_ranges(conn, batch_id, runs)
    change = BulkChange(batch, RangeState.VOID, runs, reason=_REASON)
    done = await change_in_bulk(conn, change, staff, now=now)
    is_issued = all(each.state is RangeState.ISSUED for each in ranges)
    if not is_issued or done.changed != quantity:
        # Somebody activated or voided some between the look and the fence.
        raise Conflict(message("honey_changed", batch_id=batch_id), code="stale")
    await store.insert_honey_codes(
        conn, code_ids, batch_id=batch_id, person=staff.person, now=now
    )
    await record_action(
        conn,
        staff,
        action="honey_codes.add",
        subject=f"batch:{batch_id}",
        detail={"quantity": quantity, "change_id": done.change_id},
        now=now,
    )
    return _write_codes(batch, keys, code_ids)


async def list_honey_codes(
    conn: AsyncConnection,
    staff: Staff,
    *,
    batch_id: int | None,
    before_id: int | None,
    limit: int,
) -> list[HoneyRecord]:
    """List honey codes by their place, the last first; what they are nobody is told."""
    _refuse_brand(staff)
    found = await store.list_honey_codes(
        conn, batch_id=batch_id, before_id=before_id, limit=limit
    )
    batches = await find_batches_of(conn, [each.code_id for each in found])
    firsts = {number: first for number, first, _ in batches}
    return [HoneyRecord(each, each.code_id - firsts[each.batch_id]) for each in found]


def _refuse_brand(staff: Staff) -> None:
    # Whoever is told of no incident has no use for what raises them.
    if staff.brand is not None:
        raise Forbidden(message("honey_of_all_brands"))


async def _find_unprinted(
    conn: AsyncConnection, batch: Batch, quantity: int
) -> list[int]:
    """Find the last codes of a batch that are issued and went nowhere; in order.

    They are in no package, cancelled ones too, in no roll, and no line reported them.
    From the end, so that what is left for packages stays in one piece.
    """
    base = batch.first_code_id
    ranges = await load_ranges(conn, batch.batch_id)
    issued = [
        (each.first_code_id, each.last_code_id)
        for each in ranges
        if each.state is RangeState.ISSUED
    ]
    rolls = [(base + each.from_index, base + each.to_index) for each in batch.units]
    packed = await list_packed(conn, batch.batch_id)
    found: list[int] = []
    for first, last in reversed(subtract_intervals(issued, [*rolls, *packed])):
        end = last
        while first <= end and len(found) < quantity:
            chunk_no = (end - base) >> CHUNK_BITS
            begin = max(first, base + (chunk_no << CHUNK_BITS))
            unprinted = await _unprinted_of(conn, batch, chunk_no, (begin, end))
            found += unprinted[::-1][: quantity - len(found)].tolist()
            end = begin - 1
    return sorted(found)


async def _unprinted_of(
    conn: AsyncConnection, batch: Batch, chunk_no: int, interval: Interval
) -> NDArray[np.int64]:
    """Tell which codes of an interval within a chunk no line reported or voided."""
    first, last = interval
    codes = np.arange(first, last + 1, dtype=np.int64)
    voids = await load_void_codes(conn, interval)
    free = ~np.isin(codes, voids)
    statuses = (await load_chunks(conn, batch.batch_id, [chunk_no])).get(chunk_no)
    if statuses is not None:
        free &= statuses[codes - batch.first_code_id - (chunk_no << CHUNK_BITS)] == 0
    return codes[free]


def _write_codes(
    batch: Batch, keys: EpochKeys, code_ids: list[int]
) -> list[PrintedCode]:
    serials = np.array(code_ids, dtype=np.uint64) & np.uint64(SERIALS_PER_EPOCH - 1)
    prefix = link_prefix(batch).decode()
    texts = [row.tobytes().decode() for row in seal(keys, batch.epoch, serials)]
    return [
        PrintedCode(code_id - batch.first_code_id, each, prefix + each)
        for code_id, each in zip(code_ids, texts, strict=True)
    ]
