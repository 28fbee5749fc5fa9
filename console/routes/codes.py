"""Single caps: which one it is, and its life on one page."""

from typing import Final

import numpy as np
from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.sealing import seal
from codegen.pipeline import find_codes, get_batch
from codegen.pipeline.lookup import INVALID, FoundCode
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.pipeline.biography import write_biography
from console.rendering import HOME, TEMPLATES, render
from console.routes.batches import VIEWERS
from console.visits import StaffVisit
from core.auth import Role
from core.auth.audit import record_action
from core.bounds import read_id
from core.pages import read_form
from scan_api.fakes import store as fakes
from scan_api.fakes.domain import FakeReport, read_reference
from scan_api.fakes.routes import READERS as FAKE_READERS
from scan_api.fakes.routes import FakeReportView, view_report

MAX_TYPED = 300
_SHOWN: Final = 20
# A code may have digits only, but it has 16 of them.
_LEAST_SCAN_ID: Final = 10**16


@room(HttpMethod.GET, "/codes", *VIEWERS)
async def ask_for_code(
    _request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Ask which cap; who answers consumers sees what they took for fakes."""
    async with desk.engine.connect() as conn:
        return await _ask(conn, desk, visit)


@room(HttpMethod.POST, "/codes", *VIEWERS)
async def find_code(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Lead to a cap by its code, or by the number that a consumer gives.

    The code is a bearer secret: it enters no address.
    """
    form = await read_form(request, visit, "code")
    typed = form.get("code", "").strip()[:MAX_TYPED]
    async with desk.engine.connect() as conn:
        code_text = typed
        if visit.may(*FAKE_READERS):
            reference = read_reference(typed)
            if reference is not None:
                report = await fakes.find_report(
                    conn, reference, brand=_brand_of(visit)
                )
                if report is not None:
                    return await _ask(conn, desk, visit, reports=[report])
            code_text = await _code_of_scan(conn, desk, typed) or typed
        (found,) = await find_codes(conn, desk.keys, [code_text], visit.staff)
        if (path := _cap_path(found)) is not None:
            return TEMPLATES.redirect(visit, path)
        status = 422 if found.state == INVALID else 404
        return await _ask(conn, desk, visit, status=status, found=found, typed=typed)


async def _ask(
    conn: AsyncConnection,
    desk: ConsoleDesk,
    visit: StaffVisit,
    *,
    status: int = 200,
    found: FoundCode | None = None,
    typed: str = "",
    reports: list[FakeReport] | None = None,
) -> Response[bytes]:
    if reports is None and visit.may(*FAKE_READERS):
        reports = await fakes.list_reports(
            conn, brand=_brand_of(visit), before=None, limit=_SHOWN
        )
    fakes_shown = None
    if visit.may(*FAKE_READERS):
        fakes_shown = await _show_reports(conn, desk, visit, reports or [])
    return render(
        desk,
        visit,
        "codes.html",
        status=status,
        found=found,
        typed=typed,
        fakes=fakes_shown,
    )


async def _show_reports(
    conn: AsyncConnection,
    desk: ConsoleDesk,
    visit: StaffVisit,
    reports: list[FakeReport],
) -> list[tuple[FakeReportView, str | None]]:
    """Show reports, each with the page of its cap, if it is ours and in scope.

    The code itself is not shown: an unclaimed one is worth money.
    """
    keys = desk.keys
    texts = [_code_text(keys, report.code_id) or "" for report in reports]
    found = await find_codes(conn, keys, texts, visit.staff)
    return [(view_report(r), _cap_path(f)) for r, f in zip(reports, found, strict=True)]


def _cap_path(found: FoundCode) -> str | None:
    if found.batch is None:
        return None
    return f"{HOME}/batches/{found.batch.batch_id}/codes/{found.index}"


def _brand_of(visit: StaffVisit) -> str | None:
    return None if visit.visitor is None else visit.staff.brand


async def _code_of_scan(
    conn: AsyncConnection, desk: ConsoleDesk, typed: str
) -> str | None:
    """Find the code of a scan by its number, which has more digits than a code."""
    number = read_id("".join(typed.split()))
    if number is None or number < _LEAST_SCAN_ID:
        return None
    return _code_text(desk.keys, await fakes.find_scanned_code(conn, number))


def _code_text(keys: EpochKeys, code_id: int | None) -> str | None:
    """Write a code; None without one, or without the key of its epoch."""
    if code_id is None or code_id >> SERIAL_BITS not in keys.epochs:
        return None
    serial = np.array([code_id & ((1 << SERIAL_BITS) - 1)], dtype=np.uint64)
    return seal(keys, code_id >> SERIAL_BITS, serial).tobytes().decode("ascii")


@room(HttpMethod.GET, "/batches/{batch_id:int}/codes/{index:int}", *VIEWERS)
async def show_code(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show the life of a cap; who claimed it is told to analysts and support only.

    Who looked is written down, since it is a consumer's life too.
    """
    batch_id, index = (request.path_params[name] for name in ("batch_id", "index"))
    async with desk.engine.begin() as conn:
        batch = await get_batch(conn, batch_id, visit.staff)
        life = await write_biography(conn, batch, index)
        await record_action(
            conn,
            visit.staff,
            action="code.look",
            subject=f"batch:{batch_id}",
            detail={"index": index},
            now=desk.now,
        )
    return render(
        desk,
        visit,
        "code.html",
        life=life,
        shows_member=visit.may(Role.ANALYST, Role.SUPPORT),
    )
