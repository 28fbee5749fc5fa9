"""The SQL of printer_export."""

from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.tables import code_exports


async def lock_exports(conn: AsyncConnection, batch_id: int) -> int:
    """Let one export of a batch run at a time; returns how many there were."""
    await conn.execute(
        text("SELECT pg_advisory_xact_lock(4344, CAST(:batch_id AS int))"),
        {"batch_id": batch_id % (1 << 31)},
    )
    return int(
        (
            await conn.execute(
                select(func.count()).where(code_exports.c.batch_id == batch_id)
            )
        ).scalar_one()
    )


async def insert_export(
    conn: AsyncConnection,
    *,
    batch_id: int,
    preset: str,
    rows: int,
    sha256: str,
    person: str,
    now: datetime,
) -> None:
    """Record that a batch's codes left the system."""
    await conn.execute(
        insert(code_exports).values(
            batch_id=batch_id,
            preset=preset,
            rows=rows,
            sha256=sha256,
            person=person,
            at=now,
        )
    )
