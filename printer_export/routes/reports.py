"""HTTP of line reports: a file of any size, or a few rows as JSON."""

import asyncio
import tempfile
from datetime import datetime
from typing import IO, Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.domain.skips import Skip
from codegen.pipeline import Issuance, get_batch
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bodies import read_body
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput, TooLarge, UnsupportedMedia
from core.fields import Cursor, Limit, OptionalId, QueryId
from core.moments import BothClocks, on_both_clocks
from core.openapi import BINARY
from printer_export.domain.messages import message
from printer_export.domain.reports.answer import KeptAnswer
from printer_export.domain.reports.taking import (
    MAX_REPORT,
    Activate,
    OnError,
    ReportOrder,
    read_options,
)
from printer_export.pipeline.reports import taking as pipeline
from printer_export.pipeline.reports.json_rows import JsonRow, as_csv
from printer_export.pipeline.reports.text import ReportText

MAX_JSON = 4 << 20
_IN_MEMORY = 1 << 20
_MEDIA = ("text/csv", "application/json")


class JsonReport(Body, frozen=True, kw_only=True):
    """A small report."""

    # They are read as lines of the CSV that they stand for.
    judged_later: ClassVar = frozenset({"rows"})

    batch_id: int
    rows: Annotated[tuple[JsonRow, ...], msgspec.Meta(min_length=1)]


class WrongRow(msgspec.Struct, frozen=True):
    """A row that was passed over: where it is in the file, and why."""

    line: int
    column: int | None
    message: str


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a report came to; the counts are the batch's, after it.

    Reports of before a field was told have its default.
    """

    report_id: int
    same_as: int | None = None
    batch_id: int
    issued: int
    printed: int
    rejected: int
    wasted: int
    missing: int
    indeterminate: int
    unprinted: int
    rows: int
    changed: int = 0
    unchanged: int = 0
    wrong_rows: int = 0
    passed_over: tuple[str, ...] = ()
    voided: int = 0
    void_request_id: int | None = None
    activated: int = 0
    not_activated: str = ""
    skipped: tuple[Skip, ...] = ()
    effective_at: BothClocks | None = None
    errors: tuple[WrongRow, ...] = ()


class ReportDetail(ReportAnswer, frozen=True, kw_only=True):
    """A report as it was answered then, with who sent it and when."""

    person: str
    at: datetime


class ReportView(msgspec.Struct, frozen=True):
    """A report that was taken in."""

    report_id: int
    person: str
    at: datetime
    rows: int
    wrong_rows: int


class ReportList(msgspec.Struct, frozen=True):
    """A page of reports, newest first."""

    items: tuple[ReportView, ...]
    next_cursor: str | None


@post(
    "/v1/line-reports",
    summary="Report what became of codes",
    tags=["line reports"],
    request_max_body_size=MAX_REPORT,
    opt={"reads": {"text/csv": BINARY, "application/json": JsonReport}},
)
async def add_report(
    request: Request[Any, Any, Any],
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
    batch_id: OptionalId = None,
    on_error: OnError = OnError.SKIP,
    activate: str = Activate.NONE.value,
    again: str = "",
    *,
    timezone: SkipValidation[ZoneInfo],
) -> Response[ReportAnswer]:
    """Take in a CSV, or JSON; the same rows again answer the same, and name it.

    `activate` is `none`, `now`, `shipped` or the day or time from which printed codes
    are active. `again` is a word that tells equal work from what was reported before.
    The body is read to a private file first, so that a slow sender holds no lock.
    """
    staff = require_role(principal, Role.LINE)
    options = read_options(on_error, activate, again, timezone)
    now = utc_datetime(clock.now_ms())
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as content:
        named = await _receive(request, content)
        wanted = batch_id if named is None else named
        if wanted is None:
            raise InvalidInput.field("/batch_id", "required", message("which_batch"))
        text = await asyncio.to_thread(ReportText.of, content)

        async def effect(conn: AsyncConnection) -> ReportAnswer:
            batch = await get_batch(conn, wanted, staff)
            order = ReportOrder(batch, *options)
            done = await pipeline.take_report(
                conn, issuance.key_file.load(), order, text, staff, now=now
            )
            begins = order.effective_at
            both = None if begins is None else on_both_clocks(begins, timezone)
            about = {"report_id": done.report_id, "same_as": done.same_as}
            told = _told(done.answer) | about | {"effective_at": both}
            return msgspec.convert(told, ReportAnswer)

        return await once.perform(request, staff, effect, body_hash=text.asked(options))


async def _receive(request: Request[Any, Any, Any], content: IO[bytes]) -> int | None:
    """Spool the body as CSV; returns the batch that a JSON body names."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise UnsupportedMedia.but(message("report_media"), _MEDIA)
    limit = MAX_REPORT if media == "text/csv" else MAX_JSON
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(message("report_too_large", most=limit))
        content.write(chunk)
    if media == "text/csv":
        return None
    content.seek(0)
    body = content.read()
    report = read_body(body, JsonReport)
    content.seek(0)
    content.truncate()
    try:
        content.write(as_csv(report.rows).encode())
    except UnicodeEncodeError:
        raise InvalidInput.field(
            "/rows", "unstorable", message("half_a_pair")
        ) from None
    return report.batch_id


@get("/v1/line-reports", summary="List line reports", tags=["line reports"])
async def list_reports(
    principal: Principal,
    engine: AsyncEngine,
    batch_id: QueryId,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ReportList:
    """List the reports of a batch, newest first."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.ANALYST)
    async with engine.connect() as conn:
        rows = await pipeline.list_reports(
            conn, batch_id, staff, before_id=cursor, limit=limit
        )
    more = str(rows[-1].report_id) if len(rows) == limit else None
    return ReportList(
        tuple(
            ReportView(r.report_id, r.person, r.at, r.row_count, r.wrong_rows)
            for r in rows
        ),
        more,
    )


@get(
    "/v1/line-reports/{report_id:int}",
    summary="Look at a report",
    tags=["line reports"],
)
async def show_report(
    report_id: int, principal: Principal, engine: AsyncEngine
) -> ReportDetail:
    """Show what a report came to, as it was answered then."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.ANALYST)
    async with engine.connect() as conn:
        report = await pipeline.get_report(conn, report_id, staff)
    told = {"person": report.person, "at": report.at, "report_id": report_id}
    return msgspec.convert(_told(report.answer) | told, ReportDetail)


def _told(answer: KeptAnswer) -> dict[str, Any]:
    """Give the fields of an answer that were told when it was kept."""
    known = msgspec.to_builtins(answer)
    return {name: value for name, value in known.items() if value is not None}
