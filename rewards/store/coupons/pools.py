"""The SQL of stores and of pools, with their limits."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.coupons import (
    Benefit,
    BenefitKind,
    NewPool,
    Pool,
    PoolFigures,
    Store,
    StoreKind,
)
from rewards.domain.limits import ALWAYS, EVERYBODY, Limit, Per

POOL_COLUMNS = tuple(c for c in t.coupon_pools.c if c.name != "created_at")


async def insert_store(conn: AsyncConnection, store: Store, *, now: datetime) -> None:
    """Add a store; raises IntegrityError for an id that there is."""
    await conn.execute(
        insert(t.stores).values(
            store_id=store.store_id,
            name=store.name,
            kind=store.kind.value,
            region=store.region,
            lat=store.lat,
            lon=store.lon,
            brand=store.brand,
            created_at=now,
        )
    )


async def find_stores(
    conn: AsyncConnection, store_ids: Sequence[str], *, brand: str | None
) -> dict[str, str]:
    """Find stores that a brand may name, everybody's among them; gives their names."""
    s = t.stores.c
    mine = [] if brand is None else [or_(s.brand.is_(None), s.brand == brand)]
    rows = await conn.execute(
        select(s.store_id, s.name).where(s.store_id.in_(store_ids), *mine)
    )
    return {row.store_id: row.name for row in rows}


_REGIONS: Final = "SELECT store_id, region FROM stores WHERE store_id = ANY(%b::text[])"


async def load_store_regions(
    conn: psycopg.AsyncConnection[Any], store_ids: Collection[str]
) -> dict[str, str]:
    """Read where stores are, by id, on a connection that scans are committed on."""
    rows = await conn.execute(_REGIONS, (list(store_ids),))
    return dict(await rows.fetchall())


async def load_places(
    conn: AsyncConnection, store_ids: Collection[str]
) -> dict[str, tuple[str, datetime]]:
    """Read where stores are, and since when there is such a store, by id."""
    rows = await conn.execute(
        select(t.stores.c.store_id, t.stores.c.region, t.stores.c.created_at).where(
            t.stores.c.store_id.in_(store_ids)
        )
    )
    return {row.store_id: (row.region, row.created_at) for row in rows}


async def insert_pool(conn: AsyncConnection, new: NewPool, *, now: datetime) -> int:
    """Add a pool with its limits; raises IntegrityError for an id that there is."""
    pool_no = (
        await conn.execute(
            insert(t.coupon_pools)
            .values(
                pool_id=new.pool_id,
                name=new.name,
                brand=new.brand,
                benefit=new.benefit.kind.value,
                minor=new.benefit.minor,
                percent=new.benefit.percent,
                gift=new.benefit.gift,
                min_basket_minor=new.min_basket_minor,
                valid_from=new.valid_from,
                valid_until=new.valid_until,
                valid_days=new.valid_days,
                stores=list(new.stores),
                gtins=list(new.gtins),
                created_at=now,
            )
            .returning(t.coupon_pools.c.pool_no)
        )
    ).scalar_one()
    mosts = {
        Per.TOTAL: new.stock,
        Per.DAY: new.daily_stock,
        Per.MEMBER: new.per_member,
    }
    since = now.date() - timedelta(days=2)
    await conn.execute(
        insert(t.limits),
        [
            {"pool_no": pool_no, "per": per.value, "most": most, "since": since}
            for per, most in mosts.items()
            if most is not None
        ],
    )
    return int(pool_no)


def read_pool(row: Row[Any], limits: Iterable[Limit] = ()) -> Pool:
    """Make a pool of a row with all POOL_COLUMNS."""
    return Pool(
        row.pool_no,
        row.pool_id,
        row.name,
        Benefit(BenefitKind(row.benefit), row.minor, row.percent, row.gift),
        row.min_basket_minor,
        row.valid_from,
        row.valid_until,
        row.valid_days,
        tuple(row.stores),
        tuple(row.gtins),
        row.brand,
        tuple(limits),
    )


async def load_pools(conn: AsyncConnection, pool_ids: Iterable[str]) -> dict[str, Pool]:
    """Load pools with their limits by id: everybody's first, members' last."""
    p, n = t.coupon_pools.c, t.limits.c
    found = await conn.execute(select(*POOL_COLUMNS).where(p.pool_id.in_(pool_ids)))
    rows = found.all()
    if not rows:
        return {}
    limits: dict[int, list[Limit]] = {row.pool_no: [] for row in rows}
    for each in await conn.execute(
        select(n.pool_no, n.limit_no, n.per, n.most)
        .where(n.pool_no.in_(limits))
        .order_by(n.per == Per.MEMBER.value, n.per != Per.TOTAL.value)
    ):
        limits[each.pool_no].append(Limit(each.limit_no, Per(each.per), each.most))
    return {row.pool_id: read_pool(row, limits[row.pool_no]) for row in rows}


async def find_figures(conn: AsyncConnection, pool_id: str) -> PoolFigures | None:
    """Find a pool with its stock."""
    found = await _load_figures(conn, t.coupon_pools.c.pool_id == pool_id, limit=1)
    return found[0] if found else None


async def list_pools(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[PoolFigures]:
    """List the pools that a brand may change, newest first."""
    p = t.coupon_pools.c
    which = [] if brand is None else [p.brand == brand]
    if before is not None:
        which.append(p.pool_no < before)
    return await _load_figures(conn, *which, limit=limit)


async def _load_figures(
    conn: AsyncConnection, *which: ColumnElement[bool], limit: int
) -> list[PoolFigures]:
    p, n, u = t.coupon_pools.c, t.limits.c, t.limit_uses.c
    found = await conn.execute(
        select(*POOL_COLUMNS).where(*which).order_by(p.pool_no.desc()).limit(limit)
    )
    rows = found.all()
    taken = and_(
        u.shard == SHARD,
        u.limit_no == n.limit_no,
        u.holder == EVERYBODY,
        u.period == ALWAYS,
    )
    limits = await conn.execute(
        select(n.pool_no, n.per, n.most, func.coalesce(u.used, 0).label("used"))
        .outerjoin_from(t.limits, t.limit_uses, taken)
        .where(n.pool_no.in_([row.pool_no for row in rows]))
    )
    by_pool = {(each.pool_no, each.per): each for each in limits}

    def most(pool_no: int, per: Per) -> int | None:
        found = by_pool.get((pool_no, per.value))
        return None if found is None else int(found.most)

    return [
        PoolFigures(
            read_pool(row),
            stock=most(row.pool_no, Per.TOTAL) or 0,
            issued=by_pool[row.pool_no, Per.TOTAL.value].used,
            daily_stock=most(row.pool_no, Per.DAY),
            per_member=most(row.pool_no, Per.MEMBER),
        )
        for row in rows
    ]


async def list_stores(
    conn: AsyncConnection, *, brand: str | None, after: str, limit: int
) -> list[Store]:
    """List the stores that a brand may name, by their ids, from after one on."""
    s = t.stores.c
    mine = [] if brand is None else [or_(s.brand.is_(None), s.brand == brand)]
    columns = [c for c in s if c.name != "created_at"]
    rows = await conn.execute(
        select(*columns)
        .where(s.store_id > after, *mine)
        .order_by(s.store_id)
        .limit(limit)
    )
    return [
        Store(
            row.store_id,
            row.name,
            StoreKind(row.kind),
            row.region,
            row.lat,
            row.lon,
            row.brand,
        )
        for row in rows
    ]


async def load_stock(conn: AsyncConnection, limit_no: int) -> tuple[int, int]:
    """Tell the stock of a pool by its limit, and how many were issued of it."""
    n, u = t.limits.c, t.limit_uses.c
    most = (
        await conn.execute(select(n.most).where(n.limit_no == limit_no))
    ).scalar_one()
    used = (
        await conn.execute(
            select(u.used).where(
                u.shard == SHARD,
                u.limit_no == limit_no,
                u.holder == EVERYBODY,
                u.period == ALWAYS,
            )
        )
    ).scalar_one_or_none()
    return most, used or 0


async def set_stock(conn: AsyncConnection, limit_no: int, most: int) -> None:
    """Set the stock of a pool; behind the fence, so that nobody issues meanwhile."""
    await conn.execute(
        update(t.limits).where(t.limits.c.limit_no == limit_no).values(most=most)
    )
    await conn.execute(
        text(
            "UPDATE limit_uses SET most = :most WHERE shard = 0"
            " AND limit_no = :limit_no AND holder = 0 AND period = date 'epoch'"
        ),
        {"limit_no": limit_no, "most": most},
    )
