"""Scans as they are read later: by the member who made them, by staff."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from scan_api.store.keys import is_scan_of
from scan_api.tables import scans


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A scan as it was written down."""

    scan_id: int
    code_id: int
    member_no: int | None
    outcome: str
    points: int
    facts: bytes


_RECORDED = select(
    scans.c.scan_id,
    scans.c.code_id,
    scans.c.member_no,
    scans.c.outcome,
    scans.c.points,
    scans.c.facts,
)


async def load_member_scans(
    conn: AsyncConnection, member_no: int, *, before: int | None, limit: int
) -> list[RecordedScan]:
    """Read a member's scans, newest first, below the cursor `before`."""
    query = (
        _RECORDED.where(scans.c.shard == SHARD, scans.c.member_no == member_no)
        .order_by(scans.c.scan_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(scans.c.scan_id < before)
    return [RecordedScan(**row._mapping) for row in await conn.execute(query)]  # noqa: SLF001 - its public spelling


async def load_scan(conn: AsyncConnection, scan_id: int) -> RecordedScan | None:
    """Read one scan."""
    row = (await conn.execute(_RECORDED.where(is_scan_of(scan_id)))).one_or_none()
    return RecordedScan(**row._mapping) if row else None  # noqa: SLF001 - its public spelling
