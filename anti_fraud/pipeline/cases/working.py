"""Working on cases: taken by one analyst at a time, put off, passed on, noted on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import (
    IDLE,
    MOST_SNOOZED,
    Case,
    CaseEntryKind,
    CaseState,
    Entry,
)
from anti_fraud.domain.messages import message
from anti_fraud.store.cases import working as store
from anti_fraud.store.cases.listing import find_case
from core.auth.audit import record_action
from core.auth.principal import Role, Staff
from core.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.names import are_one

# Who was given a case by another has longer than who took it.
_GIVEN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Work:
    """Who works on cases, in which transaction, and when."""

    conn: AsyncConnection
    staff: Staff
    next_id: Callable[[], int]
    now: datetime


def refuse_brand(staff: Staff) -> None:
    """Raise Forbidden for who works for one brand: an attack is on all of them."""
    if staff.brand is not None:
        raise Forbidden(message("cases_of_all_brands"))


async def lock_case(work: Work, case_id: int, expected_version: int | None) -> Case:
    """Lock a case to change it; raises NotFound, and Conflict if it changed since."""
    refuse_brand(work.staff)
    case = (await store.lock_cases(work.conn, [case_id])).get(case_id)
    if case is None:
        raise NotFound(message("no_case"))
    if expected_version is not None and case.version != expected_version:
        raise stale(case)
    return case


def stale(case: Case) -> Fault:
    """Say that a case has changed since it was looked at."""
    return Conflict(
        message("case_changed", version=case.version, state=_STATES[case.state]),
        code="stale",
    )


def held_elsewhere(case: Case, person: str) -> Fault:
    """Say that somebody else works on a case."""
    del case
    return Conflict(message("case_held", person=person), code="held_by_another")


def not_open(case: Case) -> Fault:
    """Say that a case is past what is asked for."""
    return Conflict(message("case_is", state=_STATES[case.state]), code="illegal_state")


def check_holder(work: Work, case: Case) -> None:
    """Raise Conflict where somebody else works on the case."""
    holder = case.holder(work.now)
    if holder is not None and not are_one(holder, work.staff.person):
        raise held_elsewhere(case, holder)


async def assign_case(
    work: Work, case_id: int, to: str | None, *, expected_version: int | None
) -> Case:
    """Give a case to oneself, to another, or to nobody; raises Conflict.

    What somebody holds only they and an admin give away.
    """
    case = await lock_case(work, case_id, expected_version)
    if case.state is CaseState.DECIDED:
        raise not_open(case)
    if work.staff.role is not Role.ADMIN:
        check_holder(work, case)
    if to is None:
        return await _release(work, case, CaseEntryKind.RELEASED, {})
    own = are_one(to, work.staff.person)
    until = work.now + (IDLE if own else _GIVEN)
    given = replace(case, assignee=to, assigned_until=until)
    return await _save(work, given, CaseEntryKind.ASSIGNED, {"to": to})


async def take_next(work: Work, *, queue: str | None) -> Case | None:
    """Take the case that is due first of those that nobody works on, if there is one.

    Two who ask at once get two cases.
    """
    refuse_brand(work.staff)
    case = await store.lock_next(work.conn, queue=queue, now=work.now)
    if case is None:
        return None
    person = work.staff.person
    taken = replace(case, assignee=person, assigned_until=work.now + IDLE)
    return await _save(work, taken, CaseEntryKind.ASSIGNED, {"to": person})


async def snooze_case(
    work: Work,
    case_id: int,
    until: datetime,
    reason: str,
    *,
    expected_version: int | None,
) -> Case:
    """Put a case off; raises InvalidInput and Conflict. Nobody holds it meanwhile."""
    case = await _lock_open(work, case_id, expected_version)
    if not work.now < until <= work.now + MOST_SNOOZED:
        days = MOST_SNOOZED.days
        raise InvalidInput.field(
            "/until", "out_of_range", message("snooze_within", days=days)
        )
    put_off = replace(case, snoozed_until=until)
    detail = {"until": until.isoformat(), "reason": reason}
    return await _release(work, put_off, CaseEntryKind.SNOOZED, detail)


async def escalate_case(
    work: Work, case_id: int, queue: str, reason: str, *, expected_version: int | None
) -> Case:
    """Pass a case on to another queue; raises Conflict."""
    case = await _lock_open(work, case_id, expected_version)
    if case.queue == queue:
        raise InvalidInput.field(
            "/queue", "invalid", message("case_in_queue", queue=queue)
        )
    detail = {"from": case.queue, "to": queue, "reason": reason}
    passed = replace(case, queue=queue, snoozed_until=None)
    return await _release(work, passed, CaseEntryKind.ESCALATED, detail)


async def note_case(work: Work, case_id: int, text: str) -> Case:
    """Write a note into a case's timeline, of whatever state; changes no version."""
    refuse_brand(work.staff)
    case = await find_case(work.conn, case_id)
    if case is None:
        raise NotFound(message("no_case"))
    await enter(work, case, CaseEntryKind.NOTE, {"text": text})
    return case


async def _lock_open(work: Work, case_id: int, expected_version: int | None) -> Case:
    case = await lock_case(work, case_id, expected_version)
    if case.state is not CaseState.OPEN:
        raise not_open(case)
    check_holder(work, case)
    return case


async def _release(
    work: Work, case: Case, kind: CaseEntryKind, detail: dict[str, Any]
) -> Case:
    free = replace(case, assignee=None, assigned_until=None)
    return await _save(work, free, kind, detail)


async def _save(
    work: Work, case: Case, kind: CaseEntryKind, detail: dict[str, Any]
) -> Case:
    await store.save_cases(work.conn, [case])
    await enter(work, case, kind, detail)
    return replace(case, version=case.version + 1)


async def enter(
    work: Work, case: Case, kind: CaseEntryKind, detail: dict[str, Any]
) -> int:
    """Write into a case's timeline, and what staff did into the audit log."""
    entry = Entry(
        work.next_id(), case.case_id, work.now, kind, work.staff.person, detail
    )
    await store.insert_entries(work.conn, [entry])
    await record_action(
        work.conn,
        work.staff,
        action=f"case.{kind.value}",
        subject=f"case:{case.case_id}",
        detail=detail,
        now=work.now,
    )
    return entry.entry_id


_STATES: Final = {
    CaseState.OPEN: message("case_open"),
    CaseState.WAITING: message("case_waiting"),
    CaseState.DECIDED: message("case_decided"),
}
