"""Reading what cartons shall hold: ranges of batches, or codes as cameras saw them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys, open_codes
from codegen.domain.batches import Batch
from codegen.domain.ranges import Interval, join_intervals
from codegen.domain.scanned import parse_scanned
from codegen.pipeline import get_batch
from codegen.store import find_batches_of
from core.auth import Staff
from core.auth.guesses import note_wrong_codes, refuse_guesser
from core.errors import FieldError, NotFound
from printer_export.domain.aggregation.pack import CapRange, UnitOrder
from printer_export.domain.aggregation.units import Scope
from printer_export.domain.messages import message

MAX_CAPS: Final = 1_000_000
_CODE_SYMBOLS: Final = 16


@dataclass(slots=True)
class Contents:
    """The caps of a request's cartons, their batches, and what is wrong with them."""

    batches: dict[int, Batch] = field(default_factory=dict)
    parts: list[CapRange] = field(default_factory=list)
    problems: list[FieldError] = field(default_factory=list)

    def scopes(self) -> dict[str, set[Scope]]:
        """Tell whose the caps in each carton are."""
        scopes: dict[str, set[Scope]] = {}
        for part in self.parts:
            batch = self.batches[part.batch_id]
            scopes.setdefault(part.sscc, set()).add(Scope(batch.brand, batch.line))
        return scopes


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
            detail = message("too_many_caps", most=MAX_CAPS)
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
            detail = message(
                "outside_batch",
                batch_id=batch.batch_id,
                limit=batch.quantity - 1,
                first=span.from_index,
                last=span.to_index,
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
    codes = await find_owners(
        conn, keys, [parse_scanned(text).code_text for text in texts], staff
    )
    contents.batches |= codes.batches
    end = 0
    for number, order in enumerate(orders):
        here = slice(end, end + len(order.codes))
        end = here.stop
        for place in np.flatnonzero(codes.batch_ids[here] == 0).tolist():
            pointer = f"/units/{number}/codes/{place}"
            contents.problems.append(FieldError(pointer, "invalid_code", NO_CODE))
        contents.parts += [
            CapRange(order.sscc, batch_id, first, last, f"/units/{number}/codes")
            for batch_id, intervals in codes.intervals(here).items()
            for first, last in intervals
        ]


NO_CODE: Final = message("not_our_code")


@dataclass(frozen=True, slots=True)
class OwnedCodes:
    """Codes that were opened: (n,) int64 code_ids, and (n,) int64 batch_ids.

    A batch_id is 0 where the code is none, was never issued, or is out of scope.
    """

    code_ids: NDArray[np.int64]
    batch_ids: NDArray[np.int64]
    batches: dict[int, Batch]

    def intervals(self, here: slice) -> dict[int, list[Interval]]:
        """Join neighbours among some of the codes, batch by batch."""
        owners = self.batch_ids[here]
        return {
            batch_id: join_intervals(
                (code, code)
                for code in self.code_ids[here][owners == batch_id].tolist()
            )
            for batch_id in np.unique(owners).tolist()
            if batch_id
        }


async def find_owners(
    conn: AsyncConnection,
    keys: EpochKeys,
    code_texts: Sequence[str | None],
    staff: Staff,
) -> OwnedCodes:
    """Open codes all at once, and find the batches that they are of."""
    if any(code_texts):
        await refuse_guesser(conn, staff)
    if not code_texts:
        return OwnedCodes(np.zeros(0, np.int64), np.zeros(0, np.int64), {})
    read = [text or "0" * _CODE_SYMBOLS for text in code_texts]
    octets = np.frombuffer("".join(read).encode(), dtype=np.uint8)
    valid, opened = open_codes(keys, octets.reshape(-1, _CODE_SYMBOLS))
    code_ids = opened.astype(np.int64)
    owners = np.zeros(len(read), dtype=np.int64)
    batches: dict[int, Batch] = {}
    for batch_id, first, last in await find_batches_of(conn, code_ids[valid].tolist()):
        try:
            batches[batch_id] = await get_batch(conn, batch_id, staff)
        except NotFound:
            continue
        owners[valid & (code_ids >= first) & (code_ids <= last)] = batch_id
    tried = np.array([text is not None for text in code_texts])
    note_wrong_codes(int((tried & (owners == 0)).sum()))
    return OwnedCodes(code_ids, owners, batches)
