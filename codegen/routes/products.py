"""HTTP of products."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.messages import message
from codegen.routes.fields import Text64, read_gtin
from core.auth import Principal, Role, require_role
from core.auth.audit import record_action
from core.auth.requests import Once
from core.bounds import MAX_SHELF_LIFE_DAYS, Body
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput
from core.fence import take_fence
from core.names import are_one

ShelfLife = Annotated[int, msgspec.Meta(ge=1, le=MAX_SHELF_LIFE_DAYS)]
PageUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[!-~]{1,500}\Z", examples=["https://brand.cn/milk"]
    ),
]


class NewProduct(Body, frozen=True, kw_only=True):
    """A product to add."""

    gtin: Annotated[str, msgspec.Meta(examples=["06901234567892"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Organic Milk 250 ml"])]
    brand: Annotated[Text64, msgspec.Meta(examples=["Demo Dairy"])]
    shelf_life_days: ShelfLife | None = None
    page_url: PageUrl | None = None


@post("/v1/products", summary="Add a product", tags=["products"])
async def add_product(
    request: Request[Any, Any, Any],
    data: NewProduct,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[NewProduct]:
    """Add a product under its GTIN."""
    staff = require_role(principal, Role.ISSUER)
    gtin = read_gtin(data.gtin)
    if staff.brand is not None and not are_one(data.brand, staff.brand):
        raise InvalidInput.field(
            "/brand", "out_of_scope", message("token_of_brand", brand=staff.brand)
        )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> NewProduct:
        await take_fence(conn)
        brand = await store.spell_brand(conn, data.brand)
        await store.insert_product(
            conn,
            gtin=gtin,
            name=data.name,
            brand=brand,
            shelf_life_days=data.shelf_life_days,
            page_url=data.page_url,
            now=now,
        )
        await record_action(
            conn,
            staff,
            action="product.add",
            subject=f"product:{gtin}",
            detail={"name": data.name, "brand": brand},
            now=now,
        )
        return msgspec.structs.replace(data, gtin=gtin, brand=brand)

    return await once.perform(request, staff, effect)
