"""Who was given codes, told to who sees them too early."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.store.packages.orders import find_packages_of
from scan_api.pipeline.early_scans import CodeHolder


async def find_code_holders(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[CodeHolder]:
    """Find the packages that hold any of these codes."""
    return [CodeHolder(*each) for each in await find_packages_of(conn, code_ids)]
