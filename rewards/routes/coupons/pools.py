"""HTTP of stores and of pools of coupons."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_TEXT, Body, check_text, refuse
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput
from core.fields import Cursor, Limit, Sentence, Text64
from core.moments import When, read_end, read_start
from rewards.domain.coupons import (
    MAX_STOCK,
    MAX_STORES,
    MAX_VALID_DAYS,
    Benefit,
    BenefitKind,
    NewPool,
    PoolFigures,
    Store,
    StoreKind,
    check_benefit,
)
from rewards.domain.messages import message
from rewards.pipeline.coupons import pools as pipeline
from rewards.pipeline.coupons.views import BenefitView, view_benefit
from rewards.routes.fields import AboveZero, Minor

# Who issues coupons, or is asked about them.
_READERS: Final = (Role.MARKETER, Role.SUPPORT, Role.ANALYST, Role.APP)
Stock = Annotated[int, msgspec.Meta(ge=0, le=MAX_STOCK)]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Gtin = Annotated[str, msgspec.Meta(pattern=r"^\d{14}\Z", examples=["06901234567892"])]


class NewStore(Body, frozen=True, kw_only=True):
    """A store to add; it belongs to the brand of the token."""

    store_id: Annotated[Text64, msgspec.Meta(examples=["sh-001"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Shanghai, Nanjing Road"])]
    kind: StoreKind
    region: Annotated[Text64, msgspec.Meta(examples=["CN-31"])]
    lat: Lat | None = None
    lon: Lon | None = None


@post("/v1/stores", summary="Add a store", tags=["coupons"])
async def add_store(
    request: Request[Any, Any, Any],
    data: NewStore,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[NewStore]:
    """Add a store where coupons are redeemed; a cashier's token names it by its id."""
    staff = require_role(principal, Role.MARKETER)
    if (data.lat is None) != (data.lon is None):
        raise InvalidInput.field("/lat", "incomplete", message("place_incomplete"))
    now = utc_datetime(clock.now_ms())
    new = Store(data.store_id, data.name, data.kind, data.region, data.lat, data.lon)

    async def effect(conn: AsyncConnection) -> NewStore:
        await pipeline.add_store(conn, new, staff, now=now)
        return data

    return await once.perform(request, staff, effect)


class StoreView(msgspec.Struct, frozen=True, kw_only=True):
    """A store; one without a brand is everybody's."""

    store_id: str
    name: str
    kind: StoreKind
    region: str
    lat: float | None
    lon: float | None
    brand: str | None


class StoreList(msgspec.Struct, frozen=True):
    """A page of stores, by their ids."""

    items: tuple[StoreView, ...]
    next_cursor: str | None


@get("/v1/stores", summary="List stores", tags=["coupons"])
async def list_stores(
    principal: Principal,
    engine: AsyncEngine,
    cursor: str | None = None,
    limit: Limit = 50,
) -> StoreList:
    """List the stores of the token's brand, and everybody's, by their ids."""
    staff = require_role(principal, *_READERS)
    refuse(check_text("/cursor", cursor, most=MAX_TEXT))
    async with engine.connect() as conn:
        found = await pipeline.list_stores(conn, staff, after=cursor or "", limit=limit)
    names = StoreView.__struct_fields__
    shown = [StoreView(**{n: getattr(each, n) for n in names}) for each in found]
    return StoreList(tuple(shown), found[-1].store_id if len(found) == limit else None)


class BenefitBody(msgspec.Struct, frozen=True, kw_only=True):
    """What each coupon gives: `minor` off, `percent` off, or a gift with a `name`."""

    kind: BenefitKind
    minor: AboveZero | None = None
    percent: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    most_minor: AboveZero | None = None
    name: Text64 | None = None


class NewCouponPool(Body, frozen=True, kw_only=True):
    """A pool to add. Without an end its coupons have none, without stores all take it.

    `valid_days` counts whole days of the brand's calendar, that of issue the first.
    """

    pool_id: Annotated[Text64, msgspec.Meta(examples=["spring-5-off"])]
    name: Annotated[Text64, msgspec.Meta(examples=["5 yuan off"])]
    stock: Stock
    benefit: BenefitBody
    daily_stock: Stock | None = None
    per_member: Stock | None = None
    min_basket_minor: Minor = 0
    valid_from: When | None = None
    valid_until: When | None = None
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_VALID_DAYS)] | None = None
    stores: Annotated[tuple[Text64, ...], msgspec.Meta(max_length=MAX_STORES)] = ()
    gtins: Annotated[tuple[Gtin, ...], msgspec.Meta(max_length=MAX_STORES)] = ()


class AddedPool(msgspec.Struct, frozen=True):
    """A pool that was added."""

    pool_id: str
    name: str
    stock: int


@post("/v1/coupon-pools", summary="Add a pool of coupons", tags=["coupons"])
async def add_pool(
    request: Request[Any, Any, Any],
    data: NewCouponPool,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> Response[AddedPool]:
    """Add a pool; but for its stock it never changes, so that coupons keep their word.

    A day as `valid_from` is its first moment, as `valid_until` its last.
    """
    staff = require_role(principal, Role.MARKETER)
    new = _read_pool(data, timezone)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> AddedPool:
        await pipeline.add_pool(conn, new, staff, now=now)
        return AddedPool(new.pool_id, new.name, new.stock)

    return await once.perform(request, staff, effect)


def _read_pool(data: NewCouponPool, timezone: ZoneInfo) -> NewPool:
    """Read what a pool is to be; raises InvalidInput."""
    benefit = data.benefit
    names = ("minor", "percent", "most_minor", "name")
    given = [name for name in names if getattr(benefit, name) is not None]
    refuse(check_benefit(benefit.kind, given))
    return NewPool(
        pool_id=data.pool_id,
        name=data.name,
        benefit=Benefit(
            benefit.kind,
            benefit.minor if benefit.most_minor is None else benefit.most_minor,
            benefit.percent,
            benefit.name,
        ),
        stock=data.stock,
        daily_stock=data.daily_stock,
        per_member=data.per_member,
        min_basket_minor=data.min_basket_minor,
        valid_from=read_start("/valid_from", data.valid_from, timezone),
        valid_until=read_end("/valid_until", data.valid_until, timezone),
        valid_days=data.valid_days,
        stores=tuple(dict.fromkeys(data.stores)),
        gtins=tuple(dict.fromkeys(data.gtins)),
    )


class PoolView(msgspec.Struct, frozen=True, kw_only=True):
    """A pool as it was made, and how many of its coupons are issued."""

    pool_id: str
    name: str
    brand: str | None
    benefit: BenefitView
    min_basket_minor: int
    valid_from: datetime | None
    valid_until: datetime | None
    valid_days: int | None
    stores: tuple[str, ...]
    gtins: tuple[str, ...]
    stock: int
    issued: int
    remaining: int
    daily_stock: int | None
    per_member: int | None


class PoolList(msgspec.Struct, frozen=True):
    """A page of pools, newest first."""

    items: tuple[PoolView, ...]
    next_cursor: str | None


@get("/v1/coupon-pools", summary="List pools of coupons", tags=["coupons"])
async def list_pools(
    principal: Principal,
    engine: AsyncEngine,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PoolList:
    """List the pools of the token's brand with their stock, newest first."""
    staff = require_role(principal, *_READERS)
    async with engine.connect() as conn:
        found = await pipeline.list_pools(conn, staff, before=cursor, limit=limit)
    more = str(found[-1].pool.pool_no) if len(found) == limit else None
    return PoolList(tuple(map(_view_pool, found)), more)


@get(
    "/v1/coupon-pools/{pool_id:str}",
    summary="Look at a pool of coupons",
    tags=["coupons"],
)
async def show_pool(
    pool_id: str, principal: Principal, engine: AsyncEngine
) -> PoolView:
    """Show a pool of coupons with its stock."""
    staff = require_role(principal, *_READERS)
    async with engine.connect() as conn:
        return _view_pool(await pipeline.show_pool(conn, pool_id, staff))


def _view_pool(found: PoolFigures) -> PoolView:
    pool = found.pool
    return PoolView(
        pool_id=pool.pool_id,
        name=pool.name,
        brand=pool.brand,
        benefit=view_benefit(pool.benefit),
        min_basket_minor=pool.min_basket_minor,
        valid_from=pool.valid_from,
        valid_until=pool.valid_until,
        valid_days=pool.valid_days,
        stores=pool.stores,
        gtins=pool.gtins,
        stock=found.stock,
        issued=found.issued,
        remaining=found.stock - found.issued,
        daily_stock=found.daily_stock,
        per_member=found.per_member,
    )


class StockChange(Body, frozen=True, kw_only=True):
    """So many coupons more, or fewer below zero, and why."""

    prose: ClassVar = frozenset({"reason"})

    by: Annotated[int, msgspec.Meta(ge=-MAX_STOCK, le=MAX_STOCK)]
    reason: Annotated[Sentence, msgspec.Meta(examples=["a second print run"])]


class ChangedStock(msgspec.Struct, frozen=True):
    """What a pool has by now: in all, issued, and still to be issued."""

    pool_id: str
    stock: int
    issued: int
    remaining: int


@post(
    "/v1/coupon-pools/{pool_id:str}/stock-changes",
    summary="Change the stock of a pool",
    tags=["coupons"],
)
async def change_stock(
    request: Request[Any, Any, Any],
    pool_id: str,
    data: StockChange,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[ChangedStock]:
    """Add to the stock of a pool, or take from it what was not issued."""
    staff = require_role(principal, Role.MARKETER)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> ChangedStock:
        done = await pipeline.change_stock(
            conn, pool_id, by=data.by, reason=data.reason, staff=staff, now=now
        )
        remaining = done.stock - done.issued
        return ChangedStock(pool_id, done.stock, done.issued, remaining)

    return await once.perform(request, staff, effect)
