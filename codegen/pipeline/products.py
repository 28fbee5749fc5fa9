"""A product is added under its GTIN, once."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.messages import message
from codegen.domain.products import Product
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import InvalidInput
from core.fence import take_fence
from core.names import are_one


async def add_product(
    conn: AsyncConnection, product: Product, staff: Staff, *, now: datetime
) -> Product:
    """Add a product; gives it with its brand spelled as the first product spells it.

    Raises InvalidInput for a brand that is not the caller's, Conflict for a GTIN that
    is taken.
    """
    if staff.brand is not None and not are_one(product.brand, staff.brand):
        raise InvalidInput.field(
            "/brand", "out_of_scope", message("token_of_brand", brand=staff.brand)
        )
    await take_fence(conn)
    product = replace(product, brand=await store.spell_brand(conn, product.brand))
    await store.insert_product(conn, product, now=now)
    await record_action(
        conn,
        staff,
        action="product.add",
        subject=f"product:{product.gtin}",
        detail={"name": product.name, "brand": product.brand},
        now=now,
    )
    return product
