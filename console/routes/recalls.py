"""Recalls, and voids that take two: what they would take, and the second's word."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from codegen.domain.recall import RecallKind, RecallState
from codegen.pipeline import approve_recall, list_recalls, show_recall
from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.rendering import HOME, TEMPLATES, render
from console.routes.batches import VIEWERS
from console.visits import StaffVisit
from core.auth import Role
from core.pages import read_form

_SHOWN: Final = 50
PLACES: Final = {RecallKind.RECALL: "recalls", RecallKind.VOID: "void-requests"}


@room(HttpMethod.GET, "/recalls", *VIEWERS)
async def show_recalls(
    _request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """List what waits for a second person first, and what took effect."""
    async with desk.engine.connect() as conn:
        found = [
            (state, kind, recall)
            for state in RecallState
            for kind in RecallKind
            for recall in await list_recalls(
                conn, kind, visit.staff, state=state, limit=_SHOWN
            )
        ]
    return render(desk, visit, "recalls.html", found=found, places=PLACES)


@room(HttpMethod.GET, "/recalls/{recall_id:int}", *VIEWERS)
async def show_one_recall(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show a recall with its text for consumers and what it would take."""
    return await _show(request, desk, visit, RecallKind.RECALL)


@room(HttpMethod.GET, "/void-requests/{recall_id:int}", *VIEWERS)
async def show_void_request(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Show which codes a void request would take."""
    return await _show(request, desk, visit, RecallKind.VOID)


async def _show(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit, kind: RecallKind
) -> Response[bytes]:
    recall_id = request.path_params["recall_id"]
    async with desk.engine.connect() as conn:
        shown = await show_recall(conn, kind, recall_id, visit.staff)
    waits = shown.recall.state is RecallState.REQUESTED
    return render(
        desk,
        visit,
        "recall.html",
        kind=kind,
        place=f"{HOME}/{PLACES[kind]}/{recall_id}",
        shown=shown,
        recall=shown.recall,
        waits=waits,
        may_approve=waits
        and visit.may(Role.ISSUER)
        and visit.staff.person != shown.recall.requested_by,
    )


@room(HttpMethod.POST, "/recalls/{recall_id:int}/approve", Role.ISSUER)
async def approve_one_recall(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[Any]:
    """Put a recall into effect as it was shown, as a second person."""
    return await _approve(request, desk, visit, RecallKind.RECALL)


@room(HttpMethod.POST, "/void-requests/{recall_id:int}/approve", Role.ISSUER)
async def approve_void_request(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[Any]:
    """Make codes void as they were shown, as a second person."""
    return await _approve(request, desk, visit, RecallKind.VOID)


async def _approve(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit, kind: RecallKind
) -> Response[Any]:
    form = await read_form(request, visit, "digest")
    recall_id = request.path_params["recall_id"]
    async with desk.engine.begin() as conn:
        await approve_recall(
            conn,
            kind,
            recall_id,
            visit.staff,
            # A form without it names nothing that was shown.
            shown=form.get("digest") or "-",
            now=desk.now,
        )
    return TEMPLATES.redirect(visit, f"{HOME}/{PLACES[kind]}/{recall_id}")
