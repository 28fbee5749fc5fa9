"""A store or a pool is added once, and a pool's stock is changed; written down each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.fence import take_fence
from rewards.domain.coupons import MAX_STOCK, NewPool, Pool, PoolFigures, Store
from rewards.domain.limits import Per
from rewards.domain.messages import message
from rewards.store.campaigns import renew_campaigns_of
from rewards.store.coupons import pools as store


async def add_store(
    conn: AsyncConnection, new: Store, staff: Staff, *, now: datetime
) -> Store:
    """Add a store, of the brand of who adds it; raises Conflict for a known id."""
    new = replace(new, brand=staff.brand)
    try:
        await store.insert_store(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("store_exists", store_id=new.store_id), code="already_exists"
        ) from None
    await record_action(
        conn,
        staff,
        action="store.add",
        subject=f"store:{new.store_id}",
        detail={"name": new.name, "kind": new.kind.value, "region": new.region},
        now=now,
    )
    return new


async def add_pool(
    conn: AsyncConnection, new: NewPool, staff: Staff, *, now: datetime
) -> NewPool:
    """Add a pool, of the brand of who adds it; raises InvalidInput and Conflict."""
    new = replace(new, brand=staff.brand)
    if new.valid_until is not None and new.valid_days is not None:
        raise InvalidInput.field("/valid_days", "two_ends", message("two_ends"))
    begins, ends = new.valid_from, new.valid_until
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidInput.field(
            "/valid_until", "out_of_order", message("pool_ends_before_start")
        )
    known = await store.find_stores(conn, new.stores, brand=staff.brand)
    errors = tuple(
        FieldError(f"/stores/{place}", "unknown_store", message("no_store", store_id=s))
        for place, s in enumerate(new.stores)
        if s not in known
    )
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)
    try:
        await store.insert_pool(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("pool_exists", pool_id=new.pool_id), code="already_exists"
        ) from None
    await record_action(
        conn,
        staff,
        action="coupon_pool.add",
        subject=f"coupon_pool:{new.pool_id}",
        detail={
            "name": new.name,
            "benefit": new.benefit.kind.value,
            "stock": new.stock,
            "daily_stock": new.daily_stock,
            "per_member": new.per_member,
        },
        now=now,
    )
    return new


async def get_pool(conn: AsyncConnection, pool_id: str, staff: Staff) -> Pool:
    """Find a pool that somebody may change; raises NotFound."""
    pool = (await store.load_pools(conn, [pool_id])).get(pool_id)
    if pool is None or not pool.is_of(staff.brand):
        raise NotFound(message("no_pool", pool_id=pool_id))
    return pool


async def show_pool(conn: AsyncConnection, pool_id: str, staff: Staff) -> PoolFigures:
    """Find a pool that somebody may change, with its stock; raises NotFound."""
    found = await store.find_figures(conn, pool_id)
    if found is None or not found.pool.is_of(staff.brand):
        raise NotFound(message("no_pool", pool_id=pool_id))
    return found


async def list_pools(
    conn: AsyncConnection, staff: Staff, *, before: int | None = None, limit: int
) -> Sequence[PoolFigures]:
    """List the pools that somebody may change, with their stock, newest first."""
    return await store.list_pools(conn, brand=staff.brand, before=before, limit=limit)


async def list_stores(
    conn: AsyncConnection, staff: Staff, *, after: str = "", limit: int
) -> Sequence[Store]:
    """List the stores that somebody may name, by their ids, from after one on."""
    return await store.list_stores(conn, brand=staff.brand, after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class Stock:
    """How many coupons a pool has in all, and how many of them are issued."""

    stock: int
    issued: int


async def change_stock(
    conn: AsyncConnection,
    pool_id: str,
    *,
    by: int,
    reason: str,
    staff: Staff,
    now: datetime,
) -> Stock:
    """Change the stock of a pool; raises Conflict below what was issued.

    The fence is held until the transaction ends, so that nobody issues meanwhile,
    and workers hear of it, who know the stocks of what campaigns give.
    """
    await take_fence(conn)
    pool = await get_pool(conn, pool_id, staff)
    total = next(each for each in pool.limits if each.per is Per.TOTAL)
    most, issued = await store.load_stock(conn, total.limit_no)
    changed = Stock(most + by, issued)
    if changed.stock < issued:
        raise Conflict(
            message("stock_below_issued", issued=issued), code="stock_below_issued"
        )
    if changed.stock > MAX_STOCK:
        raise InvalidInput.field(
            "/by", "out_of_range", message("stock_too_large", most=MAX_STOCK)
        )
    await store.set_stock(conn, total.limit_no, changed.stock)
    await renew_campaigns_of(conn, pool_id)
    await record_action(
        conn,
        staff,
        action="coupon_pool.stock",
        subject=f"coupon_pool:{pool_id}",
        detail={"by": by, "stock": changed.stock, "reason": reason},
        now=now,
    )
    return changed
