"""Single caps: which one it is, and its history on one page."""

from typing import Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.pipeline import find_codes, get_batch
from codegen.pipeline.codes import INVALID, FoundCode
from console.codes.history import load_code_history
from console.frame.caps import cap_path, find_cap_paths
from console.frame.context import ConsoleContext
from console.frame.navigation import VIEWERS
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.auth.audit import record_action
from core.bounds import read_id
from core.pages import read_form
from scan_api.domain.fakes import FakeReport
from scan_api.pipeline.fakes import READERS as FAKE_READERS
from scan_api.pipeline.fakes import (
    FakeReportView,
    find_code_of_scan,
    find_report,
    list_reports,
    view_report,
)

MAX_TYPED = 300
_SHOWN: Final = 20
# A code may have digits only, but it has 16 of them.
_LEAST_SCAN_ID: Final = 10**16


@staff_page(HttpMethod.GET, "/codes", *VIEWERS)
async def ask_for_code(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask which cap; who answers consumers sees what they took for fakes."""
    async with context.engine.connect() as conn:
        return await _ask(conn, context, page)


@staff_page(HttpMethod.POST, "/codes", *VIEWERS)
async def find_code(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Lead to a cap by its code, or by the number that a consumer gives.

    The code is a bearer secret: it enters no address.
    """
    form = await read_form(request, page, "code")
    typed = form.get("code", "").strip()[:MAX_TYPED]
    async with context.engine.connect() as conn:
        code_text = typed
        if page.may(*FAKE_READERS):
            report = await find_report(conn, typed, page.staff)
            if report is not None:
                return await _ask(conn, context, page, reports=[report])
            code_text = await _code_of_scan(conn, context, typed) or typed
        (found,) = await find_codes(conn, context.keys, [code_text], page.staff)
        if (path := cap_path(found)) is not None:
            return TEMPLATES.redirect(page, path)
        status = 422 if found.state == INVALID else 404
        return await _ask(conn, context, page, status=status, found=found, typed=typed)


async def _ask(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    *,
    status: int = 200,
    found: FoundCode | None = None,
    typed: str = "",
    reports: list[FakeReport] | None = None,
) -> Response[bytes]:
    if reports is None and page.may(*FAKE_READERS):
        reports = await list_reports(conn, page.staff, limit=_SHOWN)
    fakes_shown = None
    if page.may(*FAKE_READERS):
        fakes_shown = await _show_reports(conn, context, page, reports or [])
    return render(
        context,
        page,
        "codes.html",
        status=status,
        found=found,
        typed=typed,
        fakes=fakes_shown,
    )


async def _show_reports(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    reports: list[FakeReport],
) -> list[tuple[FakeReportView, str | None]]:
    """Show reports, each with the page of its cap, if it is ours and in scope."""
    code_ids = [report.code_id for report in reports]
    paths = await find_cap_paths(conn, context, page.staff, code_ids)
    return [(view_report(r), path) for r, path in zip(reports, paths, strict=True)]


async def _code_of_scan(
    conn: AsyncConnection, context: ConsoleContext, typed: str
) -> str | None:
    """Find the code of a scan by its number, which has more digits than a code."""
    number = read_id("".join(typed.split()))
    if number is None or number < _LEAST_SCAN_ID:
        return None
    return await find_code_of_scan(conn, context.keys, number)


@staff_page(HttpMethod.GET, "/batches/{batch_id:int}/codes/{index:int}", *VIEWERS)
async def show_code(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the history of a cap; who claimed it is told to analysts and support only.

    Who looked is written down, since it is a consumer's history too.
    """
    batch_id, index = (request.path_params[name] for name in ("batch_id", "index"))
    async with context.engine.begin() as conn:
        batch = await get_batch(conn, batch_id, page.staff)
        history = await load_code_history(conn, batch, index)
        await record_action(
            conn,
            page.staff,
            action="code.look",
            subject=f"batch:{batch_id}",
            detail={"index": index},
            now=context.now,
        )
    return render(
        context,
        page,
        "code.html",
        history=history,
        shows_member=page.may(Role.ANALYST, Role.SUPPORT),
        knows_members=page.may(Role.SUPPORT) and page.staff.brand is None,
    )
