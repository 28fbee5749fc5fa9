"""Dropping a line report, and reading what came of it."""

import asyncio
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from codegen.pipeline import get_batch
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.rendering import HOME, TEMPLATES, render
from console.visits import StaffVisit
from core.auth import Role
from core.errors import InvalidInput
from core.pages import read_upload
from printer_export.domain.report_order import OnError, ReportOrder
from printer_export.pipeline.report_text import ReportText
from printer_export.pipeline.reports import get_report, take_report
from printer_export.routes.reports import MAX_REPORT, digest_of, read_activation

_FORM_BYTES: Final = 1 << 16


@room(
    HttpMethod.POST,
    "/batches/{batch_id:int}/report",
    Role.LINE,
    max_bytes=MAX_REPORT + _FORM_BYTES,
)
async def add_report(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Take in a CSV that was dropped on the form."""
    file, form = await read_upload(request, visit)
    on_error, activate = form.get("on_error", ""), form.get("activate", "")
    try:
        if on_error not in set(OnError):
            raise InvalidInput.field("/on_error", "invalid", "Say skip or refuse.")
        when, effective_at = read_activation(activate)
        text = await asyncio.to_thread(ReportText.of, file.file)
        digest = digest_of(text, f"{on_error}\n{activate}\n")
        async with desk.engine.begin() as conn:
            batch = await get_batch(conn, request.path_params["batch_id"], visit.staff)
            order = ReportOrder(batch, digest, OnError(on_error), when, effective_at)
            answer = await take_report(
                conn, desk.keys, order, text, visit.staff, now=desk.now
            )
    finally:
        await file.close()
    return TEMPLATES.redirect(visit, f"{HOME}/reports/{answer['report_id']}")


@room(
    HttpMethod.GET,
    "/reports/{report_id:int}",
    *(Role.LINE, Role.ISSUER, Role.ANALYST),
)
async def show_report(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show what a report came to, with each row that was wrong."""
    report_id = request.path_params["report_id"]
    async with desk.engine.connect() as conn:
        report = await get_report(conn, report_id, visit.staff)
    return render(desk, visit, "report.html", report=report, answer=report.answer)
