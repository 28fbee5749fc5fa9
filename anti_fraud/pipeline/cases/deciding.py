"""Deciding cases: what they hold is posted or voided in the decision's transaction.

One case is a batch of one. What changed meanwhile, or is somebody else's, is told, and
harms no other. Above a value a second person has the last word.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.cases import (
    NOTHING,
    Case,
    CaseEntryKind,
    CaseState,
    Entry,
    Proposal,
    Value,
    Verb,
)
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.working import (
    Work,
    enter,
    held_elsewhere,
    lock_case,
    not_open,
    refuse_brand,
    stale,
)
from anti_fraud.store import case_settings
from anti_fraud.store.cases import deciding as store
from anti_fraud.store.cases.deciding import WaitingScan
from anti_fraud.store.cases.working import (
    insert_entries,
    lock_cases,
    save_cases,
)
from core.auth.audit import Action, record_actions
from core.errors import Conflict, Fault, InvalidInput, NotFound
from core.event_types import EventType, Happening
from core.fence import share_fence
from core.ids import current_request_id
from core.names import are_one
from core.outbox import write_events


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a case that they saw in a version.

    `scans` are those that it is about; none: all that wait. With `release_code` other
    members may claim the codes of what is denied.
    """

    case_id: int
    expected_version: int
    decision: Verb
    scans: frozenset[int] = frozenset()
    release_code: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish: a fault, or what was posted and voided.

    So many codes were `released`, so that others may claim them.
    """

    case_id: int
    fault: Fault | None = None
    state: CaseState | None = None
    posted: Value = NOTHING
    voided: Value = NOTHING
    released: int = 0


@dataclass(slots=True)
class _Ruling:
    """A decision that holds: of which scans of a locked case, asked for and by whom."""

    case: Case
    decision: Verb
    scans: Sequence[WaitingScan]
    detail: dict[str, Any]
    decided_by: str
    release_code: bool = False
    value: Value = field(init=False)

    def __post_init__(self) -> None:
        self.value = sum((scan.value for scan in self.scans), NOTHING)


async def decide_cases(
    work: Work, ports: CasePorts, wishes: Sequence[Wish], *, note: str
) -> list[Outcome]:
    """Decide cases as far as possible; gives an outcome each, in order.

    Raises InvalidInput where codes are to be released of what is approved.
    """
    refuse_brand(work.staff)
    _check_releases(wishes)
    await share_fence(work.conn)
    cases = await lock_cases(work.conn, sorted({wish.case_id for wish in wishes}))
    faults = [_find_fault(work, cases.get(wish.case_id), wish) for wish in wishes]
    good = [wish for wish, fault in zip(wishes, faults, strict=True) if fault is None]
    settings = await case_settings.load_settings(work.conn)
    waiting = await _load_waiting(work, good)
    rulings, proposals = [], []
    for wish in good:
        case, scans = cases[wish.case_id], waiting[wish.case_id]
        if _takes_two(case, settings):
            proposals.append((case, wish, len(scans)))
        else:
            rulings.append(
                _Ruling(
                    *(case, wish.decision, scans, {"note": note}, work.staff.person),
                    wish.release_code,
                )
            )
    done = await carry_out(work, ports, rulings)
    done |= await _propose(work, proposals, note)
    return [
        done[wish.case_id] if fault is None else Outcome(wish.case_id, fault)
        for wish, fault in zip(wishes, faults, strict=True)
    ]


async def decide_case(
    work: Work, ports: CasePorts, wish: Wish, *, note: str
) -> Outcome:
    """Decide one case; raises NotFound, Conflict and InvalidInput."""
    [outcome] = await decide_cases(work, ports, [wish], note=note)
    if outcome.fault is not None:
        raise outcome.fault
    return outcome


async def preview_cases(work: Work, wishes: Sequence[Wish]) -> list[Outcome]:
    """Tell what deciding cases would come to; locks them, and changes nothing."""
    refuse_brand(work.staff)
    _check_releases(wishes)
    cases = await lock_cases(work.conn, sorted({wish.case_id for wish in wishes}))
    settings = await case_settings.load_settings(work.conn)
    return [_preview(work, cases.get(wish.case_id), wish, settings) for wish in wishes]


def _preview(
    work: Work, case: Case | None, wish: Wish, settings: CaseSettings
) -> Outcome:
    fault = _find_fault(work, case, wish)
    if case is None or fault is not None:
        return Outcome(wish.case_id, fault)
    if _takes_two(case, settings):
        return Outcome(wish.case_id, state=CaseState.WAITING)
    return _outcome(case.case_id, CaseState.DECIDED, wish.decision, case.value)


async def approve_decision(
    work: Work, ports: CasePorts, case_id: int, *, expected_version: int | None
) -> Outcome:
    """Carry out what another person proposed; raises NotFound and Conflict."""
    await share_fence(work.conn)
    case = await lock_case(work, case_id, expected_version)
    proposal, person = case.proposal, case.proposed_by
    if proposal is None or person is None:
        raise not_open(case)
    if are_one(person, work.staff.person):
        raise Conflict(
            message("decision_takes_two", person=person), code="second_person_needed"
        )
    wish = Wish(case_id, case.version, proposal.decision, frozenset(proposal.scans))
    scans = (await _load_waiting(work, [wish]))[case_id]
    detail = {"note": proposal.note, "approved_by": work.staff.person}
    case = replace(case, state=CaseState.OPEN, proposal=None, proposed_by=None)
    ruling = _Ruling(
        *(case, proposal.decision, scans, detail, person), proposal.release_code
    )
    return (await carry_out(work, ports, [ruling]))[case_id]


async def reject_decision(
    work: Work, case_id: int, reason: str, *, expected_version: int | None
) -> Case:
    """Send a case back to who proposed a decision; they may do so themselves."""
    case = await lock_case(work, case_id, expected_version)
    if case.state is not CaseState.WAITING:
        raise not_open(case)
    open_again = replace(case, state=CaseState.OPEN, proposal=None, proposed_by=None)
    await save_cases(work.conn, [open_again])
    await enter(work, open_again, CaseEntryKind.REJECTED, {"reason": reason})
    return replace(open_again, version=case.version + 1)


def _check_releases(wishes: Sequence[Wish]) -> None:
    """Raise InvalidInput for who approves a claim and ends it at once."""
    if any(w.release_code and w.decision is not Verb.DENY for w in wishes):
        raise InvalidInput.field("/release_code", "invalid", message("release_denied"))


def _takes_two(case: Case, settings: CaseSettings) -> bool:
    """Go by all that waits in the case, so that no part of it slips through alone."""
    return settings.takes_two(case.value.points, case.value.minor)


def _find_fault(work: Work, case: Case | None, wish: Wish) -> Fault | None:
    if case is None:
        return NotFound(message("no_case"))
    if case.version != wish.expected_version:
        return stale(case)
    if case.state is not CaseState.OPEN:
        return not_open(case)
    holder = case.holder(work.now)
    if holder is not None and not are_one(holder, work.staff.person):
        return held_elsewhere(case, holder)
    return None


async def _load_waiting(
    work: Work, wishes: Sequence[Wish]
) -> Mapping[int, Sequence[WaitingScan]]:
    """Load what wishes are about; raises InvalidInput for scans that do not wait."""
    found: dict[int, list[WaitingScan]] = defaultdict(list)
    for scan in await store.load_waiting(work.conn, [w.case_id for w in wishes]):
        found[scan.case_id].append(scan)
    for wish in wishes:
        if wish.scans:
            some = [s for s in found[wish.case_id] if s.scan_id in wish.scans]
            if len(some) < len(wish.scans):
                raise InvalidInput.field(
                    "/scans", "unknown_scan", message("scan_not_waiting")
                )
            found[wish.case_id] = some
    return found


async def carry_out(
    work: Work, ports: CasePorts, rulings: Sequence[_Ruling]
) -> dict[int, Outcome]:
    """Settle what decisions are about, and write down who decided."""
    decisions = {s.scan_id: r.decision for r in rulings for s in r.scans}
    if not rulings:
        return {}
    settled = await ports.settle(
        work.conn,
        decisions,
        releases={s.scan_id for r in rulings if r.release_code for s in r.scans},
        next_id=work.next_id,
        now=work.now,
    )
    ended, released = set(settled.scans), set(settled.released)
    entries, cases, events = [], [], []
    entry_of: dict[int, int] = {}
    outcomes: dict[int, Outcome] = {}
    for ruling in rulings:
        value = sum((s.value for s in ruling.scans if s.scan_id in ended), NOTHING)
        told = _told(ruling, value)
        if ruling.release_code:
            told["released"] = sum(s.scan_id in released for s in ruling.scans)
        case = _after(work, ruling)
        entry = Entry(
            work.next_id(),
            case.case_id,
            work.now,
            CaseEntryKind.DECIDED,
            ruling.decided_by,
            told | ruling.detail,
        )
        entries.append(entry)
        entry_of |= {scan.scan_id: entry.entry_id for scan in ruling.scans}
        cases.append(case)
        outcome = _outcome(case.case_id, case.state, ruling.decision, value)
        outcomes[case.case_id] = replace(outcome, released=told.get("released", 0))
        events.append(_tell(case, ruling, told))
    await store.settle_scans(work.conn, entry_of)
    await save_cases(work.conn, cases)
    await write_down(work, entries)
    await write_events(work.conn, events)
    return outcomes


def _after(work: Work, ruling: _Ruling) -> Case:
    """Give the case as it is after a decision: over once nothing waits in it."""
    case = replace(
        ruling.case,
        waiting=ruling.case.waiting - len(ruling.scans),
        value=ruling.case.value.less(ruling.value),
    )
    if case.waiting:
        return case
    return replace(
        case,
        state=CaseState.DECIDED,
        collects=False,
        decision=ruling.decision,
        decided_by=ruling.decided_by,
        decided_at=work.now,
    )


def _told(ruling: _Ruling, value: Value) -> dict[str, Any]:
    return {
        "decision": ruling.decision.value,
        "scans": len(ruling.scans),
        "points": value.points,
        "minor": value.minor,
        "others": value.others,
    }


def _tell(case: Case, ruling: _Ruling, told: dict[str, Any]) -> Happening:
    of_case = {"case_id": str(case.case_id), "kind": case.kind.value}
    of_case |= {"state": case.state.value, "person": ruling.decided_by}
    return Happening(EventType.CASE_DECIDED, of_case | told)


def _outcome(case_id: int, state: CaseState, decision: Verb, value: Value) -> Outcome:
    if decision is Verb.APPROVE:
        return Outcome(case_id, state=state, posted=value)
    return Outcome(case_id, state=state, voided=value)


async def _propose(
    work: Work, proposals: Sequence[tuple[Case, Wish, int]], note: str
) -> dict[int, Outcome]:
    """Let decisions wait for a second person; nothing joins their cases meanwhile."""
    cases, entries = [], []
    for case, wish, scans in proposals:
        proposal = Proposal(
            wish.decision, note, wish.release_code, tuple(sorted(wish.scans))
        )
        cases.append(
            replace(
                case,
                state=CaseState.WAITING,
                collects=False,
                proposal=proposal,
                proposed_by=work.staff.person,
            )
        )
        entries.append(
            Entry(
                work.next_id(),
                case.case_id,
                work.now,
                CaseEntryKind.PROPOSED,
                work.staff.person,
                {"decision": wish.decision.value, "scans": scans, "note": note}
                | ({"release_code": True} if wish.release_code else {}),
            )
        )
    await save_cases(work.conn, cases)
    await write_down(work, entries)
    return {c.case_id: Outcome(c.case_id, state=c.state) for c in cases}


async def write_down(work: Work, entries: Sequence[Entry]) -> None:
    """Write what happened into timelines, and what staff did into the audit log."""
    await insert_entries(work.conn, entries)
    request_id = current_request_id() or None
    done = [
        Action(
            work.staff,
            f"case.{entry.kind.value}",
            f"case:{entry.case_id}",
            dict(entry.detail),
            request_id,
        )
        for entry in entries
    ]
    await record_actions(work.conn, done, now=work.now)
