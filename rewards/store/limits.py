"""The SQL of limits, and of what was taken of them."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.limits import Limit, Per


async def load_limits(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, list[Limit]]:
    """Load the limits of campaigns, those of all that is paid first."""
    return await _load_limits(conn, campaigns, t.limits.c.in_force)


async def load_all_limits(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, list[Limit]]:
    """Load the limits that campaigns have, and those that they had."""
    return await _load_limits(conn, campaigns)


async def _load_limits(
    conn: AsyncConnection, campaigns: Sequence[int], *which: ColumnElement[bool]
) -> dict[int, list[Limit]]:
    if not campaigns:
        return {}
    n = t.limits.c
    rows = await conn.execute(
        select(n.campaign_no, n.limit_no, n.per, n.most)
        .where(n.campaign_no.in_(campaigns), *which)
        .order_by(n.per != Per.TOTAL.value, n.limit_no)
    )
    found: dict[int, list[Limit]] = {}
    for row in rows:
        limit = Limit(row.limit_no, Per(row.per), row.most)
        found.setdefault(row.campaign_no, []).append(limit)
    return found


async def set_limits(
    conn: AsyncConnection,
    campaign_no: int,
    mosts: Mapping[Per, int],
    *,
    since: date,
) -> None:
    """Let a campaign have these limits and no others; behind the fence.

    What changes is counted exactly from the day after `since` on. Those that it had
    stay, for holds that took from them.
    """
    n = t.limits.c
    mine = n.campaign_no == campaign_no
    await conn.execute(
        update(t.limits)
        .where(mine, n.per.not_in([per.value for per in mosts]))
        .values(in_force=False)
    )
    for per, most in mosts.items():
        values = {"most": most, "since": since, "in_force": True}
        known = await conn.execute(
            select(n.most, n.in_force).where(mine, n.per == per.value)
        )
        row = known.one_or_none()
        if row is None:
            new = values | {"campaign_no": campaign_no, "per": per.value}
            await conn.execute(insert(t.limits).values(new))
        elif (row.most, row.in_force) != (most, True):
            await conn.execute(
                update(t.limits).where(mine, n.per == per.value).values(values)
            )


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
