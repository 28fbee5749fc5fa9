"""HTTP of products."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import pipeline
from codegen.domain.gtin import read_gtin
from codegen.domain.products import Product
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_SHELF_LIFE_DAYS, Body
from core.clock import Clock, utc_datetime
from core.fields import Text64

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
    product = Product(
        read_gtin(data.gtin),
        data.name,
        data.brand,
        data.shelf_life_days,
        data.page_url,
    )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> NewProduct:
        added = await pipeline.add_product(conn, product, staff, now=now)
        return msgspec.structs.replace(data, gtin=added.gtin, brand=added.brand)

    return await once.perform(request, staff, effect)
