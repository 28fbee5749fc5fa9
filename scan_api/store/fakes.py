"""The SQL of reports of suspected fakes."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.ids import first_id_at
from scan_api.domain.fakes import FakeReport
from scan_api.tables import scans, suspected_fakes

_HOUR_MS = 3_600_000
_FIELDS = (
    *("report_id", "reference", "code_id", "seen", "brand", "place", "note"),
    "language",
)


async def count_reports(conn: AsyncConnection, *, now_ms: int) -> int:
    """Count the reports of the last hour."""
    r = suspected_fakes.c
    counted = await conn.execute(
        select(func.count()).where(
            r.shard == SHARD, r.report_id >= first_id_at(now_ms - _HOUR_MS)
        )
    )
    return int(counted.scalar_one())


async def insert_report(conn: AsyncConnection, report: FakeReport) -> None:
    """Write a report down; one that was sent twice stands once."""
    values = {name: getattr(report, name) for name in _FIELDS}
    await conn.execute(
        insert(suspected_fakes).values(**values).on_conflict_do_nothing()
    )


async def list_reports(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[FakeReport]:
    """List reports, newest first; of one brand unless it is None."""
    r = suspected_fakes.c
    query = (
        select(*(r[name] for name in _FIELDS))
        .where(r.shard == SHARD)
        .order_by(r.report_id.desc())
        .limit(limit)
    )
    if brand is not None:
        query = query.where(r.brand == brand)
    if before is not None:
        query = query.where(r.report_id < before)
    rows = await conn.execute(query)
    return [FakeReport(**row._mapping) for row in rows]  # noqa: SLF001 - its public spelling


async def find_report(
    conn: AsyncConnection, reference: str, *, brand: str | None
) -> FakeReport | None:
    """Find a report by its reference, within one brand unless it is None."""
    r = suspected_fakes.c
    query = select(*(r[name] for name in _FIELDS)).where(
        r.shard == SHARD, r.reference == reference
    )
    if brand is not None:
        query = query.where(r.brand == brand)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else FakeReport(**row._mapping)  # noqa: SLF001 - its public spelling


async def find_scanned_code(conn: AsyncConnection, scan_id: int) -> int | None:
    """Find the code_id of a scan."""
    found = await conn.execute(
        select(scans.c.code_id).where(
            scans.c.shard == SHARD, scans.c.scan_id == scan_id
        )
    )
    return found.scalar_one_or_none()
