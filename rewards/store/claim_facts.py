"""The SQL of how often members have claimed, counted while a campaign asks for it.

The count is a limit of each member's that belongs to nobody. A claim takes one of it
beside all that it earns, up to the place that it was planned to have: whoever claimed
meanwhile has filled it, and the claim is planned anew.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

import psycopg
from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.bounds import MAX_POINTS
from core.db import SHARD
from rewards import tables as t
from rewards.domain.campaigns import CampaignState
from rewards.domain.claim_facts import COUNTED_FACTS, asked_facts, read_when
from rewards.domain.limits import ALWAYS, Counts, Per

_IS_COUNTER: Final = and_(
    t.limits.c.campaign_no.is_(None),
    t.limits.c.pool_no.is_(None),
    t.limits.c.gift_no.is_(None),
    t.limits.c.draw_no.is_(None),
    t.limits.c.in_force,
)


async def keep_counting(conn: AsyncConnection, *, since: date) -> None:
    """Count from now on what campaigns ask for, or no longer; behind the fence.

    What is counted once more after a while begins with counts of its own, since nobody
    counted meanwhile.
    """
    c, v = t.campaigns.c, t.campaign_versions.c
    found = await conn.execute(
        select(v.terms["when"])
        .join_from(
            t.campaigns,
            t.campaign_versions,
            and_(v.campaign_no == c.campaign_no, v.version == c.active_version),
        )
        .where(
            c.state != CampaignState.STOPPED.value, v.terms["when"].astext.is_not(None)
        )
    )
    asked = {fact for when in found.scalars() for fact in asked_facts(read_when(when))}
    counter = await load_claim_counter(conn)
    if COUNTED_FACTS.isdisjoint(asked):
        if counter is not None:
            await conn.execute(
                update(t.limits).where(_IS_COUNTER).values(in_force=False)
            )
    elif counter is None:
        await conn.execute(
            insert(t.limits).values(
                per=Per.MEMBER.value,
                counts=Counts.CLAIMS.value,
                most=MAX_POINTS,
                since=since,
            )
        )


async def load_claim_counter(conn: AsyncConnection) -> int | None:
    """Load the number of the limit that counts claims; None while nobody asks."""
    found = await conn.execute(select(t.limits.c.limit_no).where(_IS_COUNTER))
    return found.scalar_one_or_none()


async def find_claim_count(
    conn: AsyncConnection, counter: int, member_no: int
) -> int | None:
    """Read how often a member has claimed; None for who is not counted yet."""
    u = t.limit_uses.c
    found = await conn.execute(
        select(u.used).where(
            u.shard == SHARD,
            u.limit_no == counter,
            u.holder == member_no,
            u.period == ALWAYS,
        )
    )
    return found.scalar_one_or_none()


_LOAD: Final = """
    SELECT holder, used FROM limit_uses
    WHERE shard = 0 AND limit_no = %b AND holder = ANY(%b::bigint[])
        AND period = date 'epoch'
"""
_BEGIN: Final = """
    INSERT INTO limit_uses (shard, limit_no, holder, period, used, most)
    SELECT 0, %b::integer, holder, date 'epoch', used, %b::bigint
    FROM unnest(%b::bigint[], %b::bigint[]) AS u (holder, used)
    ORDER BY holder
    ON CONFLICT (shard, limit_no, holder, period) DO NOTHING
"""


async def load_claim_counts(
    conn: psycopg.AsyncConnection[Any], counter: int, members: Collection[int]
) -> dict[int, int]:
    """Read how often members have claimed; who is not counted yet is left out."""
    rows = await conn.execute(_LOAD, (counter, list(members)))
    return dict(await rows.fetchall())


async def begin_claim_counts(
    conn: psycopg.AsyncConnection[Any], counter: int, counts: Mapping[int, int]
) -> None:
    """Begin to count members who have claimed so often; who is counted stays so."""
    values = (counter, MAX_POINTS, list(counts), list(counts.values()))
    await conn.execute(_BEGIN, values)
