"""The fence: no scan is decided by what somebody is just changing.

Every batch of scans holds it shared while it commits; every change of what scans are
decided by (ranges, products, campaigns, epochs, rule sets) holds it alone and raises
the version, and so does a change of what coupons are issued by. So an acknowledged
recall is never overtaken by a scan that was decided before it.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    MetaData,
    Table,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

# PostgreSQL's advisory lock of these two numbers; the commit's functions name it too.
_SHARED: Final = text("SELECT pg_advisory_xact_lock_shared(4343, 1)")
_EXCLUSIVE: Final = text("SELECT pg_advisory_xact_lock(4343, 1)")

metadata = MetaData()

# One row, which tells workers that there is something newer than they know.
range_version = Table(
    "range_version",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("version", BigInteger, nullable=False),
)


async def take_fence(conn: AsyncConnection) -> None:
    """Shut scans out until this transaction ends; raises the version for them."""
    await conn.execute(_EXCLUSIVE)
    await conn.execute(
        update(range_version).values(version=range_version.c.version + 1)
    )


async def share_fence(conn: AsyncConnection) -> None:
    """Let nothing that scans are decided by change until this transaction ends."""
    await conn.execute(_SHARED)


async def current_version(conn: AsyncConnection) -> int:
    """Read the version that whatever decides scans must have."""
    return int((await conn.execute(select(range_version.c.version))).scalar_one())
