"""The SQL of rewards beside the scan's own transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards import tables as t
from rewards.domain import Campaign, Hold, HoldReason, Resolution, Wallet

# Members are known outside by the subject of their tokens, inside by a number.
ENSURE_MEMBERS = """
    WITH made AS (
        INSERT INTO members (member_id, created_at)
        SELECT id, now() FROM unnest(%b::text[]) AS id
        WHERE NOT EXISTS (SELECT FROM members WHERE member_id = id)
        ORDER BY id
        ON CONFLICT (member_id) DO NOTHING
        RETURNING member_id, member_no
    )
    SELECT member_id, member_no FROM made
    UNION ALL
    SELECT member_id, member_no FROM members WHERE member_id = ANY(%b::text[])
"""


async def find_member_no(conn: AsyncConnection, member_id: str) -> int | None:
    """Find a member's number; None before its first scan."""
    return (
        await conn.execute(
            select(t.members.c.member_no).where(t.members.c.member_id == member_id)
        )
    ).scalar_one_or_none()


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
                created_at=now,
            )
            .returning(t.campaigns.c.campaign_no)
        )
    ).scalar_one()
    await conn.execute(
        insert(t.campaign_budgets).values(campaign_no=campaign_no, budget=budget)
    )
    return int(campaign_no)


async def load_campaigns(conn: AsyncConnection) -> dict[str, Campaign]:
    """Load all campaigns by id."""
    c, b = t.campaigns.c, t.campaign_budgets.c
    rows = await conn.execute(
        select(
            c.campaign_no,
            c.campaign_id,
            c.name,
            c.points,
            c.starts_at,
            c.ends_at,
            b.budget,
            c.daily_cap,
        ).join_from(t.campaigns, t.campaign_budgets, b.campaign_no == c.campaign_no)
    )
    return {
        row.campaign_id: Campaign(**row._mapping)  # noqa: SLF001 - its public spelling
        for row in rows
    }


async def load_wallet(conn: AsyncConnection, member_id: str) -> Wallet:
    """Read a member's balance; nothing yet is an empty wallet."""
    b = t.balances.c
    row = (
        await conn.execute(
            select(b.available, b.pending)
            .join_from(t.balances, t.members, t.members.c.member_no == b.member_no)
            .where(t.members.c.member_id == member_id)
        )
    ).one_or_none()
    return Wallet(row.available, row.pending) if row else Wallet(0, 0)


async def load_open_holds(
    conn: AsyncConnection, reason: HoldReason, *, limit: int
) -> list[Hold]:
    """Lock the oldest open holds that nobody else is working on."""
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.code_id, h.member_no, h.amount)
        .where(h.reason == reason.value, h.resolution.is_(None))
        .order_by(h.transfer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        Hold(row.transfer_id, row.code_id, row.member_no, row.amount, reason)
        for row in rows
    ]


async def keep_for_review(conn: AsyncConnection, transfer_ids: Sequence[int]) -> None:
    """Leave holds to a person: the rules, asked again, still say hold."""
    await conn.execute(
        update(t.holds)
        .where(t.holds.c.transfer_id.in_(transfer_ids))
        .values(reason=HoldReason.RULES.value)
    )


_RESOLVE = text(
    """
    WITH asked AS (
        SELECT transfer_id, new_id
        FROM unnest(CAST(:transfer_ids AS bigint[]), CAST(:new_ids AS bigint[]))
            AS u (transfer_id, new_id)
    ), done AS (
        UPDATE holds AS h SET resolution = :resolution, resolved_at = :now
        FROM asked WHERE h.transfer_id = asked.transfer_id AND h.resolution IS NULL
        RETURNING asked.new_id, h.transfer_id, h.member_no, h.campaign_no, h.amount,
            h.day
    ), moved AS (
        INSERT INTO transfers (transfer_id, kind, debit_account, credit_account, amount,
            pending_id)
        SELECT new_id, CASE :resolution WHEN 'posted' THEN 'post' ELSE 'void' END,
            campaign_no, member_no, amount, transfer_id
        FROM done
    ), summed AS (
        SELECT member_no, sum(amount) AS amount FROM done GROUP BY member_no
    ), locked AS (
        -- Balances are locked in the order that scans lock them in.
        SELECT b.member_no FROM balances AS b JOIN summed USING (member_no)
        ORDER BY b.member_no FOR UPDATE
    ), settled AS (
        UPDATE balances AS b SET
            pending = b.pending - s.amount,
            available = b.available
                + CASE :resolution WHEN 'posted' THEN s.amount ELSE 0 END
        FROM summed AS s JOIN locked USING (member_no)
        WHERE b.member_no = s.member_no
    )
    SELECT campaign_no, member_no, day, amount FROM done
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
    cap of that day. `new_ids` are the transfer_ids to use. Returns how many.
    """
    rows = (
        await conn.execute(
            _RESOLVE,
            {
                "transfer_ids": [h.transfer_id for h in holds],
                "new_ids": list(new_ids),
                "resolution": resolution.value,
                "now": now,
            },
        )
    ).all()
    if resolution is Resolution.VOIDED:
        for row in sorted(rows, key=lambda r: (r.member_no, r.campaign_no)):
            await conn.execute(
                update(t.daily_earnings)
                .where(
                    t.daily_earnings.c.member_no == row.member_no,
                    t.daily_earnings.c.campaign_no == row.campaign_no,
                    t.daily_earnings.c.day == row.day,
                )
                .values(earned=t.daily_earnings.c.earned - row.amount)
            )
        totals: dict[int, int] = {}
        for row in rows:
            totals[row.campaign_no] = totals.get(row.campaign_no, 0) + row.amount
        for campaign_no, total in sorted(totals.items()):
            await conn.execute(
                update(t.campaign_budgets)
                .where(t.campaign_budgets.c.campaign_no == campaign_no)
                .values(spent=t.campaign_budgets.c.spent - total)
            )
    return len(rows)
