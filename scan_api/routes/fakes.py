"""HTTP for staff: the reports of suspected fakes."""

import msgspec
from litestar import Router, get
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, require_role
from core.doors import GUARDS
from core.fields import Cursor, Limit
from scan_api.pipeline.fakes import (
    READERS,
    FakeReportView,
    list_reports,
    view_report,
)


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
        reports = await list_reports(conn, staff, before=cursor, limit=limit)
    more = str(reports[-1].report_id) if len(reports) == limit else None
    return FakeReportList(tuple(map(view_report, reports)), more)


ROUTER = Router(path="/", guards=GUARDS, route_handlers=[list_suspected_fakes])
