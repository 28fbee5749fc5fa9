"""Finding batches and single codes."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batch import Batch, BatchFilter
from codegen.domain.code_text import normalise
from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import (
    SERIAL_BITS,
    SERIALS_PER_EPOCH,
)
from codegen.domain.sealing import open_code
from core.auth import Staff
from core.errors import (
    NotFound,
)


async def get_batch(conn: AsyncConnection, batch_id: int, staff: Staff) -> Batch:
    """Find a batch within the caller's scope; raises NotFound."""
    batch = await store.find_batch(conn, batch_id)
    hidden = batch is not None and (
        (staff.brand is not None and batch.brand not in {None, staff.brand})
        or (staff.line is not None and batch.line not in {None, staff.line})
    )
    if batch is None or hidden:
        raise NotFound(f"There is no batch {batch_id}.")
    return batch


async def list_batches(
    conn: AsyncConnection,
    staff: Staff,
    wanted: BatchFilter,
    *,
    before_id: int | None = None,
    limit: int,
) -> list[Batch]:
    """List the batches within the caller's scope without their units, newest first."""
    return await store.list_batches(
        conn,
        wanted,
        of_brand=staff.brand,
        of_line=staff.line,
        before_id=before_id,
        limit=limit,
    )


async def describe_code(
    conn: AsyncConnection, keys: EpochKeys, given: str
) -> dict[str, Any]:
    """Say what a code is: valid, epoch, serial, batch_id, index, state."""
    code_text = normalise(given)
    code_id = open_code(keys, code_text) if code_text else None
    if code_id is None:
        return {"valid": False}
    answer: dict[str, Any] = {
        "valid": True,
        "epoch": code_id >> SERIAL_BITS,
        "serial": code_id & (SERIALS_PER_EPOCH - 1),
        "batch_id": None,
        "index": None,
        "state": "never_issued",
    }
    table = await store.load_range_table(conn)
    found = table.find(code_id)
    if found is None:
        return answer
    batch = await store.find_batch(conn, found.batch_id)
    assert batch is not None
    voided = code_id in await store.find_void_codes(conn, [code_id])
    return answer | {
        "batch_id": found.batch_id,
        "index": code_id - batch.first_code_id,
        "state": "void" if voided else found.state.value,
    }
