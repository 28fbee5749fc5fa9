"""The SQL of how far jobs have read the scans."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t


async def lock_mark(conn: AsyncConnection, job: str) -> int | None:
    """Lock how far a job has read; None while another process is at it."""
    m = t.background_marks.c
    found = await conn.execute(
        select(m.scan_id).where(m.name == job).with_for_update(skip_locked=True)
    )
    return found.scalar_one_or_none()


async def set_mark(
    conn: AsyncConnection, job: str, scan_id: int, *, changed: int, now: datetime
) -> None:
    """Note how far a job has read, and by 1 that workers have something to hear of."""
    m = t.background_marks.c
    await conn.execute(
        update(t.background_marks)
        .where(m.name == job)
        .values(scan_id=scan_id, version=m.version + changed, counted_at=now)
    )


async def raise_version(conn: AsyncConnection, job: str) -> None:
    """Note that workers have something to hear of, however far a job has read."""
    m = t.background_marks.c
    await conn.execute(
        update(t.background_marks).where(m.name == job).values(version=m.version + 1)
    )


async def load_version(conn: AsyncConnection, job: str) -> tuple[int, datetime | None]:
    """Tell how often what a job finds has changed, and when it looked last."""
    m = t.background_marks.c
    found = await conn.execute(select(m.version, m.counted_at).where(m.name == job))
    version, counted_at = found.one()
    return version, counted_at


async def load_times(conn: AsyncConnection) -> dict[str, datetime | None]:
    """Tell by job when it looked last."""
    m = t.background_marks.c
    rows = await conn.execute(select(m.name, m.counted_at))
    return {row.name: row.counted_at for row in rows}
