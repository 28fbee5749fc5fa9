"""The SQL of coupons: issuing many at once, looking at them, making one void."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import utc_datetime
from core.db import SHARD
from core.db_arrays import write_moments, write_numbers
from core.ids import time_of_id
from core.outbox import write_happened
from rewards import tables as t
from rewards.domain.coupons import NEVER_GIVEN, Coupon, CouponState, Use
from rewards.domain.limits import Limit
from rewards.store.coupons.happened import ISSUED
from rewards.store.coupons.pools import POOL_COLUMNS, read_pool


@dataclass(frozen=True, slots=True)
class PlannedCoupon:
    """A coupon to issue, and which rows of its pool's limits it takes from."""

    coupon_no: int
    member_no: int
    pool_no: int
    valid_from: datetime
    valid_until: datetime | None
    limits: tuple[Limit, ...]


_NUMBERS = cast(bindparam("numbers", type_=Text), ARRAY(BigInteger))
_ISSUE = text(
    """
    SELECT issue_coupons(0::smallint, :now, CAST(:coupons AS bigint[]),
        CAST(:members AS bigint[]), CAST(:pools AS integer[]),
        CAST(:froms AS timestamptz[]), CAST(:untils AS timestamptz[]),
        CAST(:requests AS integer[]), CAST(:rows AS integer[]),
        CAST(:limit_nos AS integer[]), CAST(:holders AS bigint[]),
        CAST(:periods AS integer[]))
    """
)


async def issue_coupons(
    conn: AsyncConnection, planned: Sequence[PlannedCoupon], *, now: datetime, day: int
) -> list[int]:
    """Issue coupons in their order; gives for each 0, or the limit that had no room.

    `day` is the business day, counted from 1970. The caller shares the fence.
    """
    places: dict[tuple[int, int, int], int] = {}
    requests, rows = [], []
    for request, each in enumerate(planned, 1):
        for limit in each.limits:
            key = limit.limit_no, limit.holder(each.member_no), limit.by_day * day
            requests.append(request)
            rows.append(places.setdefault(key, len(places) + 1))
    values = {
        "now": now,
        "coupons": write_numbers(each.coupon_no for each in planned),
        "members": write_numbers(each.member_no for each in planned),
        "pools": write_numbers(each.pool_no for each in planned),
        "froms": write_moments(each.valid_from for each in planned),
        "untils": write_moments(each.valid_until for each in planned),
        "requests": write_numbers(requests),
        "rows": write_numbers(rows),
        "limit_nos": write_numbers(limit_no for limit_no, _, _ in places),
        "holders": write_numbers(holder for _, holder, _ in places),
        "periods": write_numbers(period for _, _, period in places),
    }
    refused: list[int] = (await conn.execute(_ISSUE, values)).scalar_one()
    issued = [e.coupon_no for e, full in zip(planned, refused, strict=True) if not full]
    await write_happened(conn, ISSUED, issued)
    return refused


_WITH_POOL: Select[Any] = select(
    *(c for c in t.coupons.c if c.name not in {"shard", "valid_from", "valid_until"}),
    t.coupons.c.valid_from.label("begins"),
    t.coupons.c.valid_until.label("ends"),
    *(c for c in POOL_COLUMNS if c.name != "pool_no"),
).join_from(t.coupons, t.coupon_pools, t.coupon_pools.c.pool_no == t.coupons.c.pool_no)


async def load_coupons(
    conn: AsyncConnection, coupon_nos: Sequence[int]
) -> dict[int, Coupon]:
    """Load coupons by number; what there is none of is left out."""
    c = t.coupons.c
    found = await conn.execute(
        _WITH_POOL.where(c.shard == SHARD, c.coupon_no == any_(_NUMBERS)),
        {"numbers": write_numbers(coupon_nos)},
    )
    return {each.coupon_no: each for each in await _read(conn, found.all())}


async def load_member_coupons(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> list[Coupon]:
    """Load the coupons of a member, newest first."""
    c, i = t.coupons.c, t.identities.c
    owner = select(i.member_no).where(i.shard == SHARD, i.member_id == member_id)
    older: list[ColumnElement[bool]] = []
    if before is not None:
        last = select(c.issued_at, c.coupon_no).where(
            c.shard == SHARD, c.coupon_no == before
        )
        older = [tuple_(c.issued_at, c.coupon_no) < last.scalar_subquery()]
    found = await conn.execute(
        _WITH_POOL.where(
            c.shard == SHARD,
            c.member_no == owner.scalar_subquery(),
            c.state.not_in(NEVER_GIVEN),
            *older,
        )
        .order_by(c.issued_at.desc(), c.coupon_no.desc())
        .limit(limit)
    )
    return await _read(conn, found.all())


async def _read(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Coupon]:
    """Make coupons of rows, with what used those that are used."""
    uses = await _load_uses(conn, [row.redemption_id for row in rows])
    # Many coupons are of few pools.
    pools = {
        row.pool_no: read_pool(row) for row in {r.pool_no: r for r in rows}.values()
    }
    return [
        Coupon(
            row.coupon_no,
            row.member_no,
            pools[row.pool_no],
            CouponState(row.state),
            row.issued_at,
            row.begins,
            row.ends,
            uses.get(row.redemption_id),
        )
        for row in rows
    ]


async def _load_uses(
    conn: AsyncConnection, redemption_ids: Sequence[int | None]
) -> dict[int | None, Use]:
    """Load redemptions apart: joined, a planner without statistics reads them all."""
    known = [each for each in redemption_ids if each is not None]
    if not known:
        return {}
    r, s = t.redemptions.c, t.stores.c
    found = await conn.execute(
        select(r.redemption_id, r.store_id, s.name)
        .outerjoin_from(t.redemptions, t.stores, s.store_id == r.store_id)
        .where(r.shard == SHARD, r.redemption_id == any_(_NUMBERS)),
        {"numbers": write_numbers(known)},
    )
    return {
        row.redemption_id: Use(
            row.redemption_id,
            utc_datetime(time_of_id(row.redemption_id)),
            row.store_id,
            row.name,
        )
        for row in found
    }


async def lock_coupon(conn: AsyncConnection, coupon_no: int) -> Coupon | None:
    """Lock a coupon and read it; None where there is none."""
    c = t.coupons.c
    await conn.execute(
        select(c.coupon_no)
        .where(c.shard == SHARD, c.coupon_no == coupon_no)
        .with_for_update()
    )
    return (await load_coupons(conn, [coupon_no])).get(coupon_no)


async def void_coupon(conn: AsyncConnection, coupon_no: int) -> None:
    """Make a locked coupon void."""
    await conn.execute(
        update(t.coupons)
        .where(t.coupons.c.shard == SHARD, t.coupons.c.coupon_no == coupon_no)
        .values(state=CouponState.VOID.value)
    )
