"""Acting beyond a case: members blocked, codes ended, tiers frozen, campaigns paused.

What an action does is another feature's, or a list's: ports do it, in the transaction
that writes it down. Codes are voided and recalled by two persons: the action asks, and
an issuer approves. An action is taken back once, by whoever works on cases.
"""

from dataclasses import replace

import msgspec

from anti_fraud.domain.case_actions import (
    ASKED_FOR,
    NEEDS,
    ActionKind,
    CaseAction,
    Foretold,
    NewAction,
)
from anti_fraud.domain.cases import Case, CaseEntryKind
from anti_fraud.domain.lists import ListName
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases.ports import ActionPorts
from anti_fraud.pipeline.cases.working import Work, enter, lock_case, refuse_brand
from anti_fraud.pipeline.lists import NewEntry, add_entry, check_entry, remove_entry
from anti_fraud.store.cases import acting as store
from anti_fraud.store.cases.listing import find_case
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.event_types import EventType, Happening
from core.fence import take_fence
from core.outbox import write_events


async def foretell_action(
    work: Work, ports: ActionPorts, case_id: int, wish: NewAction
) -> Foretold:
    """Tell what an action would do; raises what taking it would raise."""
    refuse_brand(work.staff)
    _check(wish)
    case = await find_case(work.conn, case_id)
    if case is None:
        raise NotFound(message("no_case"))
    if wish.action is ActionKind.BLOCK:
        await check_entry(work.conn, _entry(wish), ports.find_span, now=work.now)
        return Foretold(scans=case.scans)
    return await ports.foretell(work.conn, wish, work.staff, scans=case.scans)


async def act(work: Work, ports: ActionPorts, case_id: int, wish: NewAction) -> int:
    """Take an action because of a case; gives its number. Raises NotFound, Conflict.

    It is obeyed by every scan that commits after it, and changes no case's version.
    """
    refuse_brand(work.staff)
    _check(wish)
    # What scans are decided by changes: before any case is locked, as always.
    await take_fence(work.conn)
    case = await lock_case(work, case_id, None)
    if wish.action is ActionKind.BLOCK:
        made = str(
            await add_entry(
                *(work.conn, _entry(wish), work.staff, ports.find_span), now=work.now
            )
        )
    else:
        take = ports.take[wish.action]
        made = await take(work.conn, wish, work.staff, now=work.now)
    asked = msgspec.to_builtins(wish)
    action = CaseAction(
        *(work.next_id(), case_id, work.now, wish.action, work.staff.person),
        *(asked, made),
    )
    await store.insert_action(work.conn, action)
    await _tell(work, case, action, CaseEntryKind.ACTED)
    return action.action_id


async def undo_action(work: Work, ports: ActionPorts, action_id: int) -> CaseAction:
    """Take an action back, once; raises NotFound, and Conflict for what can't be."""
    refuse_brand(work.staff)
    await take_fence(work.conn)
    action = await store.lock_action(work.conn, action_id)
    if action is None:
        raise NotFound(message("no_action"))
    if action.undone_by is not None:
        told = message("action_undone", person=action.undone_by)
        raise Conflict(told, code="illegal_state")
    if action.kind in ASKED_FOR:
        raise Conflict(message("codes_stay"), code="illegal_state")
    case = await lock_case(work, action.case_id, None)
    wish = msgspec.convert(action.asked, NewAction)
    if action.kind is ActionKind.BLOCK:
        await remove_entry(work.conn, int(action.made), work.staff, now=work.now)
    else:
        undo = ports.undo[action.kind]
        await undo(work.conn, wish, work.staff, now=work.now)
    person = work.staff.person
    await store.note_undone(work.conn, action_id, person=person, now=work.now)
    await _tell(work, case, action, CaseEntryKind.ACTION_UNDONE)
    return replace(action, undone_by=person, undone_at=work.now)


def _check(wish: NewAction) -> None:
    """Raise InvalidInput that names each field which the action needs and lacks."""
    missing = [name for name in NEEDS[wish.action] if getattr(wish, name) is None]
    if missing:
        told = message("action_needs", action=wish.action.value)
        errors = tuple(FieldError(f"/{name}", "missing", told) for name in missing)
        raise InvalidInput(told, errors=errors)


def _entry(wish: NewAction) -> NewEntry:
    assert wish.kind is not None, "it was checked"
    assert wish.value is not None, "it was checked"
    return NewEntry(ListName.BLOCK, wish.kind, wish.value, wish.until, wish.reason)


async def _tell(
    work: Work, case: Case, action: CaseAction, kind: CaseEntryKind
) -> None:
    """Write into the case's timeline and the audit log, and let the world know."""
    detail = {"action": action.kind.value, "action_id": str(action.action_id)}
    await enter(work, case, kind, detail | {"asked": action.asked, "made": action.made})
    undone = kind is CaseEntryKind.ACTION_UNDONE
    told = detail | {"case_id": str(case.case_id), "person": work.staff.person}
    await write_events(
        work.conn, [Happening(EventType.CASE_ACTED, told | {"undone": undone})]
    )
