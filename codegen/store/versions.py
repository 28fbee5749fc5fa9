"""The fence and the version behind it, and the table that carries it."""

from sqlalchemy import (
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import RangeTable
from codegen.store.epochs import load_epoch_states
from codegen.store.products import product_of
from codegen.store.ranges import code_range_of
from core.db import FENCE_EXCLUSIVE


async def take_fence(conn: AsyncConnection) -> None:
    """Shut scans out until this transaction ends; raises the version for them."""
    await conn.execute(text(FENCE_EXCLUSIVE))
    await conn.execute(
        update(t.range_version).values(version=t.range_version.c.version + 1)
    )


async def current_version(conn: AsyncConnection) -> int:
    """Read the version that a scan's range table must have."""
    return int((await conn.execute(select(t.range_version.c.version))).scalar_one())


async def load_range_table(conn: AsyncConnection) -> RangeTable:
    """Load all ranges; `conn` must be in a REPEATABLE READ transaction."""
    version = await current_version(conn)
    ranges = [code_range_of(row) for row in await conn.execute(select(t.ranges))]
    placements: dict[int, str] = {}
    gtins: dict[int, str | None] = {}
    for row in await conn.execute(
        select(t.batches.c.batch_id, t.batches.c.placement, t.batches.c.gtin)
    ):
        placements[row.batch_id] = row.placement
        gtins[row.batch_id] = row.gtin
    products = {
        row.gtin: product_of(row) for row in await conn.execute(select(t.products))
    }
    return RangeTable.build(
        version,
        ranges,
        placements=placements,
        batch_gtins=gtins,
        products=products,
        epochs=await load_epoch_states(conn),
    )
