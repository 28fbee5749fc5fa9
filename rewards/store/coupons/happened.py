"""What happened to coupons, told from their rows when somebody reads; never a code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.event_types import EventType, Happening

# The kinds of rows of the outbox that number coupons which were issued, redemptions,
# and redemptions that were taken back.
ISSUED: Final = "coupons"
REDEEMED: Final = "redemptions"
RETURNED: Final = "redemption_reversals"

# Rows are found one by one: joined, a planner without statistics reads all of a shard.
_TELL_ISSUED: Final = text(
    """
    SELECT c.coupon_no, c.valid_from, c.valid_until, p.pool_id, m.member_id
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM coupons
        WHERE shard = 0 AND coupon_no = u.id OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = c.member_no OFFSET 0) AS m
    JOIN coupon_pools AS p ON p.pool_no = c.pool_no
    """
)
_TELL_REDEEMED: Final = text(
    """
    SELECT r.redemption_id, r.coupon_no, r.discount_minor, r.store_id, r.order_ref,
        p.pool_id, m.member_id
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM redemptions
        WHERE shard = 0 AND redemption_id = u.id OFFSET 0) AS r
    CROSS JOIN LATERAL (SELECT member_no, pool_no FROM coupons
        WHERE shard = 0 AND coupon_no = r.coupon_no OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = c.member_no OFFSET 0) AS m
    JOIN coupon_pools AS p ON p.pool_no = c.pool_no
    """
)


async def tell_issued(
    conn: AsyncConnection, coupon_nos: Sequence[int]
) -> dict[int, Happening]:
    """Tell of coupons that were issued, by number."""
    rows = await conn.execute(_TELL_ISSUED, {"ids": write_numbers(coupon_nos)})
    return {
        row.coupon_no: Happening(
            EventType.COUPON_ISSUED,
            _whose(row)
            | {
                "valid_from": _moment(row.valid_from),
                "valid_until": _moment(row.valid_until),
            },
        )
        for row in rows
    }


async def tell_redeemed(
    conn: AsyncConnection, redemption_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell of coupons that were used, by the number of the redemption."""
    rows = await conn.execute(_TELL_REDEEMED, {"ids": write_numbers(redemption_ids)})
    return {
        row.redemption_id: Happening(
            EventType.COUPON_REDEEMED,
            _whose(row)
            | {
                "redemption_id": str(row.redemption_id),
                "discount_minor": row.discount_minor,
                "store_id": row.store_id,
                "order_ref": row.order_ref,
            },
        )
        for row in rows
    }


async def tell_returned(
    conn: AsyncConnection, redemption_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell of redemptions that were taken back, by their number."""
    rows = await conn.execute(_TELL_REDEEMED, {"ids": write_numbers(redemption_ids)})
    return {
        row.redemption_id: Happening(
            EventType.COUPON_RETURNED,
            _whose(row) | {"redemption_id": str(row.redemption_id)},
        )
        for row in rows
    }


def _whose(row: Any) -> dict[str, Any]:
    return {
        "coupon_id": str(row.coupon_no),
        "pool_id": row.pool_id,
        "member_id": row.member_id,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
