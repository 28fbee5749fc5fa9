"""The SQL of products."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.products import Product
from codegen.store.faults import explain
from core.names import spelled_as


async def insert_product(
    conn: AsyncConnection, product: Product, *, now: datetime
) -> None:
    """Add a product; raises Conflict when its GTIN is taken."""
    try:
        await conn.execute(
            insert(t.products).values(
                gtin=product.gtin,
                name=product.name,
                brand=product.brand,
                shelf_life_days=product.shelf_life_days,
                page_url=product.page_url,
                created_at=now,
            )
        )
    except IntegrityError as fault:
        raise explain(fault) from None


async def spell_brand(conn: AsyncConnection, name: str) -> str:
    """Spell a brand as its first product does, however it is written here.

    Callers that add a product hold the fence, so that two at once agree.
    """
    known = await conn.scalars(
        select(t.products.c.brand)
        .group_by(t.products.c.brand)
        .order_by(func.min(t.products.c.created_at))
    )
    return spelled_as(known, name)


async def find_product(conn: AsyncConnection, gtin: str) -> Product | None:
    """Find a product by its 14-digit GTIN."""
    row = (
        await conn.execute(select(t.products).where(t.products.c.gtin == gtin))
    ).one_or_none()
    return product_of(row) if row else None


async def list_products(conn: AsyncConnection) -> list[Product]:
    """List all products by GTIN."""
    rows = await conn.execute(select(t.products).order_by(t.products.c.gtin))
    return [product_of(row) for row in rows]


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
