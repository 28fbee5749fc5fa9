"""Recalls, and voids that take two: what they would take, and the second's word."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from codegen.domain.recalls import RecallKind, RecallState
from codegen.pipeline import approve_recall, list_recalls, show_recall
from console.frame.context import ConsoleContext
from console.frame.navigation import HOME, VIEWERS
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.pages import read_form

_SHOWN: Final = 50
PLACES: Final = {RecallKind.RECALL: "recalls", RecallKind.VOID: "void-requests"}


@staff_page(HttpMethod.GET, "/recalls", *VIEWERS)
async def show_recalls(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List what waits for a second person first, and what took effect."""
    async with context.engine.connect() as conn:
        found = [
            (state, kind, recall)
            for state in RecallState
            for kind in RecallKind
            for recall in await list_recalls(
                conn, kind, page.staff, state=state, limit=_SHOWN
            )
        ]
    return render(context, page, "recalls.html", found=found, places=PLACES)


@staff_page(HttpMethod.GET, "/recalls/{recall_id:int}", *VIEWERS)
async def show_one_recall(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show a recall with its text for consumers and what it would take."""
    return await _show(request, context, page, RecallKind.RECALL)


@staff_page(HttpMethod.GET, "/void-requests/{recall_id:int}", *VIEWERS)
async def show_void_request(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show which codes a void request would take."""
    return await _show(request, context, page, RecallKind.VOID)


async def _show(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, kind: RecallKind
) -> Response[bytes]:
    recall_id = request.path_params["recall_id"]
    async with context.engine.connect() as conn:
        shown = await show_recall(conn, kind, recall_id, page.staff)
    waits = shown.recall.state is RecallState.REQUESTED
    return render(
        context,
        page,
        "recall.html",
        kind=kind,
        place=f"{HOME}/{PLACES[kind]}/{recall_id}",
        shown=shown,
        recall=shown.recall,
        waits=waits,
        may_approve=waits
        and page.may(Role.ISSUER)
        and page.staff.person != shown.recall.requested_by,
    )


@staff_page(HttpMethod.POST, "/recalls/{recall_id:int}/approve", Role.ISSUER)
async def approve_one_recall(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Put a recall into effect as it was shown, as a second person."""
    return await _approve(request, context, page, RecallKind.RECALL)


@staff_page(HttpMethod.POST, "/void-requests/{recall_id:int}/approve", Role.ISSUER)
async def approve_void_request(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Make codes void as they were shown, as a second person."""
    return await _approve(request, context, page, RecallKind.VOID)


async def _approve(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest, kind: RecallKind
) -> Response[Any]:
    form = await read_form(request, page, "digest")
    recall_id = request.path_params["recall_id"]
    async with context.engine.begin() as conn:
        await approve_recall(
            conn,
            kind,
            recall_id,
            page.staff,
            # A form without it names nothing that was shown.
            shown=form.get("digest") or "-",
            now=context.now,
        )
    return TEMPLATES.redirect(page, f"{HOME}/{PLACES[kind]}/{recall_id}")
