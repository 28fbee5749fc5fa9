"""The SQL of looking at cases: queues, one case, its timeline."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.cases import (
    Case,
    CaseEntryKind,
    CaseState,
    Entry,
    Sort,
    SubjectKind,
    Value,
)
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.store.cases.working import read_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases are wanted; without a state those that are not decided.

    `assignee` is a person, or empty for nobody. `is_awake` leaves out what was put off.
    """

    now: datetime
    state: CaseState | None = None
    queue: str | None = None
    kind: CaseKind | None = None
    assignee: str | None = None
    subject: tuple[SubjectKind, str] | None = None
    is_awake: bool = False


class Place(NamedTuple):
    """Where in a queue a page ends: the value that it is sorted by, and the case."""

    by: Any
    case_id: int


_BY: Final = {
    Sort.DUE: t.cases.c.due_at,
    Sort.VALUE: t.cases.c.worth,
    Sort.SCORE: t.cases.c.score,
}


async def list_cases(
    conn: AsyncConnection,
    wanted: Wanted,
    sort: Sort,
    *,
    after: Place | None,
    limit: int,
) -> tuple[list[Case], Place | None]:
    """List cases in an order, from a place on; tells where the next page begins."""
    c, by = t.cases.c, _BY[sort]
    query = _where(select(t.cases), wanted)
    if sort is Sort.DUE:
        query = query.order_by(by, c.case_id)
        if after is not None:
            query = query.where(tuple_(by, c.case_id) > tuple_(*after))
    else:
        query = query.order_by(by.desc(), c.case_id.desc())
        if after is not None:
            query = query.where(tuple_(by, c.case_id) < tuple_(*after))
    rows = (await conn.execute(query.limit(limit + 1))).all()
    end = None
    if len(rows) > limit:
        end = Place(getattr(rows[limit - 1], by.name), rows[limit - 1].case_id)
    return [read_case(row) for row in rows[:limit]], end


async def count_cases(conn: AsyncConnection, wanted: Wanted, *, most: int) -> int:
    """Count cases, no further than `most`."""
    some = _where(select(t.cases.c.case_id), wanted).limit(most).subquery()
    found = await conn.execute(select(func.count()).select_from(some))
    return int(found.scalar_one())


def _where(query: Select[Any], wanted: Wanted) -> Select[Any]:
    c = t.cases.c
    is_over = wanted.state is CaseState.DECIDED
    conditions: list[ColumnElement[bool]] = [c.is_over if is_over else ~c.is_over]
    if wanted.state is not None and not is_over:
        conditions.append(c.state == wanted.state.value)
    if wanted.queue is not None:
        conditions.append(c.queue == wanted.queue)
    if wanted.kind is not None:
        conditions.append(c.kind == wanted.kind.value)
    if wanted.subject is not None:
        kind, key = wanted.subject
        conditions += [c.subject_kind == kind.value, c.subject == key]
    if wanted.assignee:
        conditions += [
            c.assignee == wanted.assignee,
            c.assigned_until > wanted.now,
        ]
    elif wanted.assignee is not None:
        conditions.append(c.assigned_until.is_(None) | (c.assigned_until <= wanted.now))
    if wanted.is_awake:
        conditions.append(c.snoozed_until.is_(None) | (c.snoozed_until <= wanted.now))
    return query.where(*conditions)


async def find_case(conn: AsyncConnection, case_id: int) -> Case | None:
    """Read one case."""
    found = await conn.execute(select(t.cases).where(t.cases.c.case_id == case_id))
    row = found.one_or_none()
    return None if row is None else read_case(row)


async def find_cases(
    conn: AsyncConnection, case_ids: Collection[int]
) -> dict[int, Case]:
    """Read cases by their numbers; those that there are not are left out."""
    found = await conn.execute(select(t.cases).where(t.cases.c.case_id.in_(case_ids)))
    return {row.case_id: read_case(row) for row in found}


_OF_SUBJECTS: Final = text(
    """
    SELECT c.* FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]))
        AS u (kind, subject)
    CROSS JOIN LATERAL (SELECT * FROM cases
        WHERE subject_kind = u.kind AND subject = u.subject AND case_id <> :other_than
        ORDER BY case_id DESC LIMIT :each) AS c
    ORDER BY c.case_id DESC LIMIT :limit
    """
).columns(*t.cases.c)


async def find_of_subjects(
    conn: AsyncConnection,
    subjects: Sequence[tuple[SubjectKind, str]],
    *,
    other_than: int,
    each: int,
    limit: int,
) -> list[Case]:
    """Find the newest cases of subjects, some of each, but for one case."""
    rows = await conn.execute(
        _OF_SUBJECTS,
        {
            "kinds": [kind.value for kind, _ in subjects],
            "subjects": [subject for _, subject in subjects],
            "other_than": other_than,
            "each": each,
            "limit": limit,
        },
    )
    return [read_case(row) for row in rows]


async def load_entries(
    conn: AsyncConnection, case_id: int, *, limit: int
) -> list[Entry]:
    """Read the newest entries of a case's timeline, newest first."""
    e = t.case_entries
    rows = await conn.execute(
        select(e)
        .where(e.c.case_id == case_id)
        .order_by(e.c.entry_id.desc())
        .limit(limit)
    )
    return [
        Entry(
            row.entry_id,
            row.case_id,
            row.at,
            CaseEntryKind(row.kind),
            row.person,
            row.detail,
        )
        for row in rows
    ]


class ScanOfCase(NamedTuple):
    """A scan of a case; `entry_id` is the decision that settled it."""

    scan_id: int
    score: int
    value: Value
    entry_id: int | None


async def load_scans(
    conn: AsyncConnection, case_id: int, *, before: int | None, limit: int
) -> Sequence[ScanOfCase]:
    """Read the newest scans of a case, newest first, below the cursor `before`."""
    s = t.case_scans.c
    query = (
        select(s.scan_id, s.score, s.points, s.minor, s.others, s.entry_id)
        .where(s.case_id == case_id)
        .order_by(s.scan_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(s.scan_id < before)
    return [
        ScanOfCase(
            row.scan_id,
            row.score,
            Value(row.points, row.minor, row.others),
            row.entry_id,
        )
        for row in await conn.execute(query)
    ]
