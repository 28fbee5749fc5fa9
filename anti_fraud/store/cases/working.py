"""The SQL of changing cases: locked, saved whole, and written into their timelines."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.cases import (
    Case,
    CaseState,
    Entry,
    Proposal,
    SubjectKind,
    Value,
    Verb,
)
from anti_fraud.domain.verdict import CaseKind
from core.db_arrays import write_numbers


def read_case(row: Row[Any]) -> Case:
    """Make a case of its row."""
    return Case(
        case_id=row.case_id,
        kind=CaseKind(row.kind),
        subject_kind=SubjectKind(row.subject_kind),
        subject=row.subject,
        subject_name=row.subject_name,
        state=CaseState(row.state),
        version=row.version,
        queue=row.queue,
        score=row.score,
        heaviest=row.heaviest,
        value=Value(row.points, row.minor, row.others),
        scans=row.scans,
        waiting=row.waiting,
        rules=tuple(row.rules),
        collects=row.collects,
        opened_at=row.opened_at,
        last_at=row.last_at,
        due_at=row.due_at,
        assignee=row.assignee,
        assigned_until=row.assigned_until,
        snoozed_until=row.snoozed_until,
        proposal=row.proposal and msgspec.convert(row.proposal, Proposal),
        proposed_by=row.proposed_by,
        decision=row.decision and Verb(row.decision),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


async def lock_cases(conn: AsyncConnection, case_ids: Sequence[int]) -> dict[int, Case]:
    """Lock cases in the order of their numbers and read them, by number."""
    locked = text(
        "SELECT * FROM cases WHERE case_id = ANY(CAST(:ids AS bigint[]))"
        " ORDER BY case_id FOR UPDATE"
    )
    rows = await conn.execute(locked, {"ids": write_numbers(case_ids)})
    return {row.case_id: read_case(row) for row in rows}


async def lock_next(
    conn: AsyncConnection, *, queue: str | None, now: datetime
) -> Case | None:
    """Lock the case that is due first of those that nobody works on or has put off."""
    c = t.cases.c
    wanted = select(t.cases).where(
        ~c.is_over,
        c.state == CaseState.OPEN.value,
        c.assigned_until.is_(None) | (c.assigned_until <= now),
        c.snoozed_until.is_(None) | (c.snoozed_until <= now),
    )
    if queue is not None:
        wanted = wanted.where(c.queue == queue)
    found = await conn.execute(
        wanted.order_by(c.due_at, c.case_id).limit(1).with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    return None if row is None else read_case(row)


_SAVE: Final = text(
    """
    UPDATE cases AS c SET state = r.state, version = c.version + 1, queue = r.queue,
        points = r.points, minor = r.minor, others = r.others, waiting = r.waiting,
        collects = r.collects, due_at = r.due_at, assignee = r.assignee,
        assigned_until = r.assigned_until, snoozed_until = r.snoozed_until,
        proposal = r.proposal, proposed_by = r.proposed_by, decision = r.decision,
        decided_by = r.decided_by, decided_at = r.decided_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (case_id bigint, state text,
        queue text, points bigint, minor bigint, others integer, waiting integer,
        collects boolean, due_at timestamptz, assignee text,
        assigned_until timestamptz, snoozed_until timestamptz, proposal jsonb,
        proposed_by text, decision text, decided_by text, decided_at timestamptz)
    WHERE c.case_id = r.case_id
    """
)


async def save_cases(conn: AsyncConnection, cases: Sequence[Case]) -> None:
    """Write locked cases down as they are now, each in its next version."""
    if cases:
        rows = [asdict(c) | msgspec.to_builtins(c.value) for c in cases]
        await conn.execute(_SAVE, {"rows": msgspec.json.encode(rows).decode()})


_ENTER: Final = text(
    """
    INSERT INTO case_entries (entry_id, case_id, at, kind, person, detail)
    SELECT entry_id, case_id, at, kind, person, detail
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (entry_id bigint,
        case_id bigint, at timestamptz, kind text, person text, detail jsonb)
    """
)


async def insert_entries(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Write into the timelines of cases."""
    if entries:
        rows = msgspec.json.encode(list(entries)).decode()
        await conn.execute(_ENTER, {"rows": rows})
