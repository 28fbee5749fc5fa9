"""Where a cap has its page, for whoever comes upon one."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.domain.sealing import seal_code
from codegen.pipeline import find_codes
from codegen.pipeline.codes import FoundCode
from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from core.auth import Staff


def cap_path(found: FoundCode) -> str | None:
    """Give the page of a cap; None for one that there is not, or not for who asks."""
    if found.batch is None:
        return None
    return f"{HOME}/batches/{found.batch.batch_id}/codes/{found.index}"


async def find_caps(
    conn: AsyncConnection,
    context: ConsoleContext,
    staff: Staff,
    code_ids: Sequence[int | None],
) -> list[tuple[str | None, Batch | None]]:
    """Give the pages and the batches of caps by their codes' numbers.

    The code itself is not shown: an unclaimed one is worth money.
    """
    keys = context.keys
    texts = [None if each is None else seal_code(keys, each) for each in code_ids]
    found = await find_codes(conn, keys, [text or "" for text in texts], staff)
    return [(cap_path(each), each.batch) for each in found]


async def find_cap_paths(
    conn: AsyncConnection,
    context: ConsoleContext,
    staff: Staff,
    code_ids: Sequence[int | None],
) -> list[str | None]:
    """Give the pages of caps by their codes' numbers."""
    return [path for path, _ in await find_caps(conn, context, staff, code_ids)]
