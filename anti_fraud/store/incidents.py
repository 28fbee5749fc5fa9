"""The SQL of incidents: what happened to whom, how often, first and last."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t


async def report_incidents(
    conn: AsyncConnection, kind: str, subjects: Sequence[str], *, now: datetime
) -> None:
    """Raise incidents, or note that known ones were seen again."""
    for subject in sorted(set(subjects)):
        await conn.execute(
            upsert(t.incidents)
            .values(
                kind=kind,
                subject=subject,
                first_at=now,
                last_at=now,
                seen=subjects.count(subject),
            )
            .on_conflict_do_update(
                index_elements=["kind", "subject"],
                set_={
                    "last_at": now,
                    "seen": t.incidents.c.seen + subjects.count(subject),
                },
            )
        )
