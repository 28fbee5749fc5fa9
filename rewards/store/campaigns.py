"""The SQL of campaigns."""

from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    case,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.campaigns import Campaign, NewCampaign
from rewards.domain.limits import ALWAYS, EVERYBODY, Per
from rewards.store.limits import load_limits


async def insert_campaign(
    conn: AsyncConnection, new: NewCampaign, *, now: datetime
) -> int:
    """Add a points campaign; the caller raises the range version for the workers."""
    campaign_no = (
        await conn.execute(
            insert(t.campaigns)
            .values(
                campaign_id=new.campaign_id,
                name=new.name,
                points=new.points,
                starts_at=new.starts_at,
                ends_at=new.ends_at,
                daily_cap=new.daily_cap,
                brand=new.brand,
                created_at=now,
            )
            .returning(t.campaigns.c.campaign_no)
        )
    ).scalar_one()
    mosts = {Per.TOTAL: new.budget, Per.MEMBER_DAY: new.daily_cap}
    limits = [
        {
            "campaign_no": campaign_no,
            "per": per.value,
            "most": most,
            "since": now.date() - timedelta(days=2),
        }
        for per, most in mosts.items()
        if most is not None
    ]
    if limits:
        await conn.execute(insert(t.limits), limits)
    return int(campaign_no)


async def load_campaigns(
    conn: AsyncConnection, *, since: int = -1
) -> dict[str, Campaign]:
    """Load campaigns by id: all, or those that changed at a range version or after."""
    c = t.campaigns.c
    found = await conn.execute(
        select(
            c.campaign_no,
            c.campaign_id,
            c.name,
            c.points,
            _readable(c.starts_at).label("starts_at"),
            case((c.ends_at.is_not(None), _readable(c.ends_at))).label("ends_at"),
            c.brand,
        ).where(c.version >= since)
    )
    rows = found.all()
    limits = await load_limits(conn, [row.campaign_no for row in rows])
    return {
        row.campaign_id: Campaign(
            **row._mapping,  # noqa: SLF001 - its public spelling
            limits=tuple(limits.get(row.campaign_no, ())),
        )
        for row in rows
    }


async def load_spent_campaigns(conn: AsyncConnection) -> frozenset[int]:
    """Load the numbers of the campaigns whose budget pays no more claim."""
    c, n, u = t.campaigns.c, t.limits.c, t.limit_uses.c
    of_all = and_(
        u.shard == SHARD,
        u.limit_no == n.limit_no,
        u.holder == EVERYBODY,
        u.period == ALWAYS,
    )
    rows = await conn.execute(
        select(n.campaign_no)
        .join_from(t.limits, t.campaigns, c.campaign_no == n.campaign_no)
        .outerjoin(t.limit_uses, of_all)
        .where(n.per == Per.TOTAL.value, n.most - func.coalesce(u.used, 0) < c.points)
    )
    return frozenset(rows.scalars())


def _readable(moment: Column[datetime]) -> ColumnElement[datetime]:
    """Bring a moment within the years that Python knows; infinity is one as well."""
    after_all = func.timestamptz("9990-01-01 00:00:00+00")
    return func.least(
        func.greatest(moment, func.timestamptz("0010-01-01 00:00:00+00")), after_all
    )
