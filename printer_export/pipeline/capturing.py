"""Carrying out what EPCIS events ask for: packed, moved, activated, voided.

Two passes. The first goes event by event and takes units and rows of line_counts, in
the order that everybody takes them. The second changes the states of codes, all at
once, because it holds the fence, and scans wait for it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batch import Batch
from codegen.domain.ranges import CodeRange, Interval, RangeState, join_intervals
from codegen.pipeline import BulkChange, change_in_bulk, check_activation
from codegen.store import load_ranges
from core.auth import Staff
from core.auth.audit import record_action
from core.clock import to_ms
from core.errors import Conflict, Fault, FieldError, InvalidInput
from core.ids import time_uuid
from printer_export.domain.epcis.reading import Reading, Step, ToldEvent
from printer_export.domain.logistics import CLOCKS_DIFFER, EventKind, Moment
from printer_export.domain.packing import UnitOrder
from printer_export.pipeline.contents import NO_CODE, OwnedCodes, find_owners
from printer_export.pipeline.effects import void_runs
from printer_export.pipeline.moving import ship_or_receive, unpack_units
from printer_export.pipeline.packing import pack_units
from printer_export.pipeline.shipping import (
    MAX_NEW_RANGES,
    activate_ranges,
    changes_of_shipment,
    lock_batches,
)
from printer_export.store import captures as store
from printer_export.store import logistics as unit_store

MAX_ERRORS: Final = 1_000
_REASON: Final = "EPCIS"


class ErrorBehaviour(StrEnum):
    """What becomes of the other events when one is wrong (EPCIS 2.0, section 12.6)."""

    ROLLBACK = "rollback"
    PROCEED = "proceed"


@dataclass(frozen=True, slots=True)
class _Goods:
    """What an event activates codes as; None is what their batch says."""

    batch_id: int
    gtin: str | None
    lot: str | None
    produced_on: date | None

    def binding(self) -> dict[str, Any]:
        """Give it as an activation takes it."""
        return {"gtin": self.gtin, "lot": self.lot, "produced_on": self.produced_on}


@dataclass(frozen=True, slots=True)
class _Capture:
    """The events of one call while they are carried out."""

    conn: AsyncConnection
    keys: EpochKeys
    staff: Staff
    now: datetime
    codes: OwnedCodes
    places: dict[int, slice]
    batches: dict[int, Batch]
    ranges: dict[int, list[CodeRange]] = field(default_factory=dict)
    activations: dict[_Goods, list[Interval]] = field(default_factory=dict)
    voids: dict[int, list[Interval]] = field(default_factory=dict)
    shipped: list[str] = field(default_factory=list)

    async def carry_out(self, event: ToldEvent) -> None:
        """Do what an event asks for, as far as that is no change of codes' states."""
        match event.step:
            case Step.COMMISSIONING:
                await self._commission(event)
            case Step.DECOMMISSIONING:
                for batch_id, intervals in self._caps_of(event).items():
                    self.voids.setdefault(batch_id, []).extend(intervals)
            case Step.PACKING:
                assert event.parent is not None
                codes = tuple(cap.code_text for cap in event.caps)
                order = UnitOrder(event.parent, (), codes, event.units)
                moment = self._moment(event)
                await pack_units(self.conn, self.keys, [order], moment, self.staff)
            case Step.UNPACKING:
                assert event.parent is not None
                await self._refuse_part(event, event.parent)
                moment = self._moment(event)
                await unpack_units(self.conn, [event.parent], moment, self.staff)
            case Step.SHIPPING | Step.RECEIVING:
                kind = EventKind(event.step.value)
                ssccs = list(dict.fromkeys(event.units))
                moved = await ship_or_receive(
                    self.conn, kind, ssccs, self._moment(event), self.staff
                )
                if kind is EventKind.SHIPPING:
                    self.shipped.extend(unit.sscc for unit in moved.units)

    def _moment(self, event: ToldEvent) -> Moment:
        return Moment(
            event.happened_at,
            event.time_zone_offset,
            self.now,
            self.staff.person,
            event.read_point,
            event.biz_location,
            event.event_id,
        )

    def _caps_of(self, event: ToldEvent) -> dict[int, list[Interval]]:
        """Give the codes of an event by batch; raises InvalidInput for each wrong one.

        A cap that is named with a product is of a batch of it, or of none in
        particular.
        """
        here = self.places[event.place]
        owners = self.codes.batch_ids[here].tolist()
        problems: list[FieldError] = []
        for place, (cap, batch_id) in enumerate(zip(event.caps, owners, strict=True)):
            at = f"/epcList/{place}"
            if not batch_id:
                problems.append(FieldError(at, "invalid_code", NO_CODE))
                continue
            gtin = self.batches[batch_id].gtin
            if cap.gtin not in {None, gtin} and gtin is not None:
                detail = f"This is a cap of product {gtin}, not {cap.gtin}."
                problems.append(FieldError(at, "other_product", detail))
        if problems:
            raise InvalidInput(problems[0].detail, errors=tuple(problems))
        return self.codes.intervals(here)

    async def _commission(self, event: ToldEvent) -> None:
        """Look whether these codes can be activated, and keep them for the end."""
        caps = self._caps_of(event)
        gtins = {cap.gtin for cap in event.caps} - {None}
        if len(gtins) > 1:
            raise InvalidInput.field(
                "/epcList", "several_products", "Commission one product an event."
            )
        gtin = next(iter(gtins), None)
        for batch_id, intervals in caps.items():
            batch = self.batches[batch_id]
            goods = _Goods(batch_id, gtin, event.lot, event.produced_on)
            if batch_id not in self.ranges:
                self.ranges[batch_id] = await load_ranges(self.conn, batch_id)
            await check_activation(
                self.conn,
                batch,
                self.ranges[batch_id],
                intervals,
                goods.binding(),
                self.staff,
            )
            joined = join_intervals([*self.activations.get(goods, []), *intervals])
            if len(joined) > MAX_NEW_RANGES:
                raise Conflict(
                    f"With this event the codes of batch {batch_id} lie in more than "
                    f"{MAX_NEW_RANGES:,} pieces; activate them by range or unit.",
                    code="too_many_pieces",
                )
            self.activations[goods] = joined

    async def _refuse_part(self, event: ToldEvent, parent: str) -> None:
        """Refuse to take a part out of a unit; raises Conflict."""
        whole = True
        if event.caps:
            named = self.codes.code_ids[self.places[event.place]].tolist()
            contents = await unit_store.find_contents(self.conn, [parent])
            inside = [(part.first_code_id, part.last_code_id) for part in contents]
            whole = join_intervals((c, c) for c in named) == join_intervals(inside)
        elif event.units:
            units = await unit_store.lock_units(self.conn, [parent])
            on_it = {s for s, unit in units.items() if unit.pallet_sscc == parent}
            whole = set(event.units) == on_it
        if not whole:
            raise Conflict(
                f"This names a part of what {parent} holds, or more. A unit is "
                "unpacked as a whole: name all of it, or leave childEPCs out.",
                code="part_of_unit",
            )

    async def change_states(self) -> dict[str, Any]:
        """Activate and void what all events together ask for, under the fence."""
        changes = [
            BulkChange(
                self.batches[goods.batch_id],
                RangeState.ACTIVATED,
                intervals,
                reason=_REASON,
                binding=goods.binding(),
            )
            for goods, intervals in self.activations.items()
        ]
        changes += await changes_of_shipment(self.conn, self.shipped, self.batches)
        done = await activate_ranges(self.conn, changes, self.staff, now=self.now)
        voided = 0
        for batch_id, intervals in sorted(self.voids.items()):
            void = void_runs(self.batches[batch_id], join_intervals(intervals), _REASON)
            voided += await change_in_bulk(self.conn, void, self.staff, now=self.now)
        return {
            "activated": done.activated,
            "voided": voided,
            "not_activated": done.not_activated,
        }


async def capture_events(
    conn: AsyncConnection,
    keys: EpochKeys,
    reading: Reading,
    behaviour: ErrorBehaviour,
    staff: Staff,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Carry out events in their order; returns the capture job of EPCIS 2.0.

    Raises InvalidInput for any wrong event, with where it is wrong, unless the others
    shall proceed.
    """
    capture_id = time_uuid(to_ms(now))
    errors = list(reading.problems)
    fresh = await _claim(conn, capture_id, reading.events, errors, now)
    wrong = len(errors) - len(reading.problems)
    repeated = len(reading.events) - len(fresh) - wrong
    capture = await _begin(conn, keys, fresh, staff, now)
    failed: list[str] = []
    for event in fresh:
        try:
            async with _undone_by_faults(conn, event):
                await capture.carry_out(event)
        except Fault as fault:
            errors += _errors_of(event, fault)
            failed.append(event.key)
    if errors and behaviour is ErrorBehaviour.ROLLBACK:
        raise InvalidInput(
            f"{errors[0].detail} Nothing of the document was captured.",
            code="capture_refused",
            errors=tuple(errors[:MAX_ERRORS]),
        )
    effects = await capture.change_states()
    await store.forget_events(conn, failed)
    counts = {"captured": len(fresh) - len(failed), "repeated": repeated}
    answer = _word_job(capture_id, behaviour, errors, now) | counts | effects
    await store.insert_capture(
        conn,
        capture_id,
        person=staff.person,
        error_behaviour=behaviour.value,
        now=now,
        answer=answer,
    )
    await record_action(
        conn,
        staff,
        action="epcis.capture",
        subject=f"epcis_capture:{capture_id}",
        detail=counts | effects | {"errors": len(errors)},
        now=now,
    )
    return answer


async def _claim(
    conn: AsyncConnection,
    capture_id: str,
    events: Sequence[ToldEvent],
    errors: list[FieldError],
    now: datetime,
) -> list[ToldEvent]:
    """Keep the events that were not told before; others that say so are wrong."""
    seen: dict[str, bytes] = {}
    first: list[ToldEvent] = []
    for event in events:
        if event.happened_at > now + CLOCKS_DIFFER:
            detail = "An event tells what has happened; this is to come."
            at = f"{event.pointer}/eventTime"
            errors.append(FieldError(at, "invalid_time", detail))
        elif event.key not in seen:
            seen[event.key] = event.content_hash
            first.append(event)
        elif seen[event.key] != event.content_hash:
            errors.append(_reused(event))
    earlier = await store.claim_events(
        conn, capture_id, {event.key: event.content_hash for event in first}
    )
    errors += [
        _reused(event)
        for event in first
        if earlier.get(event.key, event.content_hash) != event.content_hash
    ]
    return [event for event in first if event.key not in earlier]


def _reused(event: ToldEvent) -> FieldError:
    detail = f"The eventID {event.event_id} was used before, for another event."
    return FieldError(f"{event.pointer}/eventID", "event_id_reused", detail)


async def _begin(
    conn: AsyncConnection,
    keys: EpochKeys,
    events: Sequence[ToldEvent],
    staff: Staff,
    now: datetime,
) -> _Capture:
    """Open all codes at once, and lock all units and batches in everybody's order."""
    places: dict[int, slice] = {}
    texts: list[str | None] = []
    for event in events:
        places[event.place] = slice(len(texts), len(texts) + len(event.caps))
        texts += [cap.code_text for cap in event.caps]
    codes = await find_owners(conn, keys, texts, staff)
    named = {sscc for event in events for sscc in (*event.units, event.parent) if sscc}
    units = await unit_store.lock_units(conn, named) if named else {}
    batches = await lock_batches(conn, list(units), codes.batches)
    return _Capture(conn, keys, staff, now, codes, places, batches)


@asynccontextmanager
async def _undone_by_faults(
    conn: AsyncConnection, event: ToldEvent
) -> AsyncIterator[None]:
    """Let a fault undo what its own event has written, and nothing else."""
    if event.step in {Step.COMMISSIONING, Step.DECOMMISSIONING}:
        yield  # which write at the end only
        return
    async with conn.begin_nested():
        yield


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


def _word_job(
    capture_id: str,
    behaviour: ErrorBehaviour,
    errors: Sequence[FieldError],
    now: datetime,
) -> dict[str, Any]:
    """Write a capture job as EPCIS 2.0 does (section 12.6)."""
    at = now.isoformat(timespec="milliseconds")
    return {
        "captureID": capture_id,
        "createdAt": at,
        "finishedAt": at,
        "running": False,
        "success": not errors,
        "captureErrorBehaviour": behaviour.value,
        "errors": [
            {
                "type": "about:blank",
                "title": "InvalidInput",
                "status": InvalidInput.status,
                "pointer": error.pointer,
                "code": error.code,
                "detail": error.detail,
            }
            for error in errors[:MAX_ERRORS]
        ],
    }
