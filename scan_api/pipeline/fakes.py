"""Suspected fakes: how many may be reported, by whom, and who reads the reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.domain.keys import EpochKeys
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code, seal_code
from core.auth import Role, Staff
from core.clock import utc_datetime
from core.errors import Throttled
from core.ids import time_of_id
from core.pages.guard import HOME
from core.redis import PackedBatch, RedisAway, RedisClient
from scan_api.domain.fakes import (
    ALL_AN_HOUR,
    MAX_SEEN,
    MOST_AN_HOUR,
    FakeReport,
    read_reference,
    show_reference,
)
from scan_api.domain.messages import message
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store import fakes as store

READERS: Final = (Role.ANALYST, Role.SUPPORT)
_HOUR_S = 3_600

log = structlog.get_logger(logger_name=__name__)


class TooManyReports(Throttled):
    """Enough reports came from there for now."""


class FakeReportView(msgspec.Struct, frozen=True):
    """A report; `seen` is what was read, and null when the code is one of ours."""

    reference: str
    at: datetime
    is_ours: bool
    seen: str | None
    brand: str | None
    place: str
    note: str
    language: str


def view_report(report: FakeReport) -> FakeReportView:
    """Show a report."""
    return FakeReportView(
        show_reference(report.reference),
        utc_datetime(time_of_id(report.report_id)),
        report.code_id is not None,
        report.seen,
        report.brand,
        report.place,
        report.note,
        report.language,
    )


async def list_reports(
    conn: AsyncConnection, staff: Staff, *, before: int | None = None, limit: int
) -> list[FakeReport]:
    """List the reports within the caller's scope, newest first."""
    return await store.list_reports(conn, brand=staff.brand, before=before, limit=limit)


async def find_report(
    conn: AsyncConnection, typed: str, staff: Staff
) -> FakeReport | None:
    """Find a report within the caller's scope by its reference as somebody typed it."""
    reference = read_reference(typed)
    if reference is None:
        return None
    return await store.find_report(conn, reference, brand=staff.brand)


async def find_code_of_scan(
    conn: AsyncConnection, keys: EpochKeys, scan_id: int
) -> str | None:
    """Write the code of a scan; None without one, or without the key of its epoch."""
    code_id = await store.find_scanned_code(conn, scan_id)
    return None if code_id is None else seal_code(keys, code_id)


@dataclass(frozen=True, slots=True)
class ToldFake:
    """What somebody tells of a fake; `of` is the page where the telling began."""

    reference: str
    of: str
    place: str
    note: str
    language: str


async def report_fake(
    engine: AsyncEngine,
    redis: RedisClient,
    states: WorkerStateKeeper,
    told: ToldFake,
    *,
    tags: tuple[bytes, ...],
    report_id: int,
    now_ms: int,
) -> None:
    """Write a report down; the code of the page that it began at comes with it.

    Raises TooManyReports past what those of `tags`, or all together, make in an hour.
    While Redis is away only the limit of all together holds.
    """
    await _count_reporters(redis, tags)
    code_text = parse_scanned(told.of).code_text
    code_id = None if code_text is None else open_code(states.keys, code_text)
    brand, seen = states.current.brands.sole, None
    if code_id is not None:
        brand = states.current.brand_of(code_id) or brand
    elif told.of != HOME:
        seen = told.of[:MAX_SEEN]
    report = FakeReport(
        report_id,
        told.reference,
        code_id,
        seen,
        brand,
        told.place,
        told.note,
        told.language,
    )
    async with engine.begin() as conn:
        if await store.count_reports(conn, now_ms=now_ms) >= ALL_AN_HOUR:
            raise _too_many()
        await store.insert_report(conn, report)


async def _count_reporters(redis: RedisClient, tags: tuple[bytes, ...]) -> None:
    batch = PackedBatch()
    handles = [batch.count(b"fake:" + tag, 1, (_HOUR_S,)) for tag in tags]
    try:
        results = await batch.run(redis)
    except RedisAway:
        log.warning("fake_reports_uncounted")
        return
    if any(results.count(handle)[0] > MOST_AN_HOUR for handle in handles):
        raise _too_many()


def _too_many() -> TooManyReports:
    return TooManyReports(message("too_many_reports"), retry_after_s=_HOUR_S)
