"""Cases whose holds have all ended otherwise, as by a reversal, close by themselves.

All that waits is looked through a piece at a time, round after round, since whoever
ends a hold knows nothing of cases. Nobody decided, so it speaks neither for nor against
the rules.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import (
    NOTHING,
    Case,
    CaseEntryKind,
    CaseState,
    Entry,
    Verb,
)
from anti_fraud.pipeline.cases.deciding import write_down
from anti_fraud.pipeline.cases.ports import FindEnded
from anti_fraud.pipeline.cases.working import Work
from anti_fraud.store.background_marks import lock_mark, set_mark
from anti_fraud.store.cases import closing as store
from anti_fraud.store.cases.deciding import load_waiting, settle_scans
from anti_fraud.store.cases.working import lock_cases, save_cases
from core.auth.principal import SYSTEM
from core.event_types import EventType, Happening
from core.outbox import write_events

JOB: Final = "ended_holds"
_AT_ONCE: Final = 2_000
# What timeline and event say of it; pages know it by this word.
HOLDS_ENDED: Final = "holds_ended"


async def close_ended(
    conn: AsyncConnection,
    find_ended: FindEnded,
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> int:
    """Look through some of what waits; tells whether this round goes on, as 1 or 0."""
    mark = await lock_mark(conn, JOB)
    if mark is None:
        return 0
    some = await store.load_some_waiting(conn, after=mark, limit=_AT_ONCE)
    ended = await find_ended(conn, [scan_id for scan_id, _ in some])
    cases = {case_id for scan_id, case_id in some if scan_id in ended}
    if cases:
        work = Work(conn, SYSTEM, next_id, now)
        await _close(work, find_ended, sorted(cases))
    goes_on = len(some) == _AT_ONCE
    await set_mark(conn, JOB, some[-1][0] if goes_on else 0, changed=0, now=now)
    return int(goes_on)


async def _close(work: Work, find_ended: FindEnded, case_ids: list[int]) -> None:
    """Close those of which nothing waits any more, whatever somebody had proposed."""
    cases = await lock_cases(work.conn, case_ids)
    waiting = await load_waiting(work.conn, case_ids)
    ended = await find_ended(work.conn, [scan.scan_id for scan in waiting])
    on = {scan.case_id for scan in waiting if scan.scan_id not in ended}
    over = {scan.case_id for scan in waiting} - on
    closed = [_closed(work, cases[number]) for number in sorted(over)]
    entries = []
    for case in closed:
        scans = [scan.scan_id for scan in waiting if scan.case_id == case.case_id]
        kind, person = CaseEntryKind.CLOSED, SYSTEM.person
        detail = {"scans": len(scans), "reason": HOLDS_ENDED}
        entry = Entry(work.next_id(), case.case_id, work.now, kind, person, detail)
        entries.append(entry)
        await settle_scans(work.conn, dict.fromkeys(scans, entry.entry_id))
    await save_cases(work.conn, closed)
    await write_down(work, entries)
    await write_events(work.conn, list(map(_tell, closed, entries)))


def _closed(work: Work, case: Case) -> Case:
    """Give the case as it is then; what ended otherwise was voided."""
    return replace(
        case,
        state=CaseState.DECIDED,
        collects=False,
        waiting=0,
        value=NOTHING,
        proposal=None,
        proposed_by=None,
        decision=Verb.DENY,
        decided_by=SYSTEM.person,
        decided_at=work.now,
    )


def _tell(case: Case, entry: Entry) -> Happening:
    told: dict[str, Any] = {"case_id": str(case.case_id), "kind": case.kind.value}
    told |= {"state": case.state.value, "person": entry.person}
    told |= {"decision": Verb.DENY.value, "points": 0, "minor": 0, "others": 0}
    return Happening(EventType.CASE_DECIDED, told | dict(entry.detail))
