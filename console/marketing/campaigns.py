"""Campaigns side by side: what runs, what waits for somebody, and what is spent."""

from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import CAMPAIGNERS
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.marketing.plots import lay_out_timeline
from core.auth import Role
from core.bounds import MAX_PAGE
from rewards.domain.campaigns import KeptCampaign, Version, VersionState
from rewards.pipeline import campaigns as pipeline

_WAITS: Final = frozenset({VersionState.DRAFT, VersionState.APPROVED})


@staff_page(HttpMethod.GET, "/campaigns", *CAMPAIGNERS)
async def show_campaigns(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List campaigns, newest first, each with its budget and what waits."""
    async with context.engine.connect() as conn:
        found = await pipeline.list_campaigns(conn, page.staff, limit=MAX_PAGE)
    return render(
        context,
        page,
        "campaigns.html",
        campaigns=found,
        line=lay_out_timeline(found, context.now.astimezone(context.settings.timezone)),
        waiting=find_waiting,
        may_write=page.may(Role.MARKETER),
    )


def find_waiting(kept: KeptCampaign) -> Version | None:
    """Find the newest version if it is not active yet."""
    newest = kept.versions[0] if kept.versions else None
    return newest if newest is not None and newest.state in _WAITS else None
