"""Taking back decisions on cases: what they held waits again, if none of it is gone.

The newest decision of a case goes, with all that it settled, within ten minutes, once;
what it posted or voided and its being taken back are transactions of their own. One
case is a batch of one, and one that can't be harms no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from anti_fraud.domain.cases import (
    IDLE,
    NOTHING,
    UNDO_WITHIN,
    Case,
    CaseEntryKind,
    CaseState,
    Entry,
    Value,
)
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases.deciding import write_down
from anti_fraud.pipeline.cases.ports import (
    CLAIMED_SINCE,
    CasePorts,
    Gone,
    Undoing,
)
from anti_fraud.pipeline.cases.working import (
    Work,
    held_elsewhere,
    not_open,
    refuse_brand,
    stale,
)
from anti_fraud.store.cases import undoing as store
from anti_fraud.store.cases.deciding import WaitingScan
from anti_fraud.store.cases.working import lock_cases, save_cases
from core.errors import Conflict, Fault, NotFound
from core.event_types import EventType, Happening
from core.fence import share_fence
from core.names import are_one
from core.outbox import write_events


@dataclass(frozen=True, slots=True)
class UndoWish:
    """That somebody takes back what was decided of a case, seen in a version or not."""

    case_id: int
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it: a fault, or the case as it is again, and what waits again."""

    case_id: int
    fault: Fault | None = None
    case: Case | None = None
    value: Value = NOTHING
    scans: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """A decision of a locked case that is to be taken back, and what it settled."""

    case: Case
    decision: Entry
    scans: Sequence[WaitingScan]


async def undo_decisions(
    work: Work, ports: CasePorts, wishes: Sequence[UndoWish], *, reason: str
) -> list[Undone]:
    """Take back what was decided of cases, as far as possible; an outcome each."""
    refuse_brand(work.staff)
    await share_fence(work.conn)
    plans, faults = await _plan(work, wishes)
    asked = {
        plan.case.case_id: Undoing(
            tuple(scan.scan_id for scan in plan.scans), plan.decision.at
        )
        for plan in plans
    }
    told = await ports.reopen(work.conn, asked, next_id=work.next_id)
    done: dict[int, Undone] = {}
    good: list[tuple[_Plan, Sequence[WaitingScan]]] = []
    for plan in plans:
        number = plan.case.case_id
        answer = told[number]
        if isinstance(answer, Gone):
            done[number] = Undone(number, _refused(answer))
            continue
        # What was only looked at waits again whatever became of the rest.
        again = [s for s in plan.scans if s.scan_id in answer or not s.held]
        if plan.scans and not again:
            # All that it settled had ended otherwise.
            done[number] = Undone(number, _nothing())
        else:
            good.append((plan, again))
    done |= await _carry_out(work, good, reason)
    return [
        done.get(wish.case_id) or Undone(wish.case_id, faults[wish.case_id])
        for wish in wishes
    ]


async def undo_decision(
    work: Work, ports: CasePorts, wish: UndoWish, *, reason: str
) -> Undone:
    """Take back what was decided of one case; raises NotFound and Conflict."""
    [undone] = await undo_decisions(work, ports, [wish], reason=reason)
    if undone.fault is not None:
        raise undone.fault
    return undone


async def preview_undos(work: Work, wishes: Sequence[UndoWish]) -> list[Undone]:
    """Tell what would wait again; locks cases, and looks at nothing that is spent."""
    refuse_brand(work.staff)
    plans, faults = await _plan(work, wishes)
    done = {
        plan.case.case_id: Undone(
            plan.case.case_id,
            case=plan.case,
            value=sum((scan.value for scan in plan.scans), NOTHING),
            scans=len(plan.scans),
        )
        for plan in plans
    }
    return [
        done.get(wish.case_id) or Undone(wish.case_id, faults[wish.case_id])
        for wish in wishes
    ]


async def _plan(
    work: Work, wishes: Sequence[UndoWish]
) -> tuple[list[_Plan], dict[int, Fault]]:
    """Lock cases and find which decision of each is the one that goes."""
    cases = await lock_cases(work.conn, sorted({wish.case_id for wish in wishes}))
    decisions = await store.load_newest_decisions(work.conn, list(cases))
    faults: dict[int, Fault] = {}
    plans = []
    settled = await store.load_settled(
        work.conn, [each.entry_id for each in decisions.values()]
    )
    for wish in wishes:
        case, decision = cases.get(wish.case_id), decisions.get(wish.case_id)
        fault = _find_fault(work, case, decision, wish)
        if fault is not None:
            faults[wish.case_id] = fault
        elif case is not None and decision is not None:
            scans = settled.get(decision.entry_id, ())
            plans.append(_Plan(case, decision, scans))
    return plans, faults


def _find_fault(
    work: Work, case: Case | None, decision: Entry | None, wish: UndoWish
) -> Fault | None:
    if case is None:
        return NotFound(message("no_case"))
    if wish.expected_version not in {None, case.version}:
        return stale(case)
    if case.state is CaseState.WAITING or decision is None:
        return not_open(case) if case.state is CaseState.WAITING else _nothing()
    holder = case.holder(work.now)
    if holder is not None and not are_one(holder, work.staff.person):
        return held_elsewhere(case, holder)
    if work.now - decision.at > UNDO_WITHIN:
        minutes = UNDO_WITHIN // timedelta(minutes=1)
        return Conflict(message("undo_too_late", minutes=minutes), code="too_late")
    return None


def _nothing() -> Fault:
    return Conflict(message("nothing_to_undo"), code="illegal_state")


def _refused(gone: Gone) -> Fault:
    if gone.code == "spent":
        told = message("decision_spent", points=gone.points, others=gone.others)
    elif gone.code == CLAIMED_SINCE:
        told = message("undo_claimed_since", others=gone.others)
    elif gone.code == "limit_full":
        told = message("undo_limit_full", most=gone.most)
    else:
        told = message("undone_before")
    return Conflict(told, code=gone.code)


async def _carry_out(
    work: Work, good: Sequence[tuple[_Plan, Sequence[WaitingScan]]], reason: str
) -> dict[int, Undone]:
    """Write down what waits again; whoever took it back works on the case now."""
    cases, entries, events = [], [], []
    done: dict[int, Undone] = {}
    for plan, scans in good:
        value = sum((scan.value for scan in scans), NOTHING)
        case = replace(
            plan.case,
            state=CaseState.OPEN,
            collects=False,
            waiting=plan.case.waiting + len(scans),
            value=plan.case.value + value,
            decision=None,
            decided_by=None,
            decided_at=None,
            assignee=work.staff.person,
            assigned_until=work.now + IDLE,
        )
        told = _told(plan, scans, value)
        detail = told | {"reason": reason, "entry": str(plan.decision.entry_id)}
        cases.append(case)
        entries.append(
            Entry(
                *(work.next_id(), case.case_id, work.now, CaseEntryKind.UNDONE),
                *(work.staff.person, detail),
            )
        )
        events.append(
            Happening(
                EventType.CASE_REOPENED,
                {"case_id": str(case.case_id), "kind": case.kind.value}
                | {"person": work.staff.person}
                | told,
            )
        )
        again = replace(case, version=case.version + 1)
        done[case.case_id] = Undone(
            case.case_id, case=again, value=value, scans=len(scans)
        )
    await store.unsettle_scans(
        work.conn, [scan.scan_id for _, scans in good for scan in scans]
    )
    await save_cases(work.conn, cases)
    await write_down(work, entries)
    await write_events(work.conn, events)
    return done


def _told(plan: _Plan, scans: Sequence[WaitingScan], value: Value) -> dict[str, Any]:
    return {
        "decision": plan.decision.detail["decision"],
        "scans": len(scans),
        "points": value.points,
        "minor": value.minor,
        "others": value.others,
    }
