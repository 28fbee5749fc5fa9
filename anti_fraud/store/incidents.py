"""The SQL of incidents: what happened to whom, how often, first and last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import prometheus_client
import structlog
from sqlalchemy import (
    Row,
    case,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.incidents import (
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
    Sighting,
)
from core.event_types import EventType, Happening
from core.outbox import write_events

OPENED: Final = prometheus_client.Counter(
    "crowncap_incidents",
    "Incidents that were opened, or opened again, by kind.",
    ["kind"],
)
_NO_DETAILS: Final[Mapping[str, Mapping[str, Any]]] = {}

log = structlog.get_logger(logger_name=__name__)


async def report_incidents(
    conn: AsyncConnection,
    kind: str,
    subjects: Sequence[str],
    *,
    now: datetime,
    details: Mapping[str, Mapping[str, Any]] = _NO_DETAILS,
) -> None:
    """Raise incidents, or note that known ones were seen again: see Sighting.

    A subject counts as often as it stands here.
    """
    counted = Counter(subjects)
    sightings = [
        Sighting(subject, seen, details.get(subject, {}))
        for subject, seen in counted.items()
    ]
    await report_sightings(conn, IncidentKind(kind), sightings, now=now)


async def report_sightings(
    conn: AsyncConnection,
    kind: IncidentKind,
    sightings: Sequence[Sighting],
    *,
    now: datetime,
) -> None:
    """Raise incidents, each subject once, or note that known ones were seen again.

    One that is opened by it, or opened again, is told to webhooks, metrics and the log.
    """
    if not sightings:
        return
    # In one order, so that two who report at once wait for each other and no more.
    ordered = sorted(sightings, key=lambda each: each.subject)
    i = t.incidents.c
    known = await conn.execute(
        select(i.subject, i.state)
        .where(i.kind == kind.value, i.subject.in_([e.subject for e in ordered]))
        .order_by(i.subject)
        .with_for_update()
    )
    states = {row.subject: IncidentState(row.state) for row in known}
    opened = []
    for each in ordered:
        row = (await conn.execute(_report(kind, each, now))).one()
        if row.is_new or states.get(each.subject) is IncidentState.CLOSED:
            opened.append((row, each))
    await write_events(conn, [_tell(kind, row, each) for row, each in opened])
    for row, each in opened:
        OPENED.labels(kind.value).inc()
        log.error(
            "incident",
            kind=kind.value,
            subject=each.subject,
            incident_id=row.incident_id,
            mend="docs/operations.md, Incidents",
        )


def _report(kind: IncidentKind, sighting: Sighting, now: datetime) -> Any:
    """Write one sighting; what is closed is opened again, and nobody knows it then."""
    i = t.incidents.c
    first, last = sighting.codes or (None, None)
    written = upsert(t.incidents).values(
        kind=kind.value,
        subject=sighting.subject,
        first_at=now,
        last_at=now,
        opened_at=now,
        # One that goes on without anything new to count is known already.
        seen=max(1, sighting.seen),
        detail=dict(sighting.detail),
        first_code_id=first,
        last_code_id=last,
    )
    new = written.excluded
    is_closed = i.state == IncidentState.CLOSED.value
    return written.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={
            "last_at": func.greatest(i.last_at, new.last_at),
            "seen": i.seen + sighting.seen,
            "detail": i.detail.op("||")(new.detail),
            "first_code_id": func.coalesce(new.first_code_id, i.first_code_id),
            "last_code_id": func.coalesce(new.last_code_id, i.last_code_id),
            "state": IncidentState.OPEN.value,
            "openings": i.openings + case((is_closed, 1), else_=0),
            "opened_at": case((is_closed, new.opened_at), else_=i.opened_at),
            **{
                name: case((is_closed, None), else_=i[name])
                for name in ("acknowledged_by", "acknowledged_at")
            },
            **dict.fromkeys(("closed_by", "closed_at", "finding")),
        },
    ).returning(i.incident_id, i.openings, literal_column("xmax = 0").label("is_new"))


def _tell(kind: IncidentKind, row: Row[Any], sighting: Sighting) -> Happening:
    return Happening(
        EventType.INCIDENT_OPENED,
        {
            "incident_id": str(row.incident_id),
            "kind": kind.value,
            "subject": sighting.subject,
            "openings": row.openings,
            "detail": sighting.detail,
        },
    )


class Place(NamedTuple):
    """Where in the list a page ends."""

    opened_at: datetime
    incident_id: int


async def list_incidents(
    conn: AsyncConnection,
    *,
    kind: IncidentKind | None,
    state: IncidentState | None,
    after: Place | None,
    limit: int,
) -> list[Incident]:
    """List incidents, what was opened last first, from a place on."""
    i = t.incidents.c
    query = (
        select(t.incidents)
        .order_by(i.opened_at.desc(), i.incident_id.desc())
        .limit(limit)
    )
    if kind is not None:
        query = query.where(i.kind == kind.value)
    if state is not None:
        query = query.where(i.state == state.value)
    if after is not None:
        query = query.where(tuple_(i.opened_at, i.incident_id) < tuple_(*after))
    return [_read(row) for row in await conn.execute(query)]


async def lock_incidents(
    conn: AsyncConnection, kind: IncidentKind, subjects: Sequence[str]
) -> dict[str, Incident]:
    """Lock incidents by subject and read them; those that never were are left out."""
    i = t.incidents.c
    rows = await conn.execute(
        select(t.incidents)
        .where(i.kind == kind.value, i.subject.in_(subjects))
        .order_by(i.subject)
        .with_for_update()
    )
    return {row.subject: _read(row) for row in rows}


async def load_seen(
    conn: AsyncConnection, kind: IncidentKind, subjects: Sequence[str]
) -> dict[str, int]:
    """Tell by subject how much was seen that is no false alarm."""
    i = t.incidents.c
    rows = await conn.execute(
        select(i.subject, i.seen - i.dismissed).where(
            i.kind == kind.value, i.subject.in_(subjects)
        )
    )
    return {subject: int(seen) for subject, seen in rows}


async def count_open(conn: AsyncConnection) -> dict[IncidentKind, int]:
    """Count the incidents that are open, by kind."""
    i = t.incidents.c
    rows = await conn.execute(
        select(i.kind, func.count())
        .where(i.state == IncidentState.OPEN.value)
        .group_by(i.kind)
        .order_by(i.kind)
    )
    return {IncidentKind(kind): count for kind, count in rows}


async def lock_incident(conn: AsyncConnection, incident_id: int) -> Incident | None:
    """Lock an incident and read it; None where there is none."""
    found = await conn.execute(
        select(t.incidents)
        .where(t.incidents.c.incident_id == incident_id)
        .with_for_update()
    )
    row = found.one_or_none()
    return None if row is None else _read(row)


async def acknowledge_incident(
    conn: AsyncConnection, incident_id: int, *, note: str, person: str, now: datetime
) -> None:
    """Note who looks after a locked incident."""
    await _update(
        conn, incident_id, note=note, acknowledged_by=person, acknowledged_at=now
    )


async def close_incident(
    conn: AsyncConnection,
    incident: Incident,
    finding: IncidentFinding,
    *,
    note: str,
    person: str,
    now: datetime,
) -> None:
    """Close a locked incident; what was a false alarm counts no more."""
    is_false = finding is IncidentFinding.FALSE_ALARM
    await _update(
        conn,
        incident.incident_id,
        state=IncidentState.CLOSED.value,
        finding=finding.value,
        note=note,
        closed_by=person,
        closed_at=now,
        dismissed=incident.seen if is_false else incident.dismissed,
    )


async def _update(conn: AsyncConnection, incident_id: int, **values: Any) -> None:
    is_it = t.incidents.c.incident_id == incident_id
    await conn.execute(update(t.incidents).where(is_it).values(**values))


def _read(row: Row[Any]) -> Incident:
    return Incident(
        incident_id=row.incident_id,
        kind=IncidentKind(row.kind),
        subject=row.subject,
        state=IncidentState(row.state),
        seen=row.seen,
        dismissed=row.dismissed,
        openings=row.openings,
        first_at=row.first_at,
        last_at=row.last_at,
        opened_at=row.opened_at,
        detail=row.detail,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        finding=None if row.finding is None else IncidentFinding(row.finding),
        note=row.note,
    )
