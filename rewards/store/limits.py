"""The SQL of limits, and of what was taken of them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.limits import Limit, Per


async def load_limits(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, list[Limit]]:
    """Load the limits of campaigns, those of all that is paid first."""
    if not campaigns:
        return {}
    n = t.limits.c
    rows = await conn.execute(
        select(n.campaign_no, n.limit_no, n.per, n.most)
        .where(n.campaign_no.in_(campaigns))
        .order_by(n.per != Per.TOTAL.value, n.limit_no)
    )
    found: dict[int, list[Limit]] = {}
    for row in rows:
        limit = Limit(row.limit_no, Per(row.per), row.most)
        found.setdefault(row.campaign_no, []).append(limit)
    return found


async def load_earned(
    conn: AsyncConnection, *, member_id: str, cap: Limit, day: date
) -> int:
    """Read what a member has had of a daily cap on a day."""
    u, i = t.limit_uses.c, t.identities.c
    earned = await conn.execute(
        select(u.used)
        .join_from(t.limit_uses, t.identities, i.member_no == u.holder)
        .where(
            i.shard == SHARD,
            i.member_id == member_id,
            u.shard == SHARD,
            u.limit_no == cap.limit_no,
            u.period == day,
        )
    )
    return int(earned.scalar_one_or_none() or 0)


BLOCKS_AT_ONCE = 2_000

_FORGET_USES = text(
    """
    WITH gone AS (DELETE FROM limit_uses WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM limit_uses
        WHERE ctid >= CAST(format('(%s,0)', CAST(:first AS bigint)) AS tid)
            AND ctid < CAST(format('(%s,0)', CAST(:end AS bigint)) AS tid)
            AND shard = 0 AND period > date 'epoch' AND period < :before
        FOR UPDATE SKIP LOCKED)))
    SELECT pg_relation_size('limit_uses') / current_setting('block_size')::integer
    """
)


async def forget_uses(
    conn: AsyncConnection, *, before: date, first_block: int
) -> int | None:
    """Remove old days from a stretch of the table; tells at which block to go on.

    None at its end. An index by day would cost each scan more than reading costs a day.
    """
    end = first_block + BLOCKS_AT_ONCE
    values = {"first": first_block, "end": end, "before": before}
    blocks = (await conn.execute(_FORGET_USES, values)).scalar_one()
    return end if end < blocks else None
