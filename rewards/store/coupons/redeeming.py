"""The SQL of redemptions and of what was taken back of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from core.outbox import write_happened
from rewards import tables as t
from rewards.domain.coupons import CouponState
from rewards.store.coupons.happened import REDEEMED, RETURNED


@dataclass(frozen=True, slots=True)
class NewRedemption:
    """A coupon to use: by whom, where, and for how much off what."""

    redemption_id: int
    coupon_no: int
    discount_minor: int
    basket_minor: int | None
    store_id: str | None
    person: str
    order_ref: str | None


_REDEEM = text(
    """
    SELECT redeem_coupons(0::smallint, CAST(:redemptions AS bigint[]),
        CAST(:coupons AS bigint[]), CAST(:discounts AS bigint[]),
        CAST(:baskets AS bigint[]), CAST(:stores AS text[]), CAST(:persons AS text[]),
        CAST(:orders AS text[]))
    """
)


async def redeem_coupons(
    conn: AsyncConnection, new: Sequence[NewRedemption]
) -> list[bool]:
    """Use coupons, each named once; tells for each whether it was there to be used."""
    values = {
        "redemptions": write_numbers(each.redemption_id for each in new),
        "coupons": write_numbers(each.coupon_no for each in new),
        "discounts": write_numbers(each.discount_minor for each in new),
        "baskets": write_numbers(each.basket_minor for each in new),
        "stores": [each.store_id for each in new],
        "persons": [each.person for each in new],
        "orders": [each.order_ref for each in new],
    }
    won: list[bool] = (await conn.execute(_REDEEM, values)).scalar_one()
    used = [e.redemption_id for e, is_ours in zip(new, won, strict=True) if is_ours]
    await write_happened(conn, REDEEMED, used)
    return won


@dataclass(frozen=True, slots=True)
class Redemption:
    """A redemption as it was written down."""

    redemption_id: int
    coupon_no: int
    store_id: str | None
    person: str


async def find_redemption(
    conn: AsyncConnection, redemption_id: int
) -> Redemption | None:
    """Find a redemption, reversed or not."""
    r = t.redemptions.c
    row = (
        await conn.execute(
            select(r.redemption_id, r.coupon_no, r.store_id, r.person).where(
                r.shard == SHARD, r.redemption_id == redemption_id
            )
        )
    ).one_or_none()
    return None if row is None else Redemption(*row)


async def reverse_redemption(
    conn: AsyncConnection,
    redemption: Redemption,
    *,
    person: str,
    reason: str,
    now: datetime,
) -> bool:
    """Give a locked coupon back; tells whether nobody had before."""
    c = t.coupons.c
    given_back = await conn.execute(
        update(t.coupons)
        .where(
            c.shard == SHARD,
            c.coupon_no == redemption.coupon_no,
            c.redemption_id == redemption.redemption_id,
        )
        .values(state=CouponState.ISSUED.value, redemption_id=None)
    )
    if not given_back.rowcount:
        return False
    await conn.execute(
        insert(t.redemption_reversals).values(
            shard=SHARD,
            redemption_id=redemption.redemption_id,
            reversed_at=now,
            person=person,
            reason=reason,
        )
    )
    await write_happened(conn, RETURNED, [redemption.redemption_id])
    return True


@dataclass(frozen=True, slots=True)
class Latest:
    """A redemption with what its coupon is called; a gift by its name."""

    redemption_id: int
    discount_minor: int
    name: str
    gift: str | None
    is_reversed: bool


_AMONG: Final = 2_000


async def load_latest(
    conn: AsyncConnection, *, person: str, store_id: str | None, since: int, limit: int
) -> list[Latest]:
    """Load the latest redemptions of a cashier in a store, among the newest of all.

    What lies further back than some thousands of others is left out: an index by
    person would cost each redemption more than this page is worth.
    """
    rows = await conn.execute(
        text(
            """
            SELECT r.redemption_id, r.discount_minor, p.name, p.gift,
                v.redemption_id IS NOT NULL AS is_reversed
            FROM (SELECT * FROM redemptions
                WHERE shard = 0 AND redemption_id >= :since
                ORDER BY redemption_id DESC LIMIT :among) AS r
            JOIN coupons AS c ON c.shard = 0 AND c.coupon_no = r.coupon_no
            JOIN coupon_pools AS p ON p.pool_no = c.pool_no
            LEFT JOIN redemption_reversals AS v
                ON v.shard = 0 AND v.redemption_id = r.redemption_id
            WHERE r.person = :person
                AND r.store_id IS NOT DISTINCT FROM CAST(:store_id AS text)
            ORDER BY r.redemption_id DESC LIMIT :limit
            """
        ),
        {
            "person": person,
            "store_id": store_id,
            "since": since,
            "among": _AMONG,
            "limit": limit,
        },
    )
    return [Latest(*row) for row in rows]
