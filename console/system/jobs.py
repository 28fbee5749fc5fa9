"""Jobs: what is due, what runs, what failed."""

from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.jobs import JobState, count_runners, list_jobs

_SHOWN: Final = 50


@staff_page(HttpMethod.GET, "/jobs", Role.ADMIN)
async def show_jobs(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List the newest jobs of each state, what failed first."""
    async with context.engine.connect() as conn:
        runners = await count_runners(conn)
        found = [
            (state.value, await list_jobs(conn, state, limit=_SHOWN))
            for state in (JobState.FAILED, JobState.RUNNING, JobState.DUE)
        ]
    return render(context, page, "jobs.html", runners=runners, found=found)
