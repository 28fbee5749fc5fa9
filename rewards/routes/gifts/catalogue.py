"""HTTP of gifts that there are."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Text64
from rewards.domain.gifts import MAX_GIFT_STOCK, NewGift
from rewards.pipeline.gifts import catalogue as pipeline


class NewGiftBody(Body, frozen=True, kw_only=True):
    """A gift to add: so many, which members claim directly, each at most one.

    `when` is a condition over facts, as a campaign has one; without it all may.
    """

    gift_id: Annotated[Text64, msgspec.Meta(examples=["birthday-mug"])]
    name: Annotated[Text64, msgspec.Meta(examples=["A mug"])]
    stock: Annotated[int, msgspec.Meta(ge=0, le=MAX_GIFT_STOCK, examples=[100])]
    when: dict[str, Any] | None = None


class GiftView(msgspec.Struct, frozen=True, kw_only=True):
    """A gift as staff see it, and how many were claimed of its stock."""

    gift_id: str
    name: str
    stock: int
    claimed: int
    when: dict[str, Any] | None


class GiftList(msgspec.Struct, frozen=True):
    """A page of gifts, newest first."""

    items: tuple[GiftView, ...]
    next_cursor: str | None


@post("/v1/gifts", summary="Add a gift", tags=["gifts"])
async def add_gift(
    request: Request[Any, Any, Any],
    data: NewGiftBody,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[GiftView]:
    """Add a gift that members claim directly; it belongs to the brand of the token."""
    staff = require_role(principal, Role.MARKETER)
    new = NewGift(data.gift_id, data.name, data.stock, data.when)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> GiftView:
        await pipeline.add_gift(conn, new, staff, now=now)
        return GiftView(
            gift_id=new.gift_id,
            name=new.name,
            stock=new.stock,
            claimed=0,
            when=data.when,
        )

    return await once.perform(request, staff, effect)


@get("/v1/gifts", summary="List gifts", tags=["gifts"])
async def list_gifts(
    principal: Principal,
    engine: AsyncEngine,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> GiftList:
    """List the gifts that members claim directly, newest first."""
    staff = require_role(principal, Role.MARKETER, Role.SUPPORT)
    async with engine.connect() as conn:
        found = await pipeline.list_gifts(conn, staff, before=cursor, limit=limit)
    more = str(found[-1].gift.gift_no) if len(found) == limit else None
    return GiftList(
        tuple(
            GiftView(
                gift_id=each.gift.gift_id,
                name=each.gift.name,
                stock=each.stock,
                claimed=each.claimed,
                when=None if each.gift.when is None else dict(each.gift.when),
            )
            for each in found
        ),
        more,
    )
