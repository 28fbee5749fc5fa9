"""Capturing EPCIS events: each once, all of a call or what is right of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from core.auth import Role, Staff
from core.auth.audit import record_action
from core.clock import to_ms
from core.errors import Fault, FieldError, Forbidden, InvalidInput, NotFound
from core.ids import time_uuid
from core.problem_codes import address_of
from printer_export.domain.aggregation.units import may_have_happened
from printer_export.domain.epcis.capture import CaptureError, CaptureJob
from printer_export.domain.epcis.reading import Reading, ToldEvent
from printer_export.domain.messages import message
from printer_export.pipeline.epcis.effects import (
    CHANGES_OF_STATE,
    EventEffects,
    StateChanges,
    begin_effects,
)
from printer_export.store import epcis as store

_MAX_ERRORS: Final = 1_000
_AUDITED: Final = ("activated", "voided", "not_activated")


class ErrorBehaviour(StrEnum):
    """What becomes of the other events when one is wrong (EPCIS 2.0, section 12.6)."""

    ROLLBACK = "rollback"
    PROCEED = "proceed"


async def capture_events(
    conn: AsyncConnection,
    keys: EpochKeys,
    reading: Reading,
    behaviour: ErrorBehaviour,
    staff: Staff,
    *,
    now: datetime,
) -> CaptureJob:
    """Carry out events in their order; returns the capture job of EPCIS 2.0.

    Raises InvalidInput for any wrong event, with where it is wrong, unless the others
    shall proceed.
    """
    capture_id = time_uuid(to_ms(now))
    errors = list(reading.problems)
    told = _in_time(reading.events, errors, now)
    fresh, repeats = await _claim(conn, capture_id, told, errors, staff)
    effects = await begin_effects(conn, keys, fresh, staff, now=now)
    failed: set[str] = set()
    forbidden = False
    async for event, fault in _carry_out(effects, fresh):
        errors += _errors_of(event, fault)
        failed.add(event.key)
        forbidden = forbidden or isinstance(fault, Forbidden)
    if forbidden and behaviour is ErrorBehaviour.ROLLBACK:
        raise Forbidden(
            message("not_yours"),
            code="not_yours_to_change",
            errors=tuple(errors[:_MAX_ERRORS]),
        )
    if errors and behaviour is ErrorBehaviour.ROLLBACK:
        raise InvalidInput(
            message("capture_refused", why=errors[0].detail),
            code="capture_refused",
            errors=tuple(errors[:_MAX_ERRORS]),
        )
    states = await effects.change_states()
    await store.forget_events(conn, staff.brand or "", failed)
    counts = {
        "captured": len(fresh) - len(failed),
        "repeated": sum(key not in failed for key in repeats),
    }
    job = _job_of(capture_id, behaviour, errors, counts, states, now=now)
    await store.insert_capture(
        conn,
        capture_id,
        person=staff.person,
        error_behaviour=behaviour.value,
        now=now,
        job=job,
    )
    did = {name: getattr(states, name) for name in _AUDITED}
    await record_action(
        conn,
        staff,
        action="epcis.capture",
        subject=f"epcis_capture:{capture_id}",
        detail=counts | did | {"errors": len(errors)},
        now=now,
    )
    return job


async def get_capture(
    conn: AsyncConnection, capture_id: str, staff: Staff
) -> CaptureJob:
    """Give a capture job to whoever sent it, and to admins; raises NotFound."""
    found = await store.find_capture(conn, capture_id)
    if found is None or (found.person != staff.person and staff.role is not Role.ADMIN):
        raise NotFound(message("no_capture", capture_id=capture_id))
    return found.job


def _in_time(
    events: Sequence[ToldEvent], errors: list[FieldError], now: datetime
) -> list[ToldEvent]:
    """Keep the events that can have happened."""
    kept = []
    for event in events:
        if may_have_happened(event.happened_at, now):
            kept.append(event)
            continue
        at = f"{event.pointer}/eventTime"
        errors.append(FieldError(at, "invalid_time", message("event_time")))
    return kept


async def _claim(
    conn: AsyncConnection,
    capture_id: str,
    events: Sequence[ToldEvent],
    errors: list[FieldError],
    staff: Staff,
) -> tuple[list[ToldEvent], list[str]]:
    """Keep the events that were not told before; gives them, and the keys of repeats.

    Another event under a known eventID is wrong.
    """
    first: dict[str, ToldEvent] = {}
    again = [e for e in events if first.setdefault(e.key, e) is not e]
    brand = staff.brand or ""
    earlier = await store.claim_events(
        conn,
        capture_id,
        brand,
        {key: event.content_hash for key, event in first.items()},
    )
    # Events without an eventID were once known by how they were written.
    nameless = {e.older_hash.hex(): e for e in first.values() if e.event_id is None}
    for older_key in await store.find_events(conn, brand, nameless):
        event = nameless[older_key]
        earlier.setdefault(event.key, event.content_hash)
    known = {key: event.content_hash for key, event in first.items()} | earlier
    again += [event for key, event in first.items() if key in earlier]
    repeats = []
    for event in again:
        if known[event.key] in {event.content_hash, event.older_hash}:
            repeats.append(event.key)
        else:
            errors.append(_reused(event))
    return [event for key, event in first.items() if key not in earlier], repeats


def _reused(event: ToldEvent) -> FieldError:
    detail = message("event_id_reused", event_id=str(event.event_id))
    return FieldError(f"{event.pointer}/eventID", "event_id_reused", detail)


async def _carry_out(
    effects: EventEffects, events: Sequence[ToldEvent]
) -> AsyncIterator[tuple[ToldEvent, Fault]]:
    """Carry out events in order; yields those that are wrong, and what is wrong."""
    for step, run in groupby(events, key=lambda event: event.step):
        if step not in CHANGES_OF_STATE:
            async for wrong in _move(effects, list(run)):
                yield wrong
            continue
        for event in run:
            try:
                await effects.note(event)
            except Fault as fault:
                yield event, fault


async def _move(
    effects: EventEffects, run: Sequence[ToldEvent]
) -> AsyncIterator[tuple[ToldEvent, Fault]]:
    """Move what a run of events names all at once, and in halves where that fails."""
    try:
        async with effects.conn.begin_nested():
            await effects.move(run)
    except Fault as fault:
        if len(run) == 1:
            yield run[0], fault
            return
    else:
        return
    half = len(run) // 2
    for part in (run[:half], run[half:]):
        async for wrong in _move(effects, part):
            yield wrong


# Where packing and moving say that something is wrong, in the words of an event.
_POINTERS: Final = (
    ("/units/0/codes", "/childEPCs"),
    ("/units/0/children", "/childEPCs"),
    ("/units/0", "/parentID"),
    ("/epcList", "/epcList"),
)


def _errors_of(event: ToldEvent, fault: Fault) -> list[FieldError]:
    """Say what is wrong with an event, and where in its document."""
    of_units = "/parentID" if event.parent is not None else "/epcList"
    pointers = (*_POINTERS, ("/ssccs", of_units))
    told = []
    for error in fault.errors or (FieldError("", fault.code, fault.detail),):
        below = ""
        for ours, theirs in pointers:
            if error.pointer.startswith(ours):
                rest = error.pointer.removeprefix(ours)
                below = theirs if theirs == "/parentID" else theirs + rest
                break
        told.append(FieldError(event.pointer + below, error.code, error.detail))
    return told


def _job_of(
    capture_id: str,
    behaviour: ErrorBehaviour,
    errors: Sequence[FieldError],
    counts: Mapping[str, int],
    states: StateChanges,
    *,
    now: datetime,
) -> CaptureJob:
    at = now.isoformat(timespec="milliseconds")
    return CaptureJob(
        capture_id=capture_id,
        created_at=at,
        finished_at=at,
        running=False,
        success=not errors,
        capture_error_behaviour=behaviour.value,
        errors=tuple(map(_word, errors[:_MAX_ERRORS])),
        **counts,
        activated=states.activated,
        voided=states.voided,
        void_request_ids=states.void_request_ids,
        not_activated=states.not_activated,
        skipped=states.skipped,
    )


def _word(error: FieldError) -> CaptureError:
    """Write what is wrong with an event as EPCIS 2.0 does (section 12.6)."""
    return CaptureError(
        address_of(InvalidInput.code),
        InvalidInput.title,
        InvalidInput.status,
        error.pointer,
        error.code,
        str(error.detail),
    )
