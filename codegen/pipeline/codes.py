"""Which code it is, as far as who asks may know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch
from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import (
    SERIAL_BITS,
    SERIALS_PER_EPOCH,
    RangeState,
)
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from codegen.pipeline.batches import get_batch
from core.auth import Role, Staff
from core.auth.guesses import note_wrong_codes, refuse_guesser
from core.auth.principal import OPERATOR
from core.errors import (
    NotFound,
)

# What a code is that no batch holds, or none that the caller may see.
INVALID: Final = "invalid"
NEVER_ISSUED: Final = "never_issued"


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What a text turned out to be; `batch` only for codes of one."""

    given: str
    state: str
    code_id: int | None = None
    batch: Batch | None = None

    @property
    def index(self) -> int | None:
        """Its 0-based place in the batch."""
        if self.batch is None or self.code_id is None:
            return None
        return self.code_id - self.batch.first_code_id


async def find_codes(
    conn: AsyncConnection, keys: EpochKeys, texts: Sequence[str], staff: Staff
) -> list[FoundCode]:
    """Say of each code or printed link what it is, as far as the caller may know.

    A code of a batch outside the caller's scope looks never issued, and to a line like
    a forged one.
    """
    await refuse_guesser(conn, staff)
    read = [parse_scanned(text).code_text for text in texts]
    opened = [open_code(keys, code) if code else None for code in read]
    code_ids = [code_id for code_id in opened if code_id is not None]
    ranges = await store.find_ranges_of_codes(conn, code_ids)
    voids = await store.find_void_codes(conn, code_ids)
    batches: dict[int, Batch | None] = {}
    found: list[FoundCode] = []
    for given, code_id in zip(texts, opened, strict=True):
        if code_id is None:
            found.append(FoundCode(given, INVALID))
            continue
        batch_id, state = ranges.get(code_id, (None, RangeState.ISSUED))
        batch = None
        if batch_id is not None:
            if batch_id not in batches:
                batches[batch_id] = await _visible(conn, batch_id, staff)
            batch = batches[batch_id]
        if batch is None and may_tell_apart(staff):
            found.append(FoundCode(given, NEVER_ISSUED, code_id))
            continue
        if batch is None:
            found.append(FoundCode(given, INVALID))
            continue
        if code_id in voids:
            state = RangeState.VOID
        found.append(FoundCode(given, state.value, code_id, batch))
    tries = (each for each, code in zip(found, read, strict=True) if code)
    note_wrong_codes(sum(each.batch is None for each in tries))
    return found


def may_tell_apart(staff: Staff) -> bool:
    """Tell whether a caller may learn that a code is genuine, though not theirs.

    No line may: it could try codes until one is.
    """
    return staff.role is not Role.LINE and staff.line is None


async def _visible(conn: AsyncConnection, batch_id: int, staff: Staff) -> Batch | None:
    try:
        return await get_batch(conn, batch_id, staff)
    except NotFound:
        return None


async def may_see_code(conn: AsyncConnection, code_id: int, staff: Staff) -> bool:
    """Tell whether a code is within the caller's scope, as scans judge it.

    It is another brand's by its batch, or by the product that it was bound to.
    """
    if staff.brand is None and staff.line is None:
        return True
    holder = await store.find_holder_of_code(conn, code_id)
    if holder is None or (
        staff.brand is not None and holder.bound_brand not in {None, staff.brand}
    ):
        return False
    return await _visible(conn, holder.batch_id, staff) is not None


async def describe_code(
    conn: AsyncConnection, keys: EpochKeys, given: str
) -> dict[str, Any]:
    """Say what a code is: valid, epoch, serial, batch_id, index, state."""
    (found,) = await find_codes(conn, keys, [given], OPERATOR)
    if found.code_id is None:
        return {"valid": False}
    return {
        "valid": True,
        "epoch": found.code_id >> SERIAL_BITS,
        "serial": found.code_id & (SERIALS_PER_EPOCH - 1),
        "batch_id": found.batch.batch_id if found.batch else None,
        "index": found.index,
        "state": found.state,
    }
