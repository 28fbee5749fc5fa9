"""Batches within the caller's scope."""

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch, BatchFilter
from codegen.domain.messages import message
from core.auth import Staff
from core.errors import NotFound


async def get_batch(conn: AsyncConnection, batch_id: int, staff: Staff) -> Batch:
    """Find a batch within the caller's scope; raises NotFound."""
    batch = await store.find_batch(conn, batch_id)
    hidden = batch is not None and (
        (staff.brand is not None and batch.brand not in {None, staff.brand})
        or (staff.line is not None and batch.line not in {None, staff.line})
    )
    if batch is None or hidden:
        raise NotFound(message("no_batch", batch_id=batch_id))
    return batch


async def get_counted_batch(
    conn: AsyncConnection, batch_id: int, staff: Staff
) -> Batch:
    """Find a batch with its codes counted by state; raises NotFound."""
    return await store.count_codes(conn, await get_batch(conn, batch_id, staff))


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
