"""The SQL of cases that resolve themselves."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import Case, CaseState
from anti_fraud.store.cases.working import read_case


async def lock_light(
    conn: AsyncConnection,
    settings: CaseSettings,
    *,
    quiet_since: datetime,
    now: datetime,
    limit: int,
) -> list[Case]:
    """Lock open cases of little worth, no weighty rule, and no scan for a while.

    Those that somebody works on, has put off or has decided once are theirs; one with
    a scan that no rule explains waits for a person.
    """
    c = t.cases.c
    rows = await conn.execute(
        select(t.cases)
        .where(
            ~c.is_over,
            c.state == CaseState.OPEN.value,
            c.points < settings.resolve_below_points,
            c.minor == 0,
            c.others == 0,
            c.heaviest < settings.weighty_score,
            c.unexplained == 0,
            c.collects,
            c.last_at <= quiet_since,
            c.assigned_until.is_(None) | (c.assigned_until <= now),
            c.snoozed_until.is_(None),
        )
        .order_by(c.case_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [read_case(row) for row in rows]
