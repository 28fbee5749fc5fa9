"""Incidents are looked at, taken care of, and closed with what they turned out to be.

What raises them is `anti_fraud.store.incidents.report_incidents`, in the transaction
of whoever saw something.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.incidents import (
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
)
from anti_fraud.domain.messages import message
from anti_fraud.store import incidents as store
from anti_fraud.store.incidents import Place
from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import read_id
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.event_types import EventType, Happening
from core.outbox import write_events


async def list_incidents(
    conn: AsyncConnection,
    staff: Staff,
    *,
    kind: IncidentKind | None = None,
    state: IncidentState | None = None,
    cursor: str | None = None,
    limit: int,
) -> tuple[list[Incident], str | None]:
    """List incidents, what was opened last first; gives the next cursor too.

    Raises InvalidInput for a cursor that is none of ours.
    """
    _refuse_brand(staff)
    after = None if cursor is None else _read_place(cursor)
    found = await store.list_incidents(
        conn, kind=kind, state=state, after=after, limit=limit + 1
    )
    page = found[:limit]
    return page, _write_place(page[-1]) if len(found) > limit else None


async def count_open_incidents(
    conn: AsyncConnection, staff: Staff
) -> dict[IncidentKind, int]:
    """Count the incidents that are open, by kind; kinds without any are left out."""
    _refuse_brand(staff)
    return await store.count_open(conn)


async def lock_incident(
    conn: AsyncConnection, incident_id: int, staff: Staff
) -> Incident:
    """Lock an incident, open or closed, for who acts on it; raises NotFound."""
    _refuse_brand(staff)
    incident = await store.lock_incident(conn, incident_id)
    if incident is None:
        raise no_incident()
    return incident


async def acknowledge_incident(
    conn: AsyncConnection, incident_id: int, staff: Staff, *, note: str, now: datetime
) -> Incident:
    """Say that somebody looks after an open incident; raises NotFound, Conflict."""
    incident = await _lock_open(conn, incident_id, staff)
    await store.acknowledge_incident(
        conn, incident_id, note=note, person=staff.person, now=now
    )
    await _note(conn, incident, "incident.acknowledge", staff, {"note": note}, now=now)
    return incident


async def close_incident(
    conn: AsyncConnection,
    incident_id: int,
    staff: Staff,
    finding: IncidentFinding,
    *,
    note: str,
    now: datetime,
) -> Incident:
    """Close an open incident; raises NotFound, and Conflict if somebody has.

    After a false alarm claims of its codes wait no more, until enough is seen anew.
    """
    incident = await _lock_open(conn, incident_id, staff)
    await store.close_incident(
        conn, incident, finding, note=note, person=staff.person, now=now
    )
    detail = {"finding": finding.value, "note": note, "seen": incident.seen}
    await _note(conn, incident, "incident.close", staff, detail, now=now)
    closed = {
        "incident_id": str(incident_id),
        "kind": incident.kind.value,
        "subject": incident.subject,
        "finding": finding.value,
    }
    await write_events(conn, [Happening(EventType.INCIDENT_CLOSED, closed)])
    return incident


async def _lock_open(conn: AsyncConnection, incident_id: int, staff: Staff) -> Incident:
    incident = await lock_incident(conn, incident_id, staff)
    if incident.state is not IncidentState.OPEN:
        raise Conflict(
            message("incident_closed", person=incident.closed_by or ""),
            code="already_closed",
        )
    return incident


def no_incident() -> NotFound:
    """Say that there is no such incident."""
    return NotFound(message("no_incident"))


def _refuse_brand(staff: Staff) -> None:
    if staff.brand is not None:
        raise Forbidden(message("incidents_of_all_brands"))


async def _note(
    conn: AsyncConnection,
    incident: Incident,
    action: str,
    staff: Staff,
    detail: dict[str, Any],
    *,
    now: datetime,
) -> None:
    told = {"kind": incident.kind.value, "subject": incident.subject} | detail
    subject = f"incident:{incident.incident_id}"
    await record_action(
        conn, staff, action=action, subject=subject, detail=told, now=now
    )


def _write_place(incident: Incident) -> str:
    """Write where a page ends, with no sign that means another in an address."""
    at = incident.opened_at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{at}Z~{incident.incident_id}"


def _read_place(cursor: str) -> Place:
    text, _, number = cursor.partition("~")
    incident_id = read_id(number)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if incident_id is None or at is None or at.tzinfo is None:
        raise InvalidInput.field("/cursor", "invalid", message("no_incident_there"))
    return Place(at, incident_id)
