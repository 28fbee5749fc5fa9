"""The SQL of products."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    insert,
    select,
    text,
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
    page_url: str | None = None,
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
                page_url=page_url,
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
    return product_of(row) if row else None


async def find_campaign_brand(conn: AsyncConnection, campaign_id: str) -> str | None:
    """Tell the brand whose batches alone may name a campaign; None for all brands'.

    A campaign's brand never changes. One that is unknown has none: its foreign key
    refuses it.
    """
    found = await conn.execute(
        text("SELECT brand FROM campaigns WHERE campaign_id = :campaign_id"),
        {"campaign_id": campaign_id},
    )
    return found.scalar_one_or_none()


def product_of(row: Any) -> Product:
    """Read a row of `products`."""
    return Product(row.gtin, row.name, row.brand, row.shelf_life_days, row.page_url)
