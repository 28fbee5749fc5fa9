"""The SQL of wrong guesses: reports of how many came, with samples."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t

# More than all workers write in a minute.
_MOST_REPORTS: Final = 5_000
# People look at samples while a flood is an incident, not a month later.
_KEPT: Final = timedelta(days=30)
_FORGOTTEN_AT_ONCE: Final = 5_000


class GuessSample(msgspec.Struct, frozen=True):
    """One of the wrong guesses, for people to look at; its code is masked."""

    at: datetime
    code: str
    channel: str


async def report_invalid(
    conn: AsyncConnection,
    *,
    seen: int,
    throttled: int,
    samples: Sequence[GuessSample],
    now: datetime,
) -> None:
    """Write down how many invalid codes came since the last report, with samples."""
    await conn.execute(
        insert(t.invalid_reports).values(
            at=now,
            seen=seen,
            throttled=throttled,
            samples=msgspec.to_builtins(samples),
        )
    )


async def count_invalid(conn: AsyncConnection, *, since: datetime) -> int:
    """Add up how many invalid codes all workers reported since a moment."""
    r = t.invalid_reports.c
    newest = (
        select(r.at, (r.seen + r.throttled).label("codes"))
        .order_by(r.report_id.desc())
        .limit(_MOST_REPORTS)
        .subquery()
    )
    counted = func.coalesce(func.sum(newest.c.codes), 0)
    found = await conn.execute(select(counted).where(newest.c.at > since))
    return int(found.scalar_one())


async def forget_invalid(conn: AsyncConnection, *, now: datetime) -> int:
    """Forget some of the reports that are a month old; tells how many."""
    r = t.invalid_reports.c
    old = (
        select(r.report_id)
        .where(r.at < now - _KEPT)
        .order_by(r.report_id)
        .limit(_FORGOTTEN_AT_ONCE)
    )
    gone = await conn.execute(delete(t.invalid_reports).where(r.report_id.in_(old)))
    return int(gone.rowcount)
