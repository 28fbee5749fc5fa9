"""HTTP for staff: the reports of suspected fakes."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.bounds import MAX_INTEGER, MAX_PAGE
from core.clock import utc_datetime
from core.doors import GUARDS
from core.ids import time_of_id
from scan_api.domain.fakes import FakeReport, show_reference
from scan_api.store import fakes as store

READERS = (Role.ANALYST, Role.SUPPORT)
Cursor = Annotated[int | None, QueryParameter(ge=0, le=MAX_INTEGER)]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


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


class FakeReportList(msgspec.Struct, frozen=True):
    """A page of reports, newest first."""

    items: tuple[FakeReportView, ...]
    next_cursor: str | None


@get("/v1/suspected-fakes", summary="List suspected fakes", tags=["fakes"])
async def list_suspected_fakes(
    principal: Principal, engine: AsyncEngine, cursor: Cursor = None, limit: Limit = 50
) -> FakeReportList:
    """List what consumers took for fakes, newest first."""
    staff = require_role(principal, *READERS)
    async with engine.connect() as conn:
        reports = await store.list_reports(
            conn, brand=staff.brand, before=cursor, limit=limit
        )
    more = str(reports[-1].report_id) if len(reports) == limit else None
    return FakeReportList(tuple(map(view_report, reports)), more)


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


ROUTER = Router(path="/", guards=GUARDS, route_handlers=[list_suspected_fakes])
