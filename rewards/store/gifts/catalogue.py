"""The SQL of gifts that there are, with their limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, exists, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.gifts import Gift, NewGift
from rewards.domain.limits import ALWAYS, EVERYBODY, Limit, Per

# Each member claims a gift once.
_PER_MEMBER: Final = 1


async def insert_gift(conn: AsyncConnection, new: NewGift, *, now: datetime) -> None:
    """Add a gift with its stock; raises IntegrityError for an id that there is."""
    values = {
        "gift_id": new.gift_id,
        "name": new.name,
        "brand": new.brand,
        "conditions": None if new.when is None else dict(new.when),
        "created_at": now,
    }
    made = await conn.execute(
        insert(t.gifts).values(values).returning(t.gifts.c.gift_no)
    )
    gift_no = made.scalar_one()
    since = now.date() - timedelta(days=2)
    mosts = {Per.TOTAL: new.stock, Per.MEMBER: _PER_MEMBER}
    await conn.execute(
        insert(t.limits),
        [
            {"gift_no": gift_no, "per": per.value, "most": most, "since": since}
            for per, most in mosts.items()
        ],
    )


async def ensure_offer_gifts(
    conn: AsyncConnection,
    names: Mapping[int, str],
    *,
    brand: str | None,
    now: datetime,
) -> dict[int, int]:
    """Find or make the gifts of offers, by offer_no; gives gift_nos."""
    if not names:
        return {}
    g = t.gifts.c
    wanted = [
        {"offer_no": offer_no, "name": name, "brand": brand, "created_at": now}
        for offer_no, name in sorted(names.items())
    ]
    await conn.execute(
        upsert(t.gifts)
        .values(wanted)
        .on_conflict_do_nothing(constraint="one_gift_of_an_offer")
    )
    found = await conn.execute(
        select(g.offer_no, g.gift_no, g.name).where(g.offer_no.in_(names))
    )
    return {
        row.offer_no: row.gift_no for row in found if names[row.offer_no] == row.name
    }


async def load_offer_gifts(
    conn: AsyncConnection, offer_nos: Sequence[int]
) -> dict[tuple[int, str], int]:
    """Load the gifts of these offers; gives gift_nos by offer_no and name."""
    g = t.gifts.c
    rows = await conn.execute(
        select(g.offer_no, g.name, g.gift_no).where(g.offer_no.in_(offer_nos))
    )
    return {(row.offer_no, row.name): row.gift_no for row in rows}


async def find_gift(conn: AsyncConnection, gift_id: str) -> Gift | None:
    """Find a gift that members claim directly."""
    g, n = t.gifts.c, t.limits.c
    row = (
        await conn.execute(select(t.gifts).where(g.gift_id == gift_id))
    ).one_or_none()
    if row is None:
        return None
    # Members' limits come last: whoever has one is told so before all else.
    limits = await conn.execute(
        select(n.limit_no, n.per, n.most)
        .where(n.gift_no == row.gift_no)
        .order_by(n.per == Per.MEMBER.value)
    )
    return _read(row, tuple(Limit(no, Per(per), most) for no, per, most in limits))


def _read(row: Row[Any], limits: tuple[Limit, ...] = ()) -> Gift:
    return Gift(row.gift_no, row.gift_id, row.name, row.brand, row.conditions, limits)


@dataclass(frozen=True, slots=True)
class GiftFigures:
    """A gift with its stock, and how many were claimed of it."""

    gift: Gift
    stock: int
    claimed: int


async def list_gifts(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[GiftFigures]:
    """List the gifts of a brand that members claim directly, newest first."""
    g = t.gifts.c
    which: list[ColumnElement[bool]] = [g.gift_id.is_not(None)]
    if brand is not None:
        which.append(g.brand == brand)
    if before is not None:
        which.append(g.gift_no < before)
    return await _list(conn, *which, limit=limit)


async def list_claimable(
    conn: AsyncConnection, member_no: int | None, *, limit: int
) -> list[GiftFigures]:
    """List the gifts that are left and that a member has not claimed, newest first."""
    g, n, u, m = t.gifts.c, t.limits.c, t.limit_uses.c, t.member_gifts.c
    which = [
        g.gift_id.is_not(None),
        func.coalesce(u.used, 0) < n.most,
    ]
    if member_no is not None:
        which.append(
            ~exists().where(
                m.shard == SHARD,
                m.member_no == member_no,
                m.gift_no == g.gift_no,
                m.origin_id.is_(None),
            )
        )
    return await _list(conn, *which, limit=limit)


async def _list(
    conn: AsyncConnection, *which: ColumnElement[bool], limit: int
) -> list[GiftFigures]:
    g, n, u = t.gifts.c, t.limits.c, t.limit_uses.c
    rows = await conn.execute(
        select(t.gifts, n.most, func.coalesce(u.used, 0).label("used"))
        .join_from(
            t.gifts, t.limits, and_(n.gift_no == g.gift_no, n.per == Per.TOTAL.value)
        )
        .outerjoin(
            t.limit_uses,
            and_(
                u.shard == SHARD,
                u.limit_no == n.limit_no,
                u.holder == EVERYBODY,
                u.period == ALWAYS,
            ),
        )
        .where(*which)
        .order_by(g.gift_no.desc())
        .limit(limit)
    )
    return [GiftFigures(_read(row), row.most, row.used) for row in rows]
