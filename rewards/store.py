"""The SQL of rewards beside the scan's own transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain import Campaign, Hold, HoldReason, Resolution, Wallet

# A code_id is its epoch above this many bits of serial.
_SERIAL_BITS = 36

# Members are known outside by the subject of their tokens, inside by a number that the
# worker has chosen. A number whose name exists already is never used.
ENSURE_MEMBERS = """
    WITH made AS (
        INSERT INTO identities (shard, member_id, member_no)
        SELECT 0, id, no FROM unnest(%b::text[], %b::bigint[]) AS u (id, no)
        WHERE NOT EXISTS (
            SELECT FROM identities WHERE shard = 0 AND member_id = id)
        ORDER BY id
        ON CONFLICT (shard, member_id) DO NOTHING
        RETURNING member_id, member_no
    ), numbered AS (
        INSERT INTO members (shard, member_no, member_id, created_at)
        SELECT 0, member_no, member_id, now() FROM made
    )
    SELECT member_id, member_no FROM made
    UNION ALL
    SELECT member_id, member_no FROM identities
        WHERE shard = 0 AND member_id = ANY(%b::text[])
"""


def is_member(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Join `members` by the number of one."""
    return and_(t.members.c.shard == SHARD, t.members.c.member_no == number)


def is_hold_of(scan_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Join `holds` by the scan whose reward waits."""
    return and_(t.holds.c.shard == SHARD, t.holds.c.transfer_id == scan_id)


async def insert_campaign(
    conn: AsyncConnection,
    *,
    campaign_id: str,
    name: str,
    points: int,
    starts_at: datetime,
    ends_at: datetime | None,
    budget: int | None,
    daily_cap: int | None,
    brand: str | None = None,
    now: datetime,
) -> int:
    """Add a points campaign; the caller raises the range version for the workers."""
    campaign_no = (
        await conn.execute(
            insert(t.campaigns)
            .values(
                campaign_id=campaign_id,
                name=name,
                points=points,
                starts_at=starts_at,
                ends_at=ends_at,
                daily_cap=daily_cap,
                brand=brand,
                created_at=now,
            )
            .returning(t.campaigns.c.campaign_no)
        )
    ).scalar_one()
    await conn.execute(
        insert(t.campaign_budgets).values(campaign_no=campaign_no, budget=budget)
    )
    return int(campaign_no)


async def load_campaigns(
    conn: AsyncConnection, *, since: int = -1
) -> dict[str, Campaign]:
    """Load campaigns by id: all, or those that changed at a range version or after."""
    c, b = t.campaigns.c, t.campaign_budgets.c
    rows = await conn.execute(
        select(
            c.campaign_no,
            c.campaign_id,
            c.name,
            c.points,
            _readable(c.starts_at).label("starts_at"),
            case((c.ends_at.is_not(None), _readable(c.ends_at))).label("ends_at"),
            b.budget,
            c.daily_cap,
            c.brand,
        )
        .join_from(t.campaigns, t.campaign_budgets, b.campaign_no == c.campaign_no)
        .where(c.version >= since)
    )
    return {
        row.campaign_id: Campaign(**row._mapping)  # noqa: SLF001 - its public spelling
        for row in rows
    }


async def load_spent_campaigns(conn: AsyncConnection) -> frozenset[int]:
    """Load the numbers of the campaigns whose budget pays no more claim."""
    c, b = t.campaigns.c, t.campaign_budgets.c
    rows = await conn.execute(
        select(b.campaign_no)
        .join_from(t.campaign_budgets, t.campaigns, c.campaign_no == b.campaign_no)
        .where(b.budget - b.spent < c.points)
    )
    return frozenset(rows.scalars())


async def load_earned(
    conn: AsyncConnection, *, member_id: str, campaign_no: int, day: date
) -> int:
    """Read what a member has earned of a campaign on a day, or on a later one."""
    d, i = t.daily_earnings.c, t.identities.c
    earned = await conn.execute(
        select(d.earned)
        .join_from(t.daily_earnings, t.identities, i.member_no == d.member_no)
        .where(
            i.shard == SHARD,
            i.member_id == member_id,
            d.campaign_no == campaign_no,
            d.day >= day,
        )
    )
    return int(earned.scalar_one_or_none() or 0)


def _readable(moment: Column[datetime]) -> ColumnElement[datetime]:
    """Bring a moment within the years that Python knows; infinity is one as well."""
    after_all = func.timestamptz("9990-01-01 00:00:00+00")
    return func.least(
        func.greatest(moment, func.timestamptz("0010-01-01 00:00:00+00")), after_all
    )


async def load_wallet(conn: AsyncConnection, member_id: str) -> Wallet:
    """Read a member's balance; nothing yet is an empty wallet."""
    b, i = t.balances.c, t.identities.c
    row = (
        await conn.execute(
            select(b.available, b.pending)
            .join_from(t.balances, t.identities, i.member_no == b.member_no)
            .where(i.shard == SHARD, i.member_id == member_id)
        )
    ).one_or_none()
    return Wallet(row.available, row.pending) if row else Wallet(0, 0)


async def load_open_holds(
    conn: AsyncConnection, *, frozen_epochs: Sequence[int], limit: int
) -> list[Hold]:
    """Lock the oldest holds that wait for no person and that nobody else works on.

    Rewards of an epoch that is still frozen go on waiting.
    """
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.code_id, h.member_no, h.amount, h.reason)
        .where(
            h.shard == SHARD,
            h.reason.in_([HoldReason.SIGNALS.value, HoldReason.EPOCH.value]),
            h.resolution.is_(None),
            h.code_id.op(">>")(cast(_SERIAL_BITS, Integer)).not_in(frozen_epochs),
        )
        .order_by(h.transfer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        Hold(
            row.transfer_id,
            row.code_id,
            row.member_no,
            row.amount,
            HoldReason(row.reason),
        )
        for row in rows
    ]


async def keep_for_review(conn: AsyncConnection, transfer_ids: Sequence[int]) -> None:
    """Leave holds to a person: the rules, asked again, still say hold."""
    await conn.execute(
        update(t.holds)
        .where(t.holds.c.shard == SHARD, t.holds.c.transfer_id.in_(transfer_ids))
        .values(reason=HoldReason.RULES.value)
    )


_END_HOLDS = text(
    """
    UPDATE holds AS h SET resolution = :resolution, resolved_at = :now
    FROM unnest(CAST(:transfer_ids AS bigint[]), CAST(:new_ids AS bigint[]))
        AS u (transfer_id, new_id)
    WHERE h.shard = 0 AND h.transfer_id = u.transfer_id AND h.resolution IS NULL
    RETURNING u.new_id, h.transfer_id, h.member_no, h.campaign_no, h.amount, h.day
    """
)

_GIVE_CAP_BACK = text(
    """
    UPDATE daily_earnings SET earned = earned - :amount
    WHERE member_no = :member_no AND campaign_no = :campaign_no AND day = :day
    """
)

_SETTLE = text(
    """
    UPDATE balances SET pending = pending - :amount,
        available = available
            + CASE :resolution WHEN 'posted' THEN :amount ELSE 0 END
    WHERE member_no = :member_no
    """
)


async def resolve_holds(
    conn: AsyncConnection,
    holds: Sequence[Hold],
    *,
    new_ids: Sequence[int],
    resolution: Resolution,
    now: datetime,
) -> int:
    """Post or void held rewards; one that was resolved before stays as it is.

    A voided reward gives its points back to the campaign's budget and to the member's
    cap of that day. `new_ids` are the transfer_ids to use. Returns how many. Locks are
    taken in the order of the hot statement: earnings, balances, budgets.
    """
    rows = await conn.execute(
        _END_HOLDS,
        {
            "transfer_ids": [h.transfer_id for h in holds],
            "new_ids": list(new_ids),
            "resolution": resolution.value,
            "now": now,
        },
    )
    ended = [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public spelling
    if not ended:
        return 0
    ended.sort(key=lambda hold: (hold["member_no"], hold["campaign_no"]))
    if resolution is Resolution.VOIDED:
        await conn.execute(_GIVE_CAP_BACK, ended)
    await conn.execute(
        _SETTLE, [hold | {"resolution": resolution.value} for hold in ended]
    )
    if resolution is Resolution.VOIDED:
        await _give_budget_back(conn, ended)
    await conn.execute(
        insert(t.transfers),
        [
            {
                "shard": SHARD,
                "origin_id": hold["transfer_id"],
                "transfer_id": hold["new_id"],
                "kind": "post" if resolution is Resolution.POSTED else "void",
                "debit_account": hold["campaign_no"],
                "credit_account": hold["member_no"],
                "amount": hold["amount"],
            }
            for hold in ended
        ],
    )
    return len(ended)


async def _give_budget_back(
    conn: AsyncConnection, ended: Sequence[dict[str, Any]]
) -> None:
    totals: dict[int, int] = {}
    for hold in ended:
        campaign_no = hold["campaign_no"]
        totals[campaign_no] = totals.get(campaign_no, 0) + hold["amount"]
    for campaign_no, total in sorted(totals.items()):
        await conn.execute(
            update(t.campaign_budgets)
            .where(t.campaign_budgets.c.campaign_no == campaign_no)
            .values(spent=t.campaign_budgets.c.spent - total)
        )
