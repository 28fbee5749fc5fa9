"""Campaigns: what they pay and have paid, and one button that pauses each."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import CAMPAIGNERS, CAMPAIGNS
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import MAX_PAGE, read_id
from core.errors import InvalidInput
from core.names import are_one
from core.pages import read_form
from rewards.domain.campaigns import KeptCampaign, Move, Version, VersionState
from rewards.pipeline import campaigns as pipeline

# Steps with a version: the same but for what they come to.
Step = Callable[..., Awaitable[Version]]
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
        waiting=_find_waiting,
        may_change=lambda kept: (
            page.may(Role.MARKETER) and kept.is_changed_by(page.staff.brand)
        ),
        may_approve=lambda version: not are_one(version.created_by, page.staff.person),
    )


def _find_waiting(kept: KeptCampaign) -> Version | None:
    """Find the newest version if it is not active yet."""
    newest = kept.versions[0] if kept.versions else None
    return newest if newest is not None and newest.state in _WAITS else None


@staff_page(HttpMethod.POST, "/campaigns/pause", Role.MARKETER)
async def pause_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Pause a campaign at once."""
    return await _move(request, context, page, Move.PAUSE)


@staff_page(HttpMethod.POST, "/campaigns/resume", Role.MARKETER)
async def resume_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Let a paused campaign go on."""
    return await _move(request, context, page, Move.RESUME)


async def _move(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, move: Move
) -> Response[Any]:
    form = await read_form(request, page, "campaign_id", "reason")
    reason = form.get("reason", "").strip()
    check_reason(reason)
    async with context.engine.begin() as conn:
        await pipeline.move_campaign(
            conn,
            form.get("campaign_id", ""),
            move,
            page.staff,
            reason=reason,
            now=context.now,
        )
    return TEMPLATES.redirect(page, CAMPAIGNS)


@staff_page(HttpMethod.POST, "/campaigns/approve", Role.MARKETER)
async def approve_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Approve a version as a second person."""
    return await _take_step(request, context, page, pipeline.approve_version)


@staff_page(HttpMethod.POST, "/campaigns/activate", Role.MARKETER)
async def activate_campaign(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Let a campaign pay by a version that was approved."""
    return await _take_step(request, context, page, pipeline.activate_version)


async def _take_step(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, step: Step
) -> Response[Any]:
    form = await read_form(request, page, "campaign_id", "version")
    given = form.get("version", "")
    version = read_id(given)
    if version is None:
        raise InvalidInput.field(
            "/version", "invalid", message("no_number", given=given[:20])
        )
    async with context.engine.begin() as conn:
        await step(
            *(conn, form.get("campaign_id", ""), version, page.staff), now=context.now
        )
    return TEMPLATES.redirect(page, CAMPAIGNS)
