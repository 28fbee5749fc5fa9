"""Scans as they are read later: by the member who made them, by staff."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards.store.ledger import is_hold_of
from rewards.store.members import is_member
from rewards.tables import holds, identities, members
from scan_api.store.keys import is_scan_of
from scan_api.tables import scans


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A scan as it was written down, and what became of its hold, if it had one."""

    scan_id: int
    code_id: int
    outcome: str
    points: int
    was_held: bool
    resolution: str | None
    facts: bytes
    member_id: str | None


async def load_member_scans(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> list[RecordedScan]:
    """Read a member's scans, newest first, below the cursor `before`."""
    query = (
        select(*_RECORDED, identities.c.member_id)
        .join_from(scans, identities, identities.c.member_no == scans.c.member_no)
        .outerjoin(holds, is_hold_of(scans.c.scan_id))
        .where(
            scans.c.shard == SHARD,
            identities.c.shard == SHARD,
            identities.c.member_id == member_id,
        )
        .order_by(scans.c.scan_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(scans.c.scan_id < before)
    return [RecordedScan(**row._mapping) for row in await conn.execute(query)]  # noqa: SLF001 - its public spelling


async def load_scan(conn: AsyncConnection, scan_id: int) -> RecordedScan | None:
    """Read one scan with its member's id."""
    row = (
        await conn.execute(
            select(*_RECORDED, members.c.member_id)
            .outerjoin_from(scans, members, is_member(scans.c.member_no))
            .outerjoin(holds, is_hold_of(scans.c.scan_id))
            .where(is_scan_of(scan_id))
        )
    ).one_or_none()
    return RecordedScan(**row._mapping) if row else None  # noqa: SLF001 - its public spelling


_RECORDED = (
    scans.c.scan_id,
    scans.c.code_id,
    scans.c.outcome,
    scans.c.points,
    scans.c.facts,
    holds.c.resolution,
    holds.c.transfer_id.is_not(None).label("was_held"),
)
