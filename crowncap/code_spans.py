"""What anti_fraud is told of codes, of which it knows nothing itself."""

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.lists import CodeSpan
from codegen.domain.batches import Selection
from codegen.store import find_batch
from core.errors import InvalidInput


async def find_code_span(
    conn: AsyncConnection, batch_id: int, indexes: tuple[int, int] | None
) -> CodeSpan | None:
    """Find codes of a batch, from one index to another or all; None for no codes."""
    batch = await find_batch(conn, batch_id)
    if batch is None:
        return None
    wanted = Selection() if indexes is None else Selection(None, *indexes)
    try:
        first, last = wanted.indexes(batch)
    except InvalidInput:
        return None
    return CodeSpan(batch.first_code_id + first, batch.first_code_id + last)
