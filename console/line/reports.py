"""Dropping a line report, seeing what it would do, and reading what came of it."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.enums import HttpMethod

from codegen.domain.skips import SENTENCES
from codegen.pipeline import get_batch
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, attach, show_fault, staff_page
from console.line.dropped_file import DroppedFile, read_dropped
from core.auth import Role
from core.errors import Fault, NotFound
from core.messages import say
from printer_export.domain.reports.answer import ReportOutcome
from printer_export.domain.reports.header import Naming
from printer_export.domain.reports.taking import MAX_REPORT, ReportOrder, read_options
from printer_export.pipeline.reports.taking import (
    get_report,
    preview_report,
    take_report,
)
from printer_export.pipeline.reports.text import ReportText

READERS: Final = (Role.LINE, Role.ISSUER, Role.ANALYST)
_FORM_BYTES: Final = 1 << 20
_OPTIONS: Final = ("on_error", "activate", "again")
# With a byte order mark, or Excel takes it for the system's own encoding.
_TEMPLATES: Final = {
    naming.name.lower(): f"\ufeff{naming},status,reason,grade\r\n".encode()
    for naming in Naming
}
Take = Callable[..., Awaitable[ReportOutcome]]


@staff_page(
    HttpMethod.POST,
    "/batches/{batch_id:int}/report",
    Role.LINE,
    max_bytes=MAX_REPORT + _FORM_BYTES,
)
async def add_report(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take in a CSV that was dropped on the form; what is refused leads back to it."""
    dropped = await read_dropped(request, page, *_OPTIONS)
    try:
        done = await _hand_over(take_report, request, context, page, dropped)
    except Fault as fault:
        return _lead_back(request, context, page, dropped, fault)
    finally:
        await dropped.close()
    same = "?same" if done.same_as else ""
    return TEMPLATES.redirect(page, f"{HOME}/reports/{done.report_id}{same}")


@staff_page(
    HttpMethod.POST,
    "/batches/{batch_id:int}/report-preview",
    Role.LINE,
    max_bytes=MAX_REPORT + _FORM_BYTES,
)
async def preview(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what a report would do; a small file need not be chosen again then."""
    dropped = await read_dropped(request, page, *_OPTIONS)
    try:
        done = await _hand_over(preview_report, request, context, page, dropped)
        if done.same_as:
            there = f"{HOME}/reports/{done.same_as}?same"
            return TEMPLATES.redirect(page, there)
        kept = await asyncio.to_thread(dropped.keep)
    except Fault as fault:
        return _lead_back(request, context, page, dropped, fault)
    finally:
        await dropped.close()
    return render(
        context,
        page,
        "report_preview.html",
        batch_id=request.path_params["batch_id"],
        answer=done.answer,
        file_name=dropped.name,
        chosen={name: dropped.form.get(name, "") for name in _OPTIONS},
        kept=kept,
    )


async def _hand_over(
    take: Take,
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    dropped: DroppedFile,
) -> ReportOutcome:
    on_error, activate, again = (dropped.form.get(name, "") for name in _OPTIONS)
    options = read_options(on_error, activate, again, context.settings.timezone)
    text = await asyncio.to_thread(ReportText.of, dropped.content)
    async with context.engine.begin() as conn:
        batch = await get_batch(conn, request.path_params["batch_id"], page.staff)
        order = ReportOrder(batch, *options)
        return await take(conn, context.keys, order, text, page.staff, now=context.now)


def _lead_back(
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    dropped: DroppedFile,
    fault: Fault,
) -> Response[bytes]:
    """Tell what was wrong with a file, with the way back to the form as it was."""
    if isinstance(fault, NotFound):
        return show_fault(context, page, fault)
    chosen = {name: dropped.form.get(name, "") for name in _OPTIONS}
    asked = urlencode(chosen | {"file": dropped.name[:100]})
    return show_fault(
        context,
        page,
        fault,
        file_name=dropped.name,
        back=f"{HOME}/batches/{request.path_params['batch_id']}?{asked}#report",
    )


@staff_page(HttpMethod.GET, "/reports/{report_id:int}", *READERS)
async def show_report(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what a report came to, with each row that was wrong."""
    report_id = request.path_params["report_id"]
    async with context.engine.connect() as conn:
        report = await get_report(conn, report_id, page.staff)
    return render(
        context,
        page,
        "report.html",
        report=report,
        answer=report.answer,
        skips=SENTENCES,
        same="same" in request.query_params,
    )


@staff_page(HttpMethod.GET, "/reports/{report_id:int}/wrong-rows.csv", *READERS)
async def give_wrong_rows(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Give the rows that did not count as CSV, in their order."""
    report_id = request.path_params["report_id"]
    async with context.engine.connect() as conn:
        report = await get_report(conn, report_id, page.staff)
    out = io.StringIO()
    writer = csv.writer(out)
    names = ("wrong_line", "wrong_column", "wrong_message")
    writer.writerow([context.text(page.language, name) for name in names])
    for error in report.answer.errors:
        told = say(page.language, error.recall())
        writer.writerow([error.line, error.column, told])
    content = f"\ufeff{out.getvalue()}".encode()
    return attach(page, content, f"report-{report_id}-wrong-rows.csv")


@staff_page(HttpMethod.GET, "/report-templates/{name:str}", Role.LINE, Role.PRINTHOUSE)
async def give_template(
    request: AnyRequest, _context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Give a file with the first line alone, for a spreadsheet to fill in."""
    name = request.path_params["name"].removesuffix(".csv")
    if name not in _TEMPLATES:
        raise NotFound(message("no_template"))
    return attach(page, _TEMPLATES[name], f"report-{name}.csv")
