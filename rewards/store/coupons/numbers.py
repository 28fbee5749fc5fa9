"""The SQL of coupons' numbers."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards import tables as t


async def load_next_no(conn: AsyncConnection, epoch: int) -> int:
    """Read the next number of an epoch; 0 while it has none."""
    found = await conn.execute(
        select(t.coupon_numbers.c.next_no).where(t.coupon_numbers.c.epoch == epoch)
    )
    return found.scalar_one_or_none() or 0


async def set_next_no(conn: AsyncConnection, epoch: int, next_no: int) -> None:
    """Record how far the numbers of an epoch are taken."""
    new = insert(t.coupon_numbers).values(epoch=epoch, next_no=next_no)
    await conn.execute(
        new.on_conflict_do_update(
            index_elements=["epoch"], set_={"next_no": new.excluded.next_no}
        )
    )
