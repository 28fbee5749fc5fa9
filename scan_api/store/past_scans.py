"""Scans as they are read later: by the member who made them, by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.ids import EPOCH_MS
from scan_api.store.kept_facts import KeptFacts, unpack_facts
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


async def find_earning_scans(
    conn: AsyncConnection, member_no: int, before: int, limit: int
) -> Sequence[int]:
    """List the numbers of a member's scans that earned something, newest first."""
    query = (
        select(scans.c.scan_id)
        .where(
            scans.c.shard == SHARD,
            scans.c.member_no == member_no,
            scans.c.outcome.in_(["rewarded", "held"]),
            scans.c.scan_id < before,
        )
        .order_by(scans.c.scan_id.desc())
        .limit(limit)
    )
    return (await conn.execute(query)).scalars().all()


async def load_held_scans(
    conn: AsyncConnection, member_no: int, *, limit: int
) -> list[RecordedScan]:
    """Read a member's newest scans whose rewards waited at first, newest first."""
    query = (
        _RECORDED.where(
            scans.c.shard == SHARD,
            scans.c.member_no == member_no,
            scans.c.outcome == "held",
        )
        .order_by(scans.c.scan_id.desc())
        .limit(limit)
    )
    return [RecordedScan(**row._mapping) for row in await conn.execute(query)]  # noqa: SLF001 - its public spelling


async def load_scan(conn: AsyncConnection, scan_id: int) -> RecordedScan | None:
    """Read one scan."""
    row = (await conn.execute(_RECORDED.where(is_scan_of(scan_id)))).one_or_none()
    return RecordedScan(**row._mapping) if row else None  # noqa: SLF001 - its public spelling


# Scans that were paid nothing are counted at most so many at once.
AT_ONCE: Final = 50_000
# And so many at once where each is looked at.
_JUDGED_AT_ONCE: Final = 10_000


_NTH: Final = text(
    """SELECT scan_id FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
    ORDER BY scan_id OFFSET :rows LIMIT 1"""
)
# A scan's number tells when it was made (core.ids).
_COUNT: Final = text(
    f"""SELECT campaign_no, CAST(to_timestamp(((scan_id >> 22) + {EPOCH_MS}) / 1000.0)
            AT TIME ZONE :timezone AS date) AS day, count(*) AS scans
    FROM scans WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
        AND outcome IN ('limit_reached', 'no_reward') AND campaign_no IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608 - a constant
)


async def count_unpaid(
    conn: AsyncConnection, after: int, upto: int, timezone: ZoneInfo
) -> tuple[int, list[tuple[int, date, int]]]:
    """Count some of the scans after one, up to another at most.

    Tells up to which it came, and how many by campaign_no and day.
    """
    span = {"after": after, "upto": upto}
    found = await conn.execute(_NTH, span | {"rows": AT_ONCE - 1})
    end = found.scalar_one_or_none() or upto
    rows = await conn.execute(
        _COUNT, {"after": after, "upto": end, "timezone": str(timezone)}
    )
    return end, [(row.campaign_no, row.day, row.scans) for row in rows]


_JUDGED: Final = text(
    """SELECT scan_id, outcome, facts FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
    ORDER BY scan_id LIMIT :limit"""
)


class KeptScan(NamedTuple):
    """A scan with what was kept of it."""

    scan_id: int
    outcome: str
    kept: KeptFacts


async def load_judged(
    conn: AsyncConnection, after: int, upto: int
) -> tuple[int, list[KeptScan]]:
    """Load some of the scans after one, up to another at most.

    Tells up to which it came.
    """
    span = {"after": after, "upto": upto, "limit": _JUDGED_AT_ONCE}
    rows = (await conn.execute(_JUDGED, span)).all()
    found = [
        KeptScan(row.scan_id, row.outcome, unpack_facts(row.facts)) for row in rows
    ]
    return rows[-1].scan_id if len(rows) == _JUDGED_AT_ONCE else upto, found
