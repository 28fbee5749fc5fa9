"""Incidents: what somebody should see at once, who looks after it, and how it ended."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.incidents import (
    IncidentFinding,
    IncidentKind,
    IncidentState,
)
from anti_fraud.pipeline import incidents as pipeline
from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.incident_places import lay_out_incidents, place_incidents
from console.fraud.incident_words import tell_details, tell_subject, tier_of
from console.fraud.maps import HEIGHT, SIDE, WIDTH
from core.auth import Role
from core.bounds import read_id
from core.errors import Conflict, Fault, InvalidInput
from core.pages import read_form
from rewards.pipeline.chances import freeze_tier, thaw_tier

PATH: Final = f"{HOME}/incidents"
_SHOWN: Final = 30
_LOOK_AFTER: Final = "look_after"
# What is done to the tier that an incident is of.
_TIER: Final = {"freeze_tier": freeze_tier, "thaw_tier": thaw_tier}
# Fields of an address that lead back to the same look.
_LOOK: Final = ("kind", "state")


@staff_page(HttpMethod.GET, "/incidents", Role.ANALYST)
async def show_incidents(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show incidents, what was opened last first."""
    return await _show(context, page, request.query_params)


@staff_page(HttpMethod.POST, "/incidents", Role.ANALYST)
async def look_after_incident(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Look after an incident, close it, or freeze the tier that it is of.

    What is wrong is told on the page.
    """
    form = await read_form(request, page, "incident_id", "do", "note", *_LOOK)
    number, note = read_id(form.get("incident_id", "")), form.get("note", "").strip()
    do = form.get("do", "")
    if number is None or do not in {_LOOK_AFTER, *_TIER, *IncidentFinding}:
        raise pipeline.no_incident()
    try:
        check_reason(note)
        async with context.engine.begin() as conn:
            if do == _LOOK_AFTER:
                await pipeline.acknowledge_incident(
                    conn, number, page.staff, note=note, now=context.now
                )
            elif do in _TIER:
                incident = await pipeline.lock_incident(conn, number, page.staff)
                tier = tier_of(incident)
                if tier is None:
                    raise pipeline.no_incident()
                await _TIER[do](conn, tier, page.staff, reason=note, now=context.now)
            else:
                finding = IncidentFinding(do)
                await pipeline.close_incident(
                    conn, number, page.staff, finding, note=note, now=context.now
                )
    except (Conflict, InvalidInput) as fault:
        return await _show(context, page, form, fault=fault, of=number, note=note)
    return TEMPLATES.redirect(page, _address(form))


def _address(look: Mapping[str, str], **more: str) -> str:
    """Give the address of a look, perhaps with something more."""
    named = {name: look.get(name, "") for name in _LOOK} | more
    told = urlencode({name: each for name, each in named.items() if each})
    return f"{PATH}?{told}" if told else PATH


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    look: Mapping[str, str],
    *,
    fault: Fault | None = None,
    of: int | None = None,
    note: str = "",
) -> Response[bytes]:
    kind, state = look.get("kind", ""), look.get("state", "")
    asked = IncidentState(state) if state in set(IncidentState) else IncidentState.OPEN
    async with context.engine.connect() as conn:
        found, following = await pipeline.list_incidents(
            conn,
            page.staff,
            kind=IncidentKind(kind) if kind in set(IncidentKind) else None,
            state=asked,
            cursor=look.get("cursor") or None,
            limit=_SHOWN,
        )
        counts = await pipeline.count_open_incidents(conn, page.staff)
        placed = await place_incidents(conn, context, page.staff, found)

    def t(name: str) -> str:
        return context.text(page.language, name)

    return render(
        context,
        page,
        "incidents.html",
        status=422 if fault else 200,
        incidents=[
            (each, tell_subject(each.incident, t), tell_details(each.incident, t))
            for each in placed
        ],
        sold=lay_out_incidents(placed),
        tile=(SIDE, WIDTH, HEIGHT),
        counts=counts,
        kind=kind if kind in set(IncidentKind) else "",
        asked=asked,
        states=list(IncidentState),
        findings=list(IncidentFinding),
        more=None if following is None else _address(look, cursor=following),
        address=_address,
        tier_of=tier_of,
        fault=fault,
        of=of,
        note=note,
    )
