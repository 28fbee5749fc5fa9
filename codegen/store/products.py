"""The SQL of products."""

from datetime import datetime

from sqlalchemy import (
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import (
    Product,
)
from codegen.store.faults import explain


async def insert_product(
    conn: AsyncConnection,
    *,
    gtin: str,
    name: str,
    brand: str,
    shelf_life_days: int | None,
    now: datetime,
) -> None:
    """Add a product; raises Conflict when its GTIN is taken."""
    try:
        await conn.execute(
            insert(t.products).values(
                gtin=gtin,
                name=name,
                brand=brand,
                shelf_life_days=shelf_life_days,
                created_at=now,
            )
        )
    except IntegrityError as fault:
        raise explain(fault) from None


async def find_product(conn: AsyncConnection, gtin: str) -> Product | None:
    """Find a product by its 14-digit GTIN."""
    row = (
        await conn.execute(select(t.products).where(t.products.c.gtin == gtin))
    ).one_or_none()
    return Product(row.gtin, row.name, row.brand) if row else None
