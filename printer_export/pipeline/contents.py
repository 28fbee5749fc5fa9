"""Reading what cartons shall hold: ranges of batches, or codes as cameras saw them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys, open_codes
from codegen.domain.batch import Batch
from codegen.domain.code_text import parse_scanned
from codegen.domain.ranges import join_intervals
from codegen.pipeline import get_batch
from codegen.store import find_batches_of
from core.auth import Staff
from core.errors import FieldError
from printer_export.domain.packing import CapRange, UnitOrder

MAX_CAPS: Final = 1_000_000
_CODE_SYMBOLS: Final = 16


@dataclass(slots=True)
class Contents:
    """The caps of a request's cartons, their batches, and what is wrong with them."""

    batches: dict[int, Batch] = field(default_factory=dict)
    parts: list[CapRange] = field(default_factory=list)
    problems: list[FieldError] = field(default_factory=list)

    def batches_in(self, sscc: str) -> list[Batch]:
        """Give the batches that a carton holds caps of."""
        numbers = {part.batch_id for part in self.parts if part.sscc == sscc}
        return [self.batches[number] for number in sorted(numbers)]


async def read_contents(
    conn: AsyncConnection, keys: EpochKeys, orders: Sequence[UnitOrder], staff: Staff
) -> Contents:
    """Find the codes that a request means; raises NotFound for a foreign batch."""
    contents = Contents()
    for number, order in enumerate(orders):
        await _read_spans(conn, order, f"/units/{number}/contents", contents, staff)
    await _read_codes(conn, keys, orders, contents, staff)
    caps: dict[str, int] = {}
    for part in contents.parts:
        caps[part.sscc] = caps.get(part.sscc, 0) + part.size
    for number, order in enumerate(orders):
        if caps.get(order.sscc, 0) > MAX_CAPS:
            detail = f"A carton holds at most {MAX_CAPS:,} caps."
            contents.problems.append(FieldError(f"/units/{number}", "too_many", detail))
    return contents


async def _batch(
    conn: AsyncConnection, batch_id: int, contents: Contents, staff: Staff
) -> Batch:
    if batch_id not in contents.batches:
        contents.batches[batch_id] = await get_batch(conn, batch_id, staff)
    return contents.batches[batch_id]


async def _read_spans(
    conn: AsyncConnection,
    order: UnitOrder,
    pointer: str,
    contents: Contents,
    staff: Staff,
) -> None:
    for number, span in enumerate(order.contents):
        batch = await _batch(conn, span.batch_id, contents, staff)
        if not 0 <= span.from_index <= span.to_index < batch.quantity:
            detail = (
                f"Indexes run from 0 to {batch.quantity - 1} in batch "
                f"{batch.batch_id}; {span.from_index} to {span.to_index} is no range "
                "of it."
            )
            contents.problems.append(
                FieldError(f"{pointer}/{number}", "out_of_range", detail)
            )
            continue
        contents.parts.append(
            CapRange(
                order.sscc,
                batch.batch_id,
                batch.first_code_id + span.from_index,
                batch.first_code_id + span.to_index,
                f"{pointer}/{number}",
            )
        )


async def _read_codes(
    conn: AsyncConnection,
    keys: EpochKeys,
    orders: Sequence[UnitOrder],
    contents: Contents,
    staff: Staff,
) -> None:
    """Open all codes of a request at once, and join neighbours in a carton."""
    texts = [text for order in orders for text in order.codes]
    if not texts:
        return
    read = [parse_scanned(text).code_text or "0" * _CODE_SYMBOLS for text in texts]
    octets = np.frombuffer("".join(read).encode(), dtype=np.uint8)
    valid, opened = open_codes(keys, octets.reshape(-1, _CODE_SYMBOLS))
    code_ids = opened.astype(np.int64)
    owner = np.zeros(len(texts), dtype=np.int64)
    for batch_id, first, last in await find_batches_of(conn, code_ids[valid].tolist()):
        await _batch(conn, batch_id, contents, staff)
        owner[valid & (code_ids >= first) & (code_ids <= last)] = batch_id
    end = 0
    for number, order in enumerate(orders):
        here = slice(end, end + len(order.codes))
        end = here.stop
        for place in np.flatnonzero(owner[here] == 0).tolist():
            pointer = f"/units/{number}/codes/{place}"
            detail = "This is not one of our codes."
            contents.problems.append(FieldError(pointer, "invalid_code", detail))
        for batch_id in np.unique(owner[here]).tolist():
            ours = code_ids[here][owner[here] == batch_id].tolist()
            contents.parts += [
                CapRange(order.sscc, batch_id, first, last, f"/units/{number}/codes")
                for first, last in join_intervals((c, c) for c in ours)
                if batch_id
            ]
