"""The SQL of redemptions and of what was taken back of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.coupons import CouponState


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
        "redemptions": [each.redemption_id for each in new],
        "coupons": [each.coupon_no for each in new],
        "discounts": [each.discount_minor for each in new],
        "baskets": [each.basket_minor for each in new],
        "stores": [each.store_id for each in new],
        "persons": [each.person for each in new],
        "orders": [each.order_ref for each in new],
    }
    won: list[bool] = (await conn.execute(_REDEEM, values)).scalar_one()
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
    return True
