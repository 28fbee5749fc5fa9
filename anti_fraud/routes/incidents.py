"""HTTP of incidents: what staff should hear of, and what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.incidents import (
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
)
from anti_fraud.pipeline import incidents as pipeline
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import MAX_INTEGER, Body, read_id
from core.clock import Clock, utc_datetime
from core.fields import Limit, Sentence

# The framework keeps the name `state` for itself.
_State = Annotated[IncidentState | None, QueryParameter(name="state")]
_Cursor = Annotated[str | None, QueryParameter(max_length=80)]


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """An incident; `subject` is `kind:id`, and what `detail` holds goes by its kind.

    `seen` counts since `first_at`, of which `dismissed` were a false alarm. It was
    opened `openings` times, last at `opened_at`; `note` is the last that anybody wrote.
    """

    incident_id: str
    kind: IncidentKind
    subject: str
    state: IncidentState
    seen: int
    dismissed: int
    openings: int
    first_at: datetime
    last_at: datetime
    opened_at: datetime
    detail: Mapping[str, Any]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    finding: IncidentFinding | None
    note: str


class IncidentList(msgspec.Struct, frozen=True):
    """A page of incidents, what was opened last first."""

    items: tuple[IncidentView, ...]
    next_cursor: str | None


class IncidentAcknowledgement(Body, frozen=True, kw_only=True):
    """What is being done about an incident."""

    prose: ClassVar = frozenset({"note"})

    note: Annotated[Sentence, msgspec.Meta(examples=["asking the print house"])]


class IncidentClosing(Body, frozen=True, kw_only=True):
    """What an incident turned out to be, and what was done."""

    prose: ClassVar = frozenset({"note"})

    finding: IncidentFinding
    note: Annotated[Sentence, msgspec.Meta(examples=["the line's quality checks"])]


class IncidentChanged(msgspec.Struct, frozen=True):
    """An incident, and how it stands now."""

    incident_id: str
    state: IncidentState


def _view(incident: Incident) -> IncidentView:
    names = set(IncidentView.__struct_fields__) - {"incident_id"}
    return IncidentView(
        incident_id=str(incident.incident_id),
        **{name: getattr(incident, name) for name in names},
    )


def _read_number(text: str) -> int:
    number = read_id(text)
    if number is None or number > MAX_INTEGER:
        raise pipeline.no_incident()
    return number


@get("/v1/incidents", summary="List incidents", tags=["incidents"])
async def list_incidents(
    principal: Principal,
    engine: AsyncEngine,
    kind: IncidentKind | None = None,
    wanted: _State = None,
    cursor: _Cursor = None,
    limit: Limit = 50,
) -> IncidentList:
    """List incidents, what was opened last first; of one kind or state where asked."""
    staff = require_role(principal, Role.ANALYST)
    async with engine.connect() as conn:
        found, following = await pipeline.list_incidents(
            conn, staff, kind=kind, state=wanted, cursor=cursor, limit=limit
        )
    return IncidentList(tuple(map(_view, found)), following)


@post(
    "/v1/incidents/{incident_id:str}/acknowledgements",
    summary="Look after an incident",
    tags=["incidents"],
)
async def acknowledge_incident(
    request: Request[Any, Any, Any],
    incident_id: str,
    data: IncidentAcknowledgement,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[IncidentChanged]:
    """Say that you look after an open incident, and what you do; it stays open."""
    staff = require_role(principal, Role.ANALYST)
    number, now = _read_number(incident_id), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> IncidentChanged:
        await pipeline.acknowledge_incident(
            conn, number, staff, note=data.note, now=now
        )
        return IncidentChanged(str(number), IncidentState.OPEN)

    return await once.perform(request, staff, effect)


@post(
    "/v1/incidents/{incident_id:str}/closings",
    summary="Close an incident",
    tags=["incidents"],
)
async def close_incident(
    request: Request[Any, Any, Any],
    incident_id: str,
    data: IncidentClosing,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[IncidentChanged]:
    """Close an incident, which is opened again when it is seen again.

    After a `false_alarm` nothing waits any more for what was seen until now; what waits
    for a `confirmed` one goes on waiting.
    """
    staff = require_role(principal, Role.ANALYST)
    number, now = _read_number(incident_id), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> IncidentChanged:
        await pipeline.close_incident(
            conn, number, staff, data.finding, note=data.note, now=now
        )
        return IncidentChanged(str(number), IncidentState.CLOSED)

    return await once.perform(request, staff, effect)
