"""What EPCIS events do here: units move at once, codes change all together at the end.

Units and rows of line_counts are locked at the start, in the order in which everybody
takes them. The states of codes change last, because that takes the fence, and every
scan waits while somebody holds it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch
from codegen.domain.ranges import (
    ActivationTerms,
    Binding,
    CodeRange,
    Interval,
    RangeState,
    join_intervals,
    leave_out,
)
from codegen.domain.skips import SkipReason
from codegen.pipeline import (
    BulkChange,
    Rebinding,
    long_runs,
    new_binding,
    refuse_other_line,
    refuse_rebinding,
    void_or_ask,
    void_runs,
)
from codegen.store import load_ranges
from core.auth import Staff
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from printer_export.domain.aggregation.pack import UnitOrder
from printer_export.domain.aggregation.units import EventKind, Load, Moment
from printer_export.domain.epcis.capture import CaptureSkip
from printer_export.domain.epcis.reading import Step, ToldEvent
from printer_export.domain.messages import message
from printer_export.pipeline.aggregation.contents import (
    NO_CODE,
    OwnedCodes,
    find_owners,
)
from printer_export.pipeline.aggregation.move import move_units, unpack_units
from printer_export.pipeline.aggregation.pack import pack_units
from printer_export.pipeline.aggregation.shipments import (
    MAX_NEW_RANGES,
    activate_ranges,
    changes_of_shipment,
    lock_batches,
)
from printer_export.pipeline.epcis.unmoved import (
    MAX_UNMOVED,
    CodesByBatch,
    Unmoved,
    explain_unmoved,
)
from printer_export.store.aggregation import units as unit_store
from printer_export.store.aggregation.shipments import find_awaiting

CHANGES_OF_STATE: Final = frozenset({Step.COMMISSIONING, Step.DECOMMISSIONING})
# Each kind is a change of its own, and scans wait for all of them.
MAX_KINDS: Final = 50
_REASON: Final = "EPCIS"


@dataclass(frozen=True, slots=True)
class _Goods:
    """What an event activates codes of a batch as."""

    batch_id: int
    terms: ActivationTerms


@dataclass(frozen=True, slots=True)
class StateChanges:
    """What all events of a call did to codes."""

    activated: int
    voided: int
    void_request_ids: tuple[int, ...]
    not_activated: str
    skipped: tuple[CaptureSkip, ...]


@dataclass(frozen=True, slots=True)
class EventEffects:
    """Carries out the events of one call.

    `places` tells which of `codes` an event names, by its place in the document.
    """

    conn: AsyncConnection
    keys: EpochKeys
    staff: Staff
    now: datetime
    codes: OwnedCodes
    places: dict[int, slice]
    units: set[str]
    batches: dict[int, Batch]
    ranges: dict[int, list[CodeRange]] = field(default_factory=dict)
    bindings: dict[_Goods, Binding] = field(default_factory=dict)
    activations: dict[_Goods, list[Interval]] = field(default_factory=dict)
    voids: dict[int, list[Interval]] = field(default_factory=dict)
    void_pieces: Counter[int] = field(default_factory=Counter)
    void_codes: set[int] = field(default_factory=set)
    commissioned: dict[str, CodesByBatch] = field(default_factory=dict)
    decommissioned: dict[str, CodesByBatch] = field(default_factory=dict)
    unmoved: list[Unmoved] = field(default_factory=list)
    waiting: dict[int, list[Interval]] = field(default_factory=dict)

    async def move(self, run: Sequence[ToldEvent]) -> None:
        """Pack, unpack, ship or receive what a run of events of one step names.

        Raises what is wrong with any of them.
        """
        self._refuse_unlocked(run)
        match run[0].step:
            case Step.PACKING:
                orders = [_order_of(event) for event in run]
                moments = [self._moment(event) for event in run]
                await pack_units(self.conn, self.keys, orders, moments, self.staff)
                self.units.update(order.sscc for order in orders)
            case Step.UNPACKING:
                for event in run:
                    await self._refuse_part(event)
                await unpack_units(self.conn, self._loads(run), self.staff)
            case step:
                kind = EventKind(step.value)
                moved = await move_units(self.conn, kind, self._loads(run), self.staff)
                if kind is EventKind.SHIPPING:
                    # Now: who unpacks a carton later takes nothing back.
                    ssccs = [unit.sscc for each in moved for unit in each.units]
                    found = await find_awaiting(self.conn, ssccs)
                    for batch_id, intervals in found.items():
                        left = leave_out(intervals, sorted(self.void_codes))
                        self.waiting.setdefault(batch_id, []).extend(left)

    def _refuse_unlocked(self, run: Sequence[ToldEvent]) -> None:
        """Refuse units that were not there when all of them were locked.

        Somebody may have packed them meanwhile; their batches are not locked here.
        """
        packed = {event.parent for event in run if event.step is Step.PACKING}
        for event in run:
            named = set(event.units)
            if event.step is Step.UNPACKING and event.parent is not None:
                named.add(event.parent)
            for sscc in sorted(named - self.units - packed):
                raise NotFound(message("no_unit", sscc=sscc))

    def _loads(self, run: Sequence[ToldEvent]) -> list[Load]:
        return [
            Load(
                (event.parent,) if event.parent else tuple(dict.fromkeys(event.units)),
                self._moment(event),
            )
            for event in run
        ]

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
                detail = message("other_product", gtin=gtin, given=str(cap.gtin))
                problems.append(FieldError(at, "other_product", detail))
        if problems:
            raise InvalidInput(problems[0].detail, errors=tuple(problems))
        return self.codes.intervals(here)

    async def note(self, event: ToldEvent) -> None:
        """Look whether an event's caps can be activated or voided, and keep them."""
        caps = self._caps_of(event)
        for batch_id in caps:
            refuse_other_line(self.batches[batch_id], self.staff)
        if event.step is Step.DECOMMISSIONING:
            # Counted, not joined: that would go through all of them for each event.
            pieces = {b: len(long_runs(runs)) for b, runs in caps.items()}
            for batch_id, more in pieces.items():
                self._refuse_pieces(batch_id, self.void_pieces[batch_id] + more)
            self.void_pieces.update(pieces)
            for batch_id, intervals in caps.items():
                self.voids.setdefault(batch_id, []).extend(intervals)
            self.decommissioned[event.pointer] = caps
            self.void_codes.update(self._named_by(event))
            return
        void = sorted(self.void_codes & set(self._named_by(event)))
        caps = _without(caps, void)
        gtins = {cap.gtin for cap in event.caps} - {None}
        if len(gtins) > 1:
            raise InvalidInput.field(
                "/epcList", "several_products", message("one_product")
            )
        terms = ActivationTerms(
            gtin=next(iter(gtins), None), lot=event.lot, produced_on=event.produced_on
        )
        wanted: dict[_Goods, list[Interval]] = {}
        for batch_id, intervals in caps.items():
            goods = _Goods(batch_id, terms)
            others = [
                interval
                for other, noted in self.activations.items()
                if other.batch_id == batch_id and other != goods
                for interval in noted
            ]
            wanted[goods] = join_intervals(
                [*self.activations.get(goods, []), *intervals]
            )
            self._refuse_pieces(batch_id, len(others) + len(wanted[goods]))
            if _overlap(others, intervals):
                raise Conflict(message("activated_before"), code="activated_otherwise")
            batch, binding = self.batches[batch_id], await self._bind(goods)
            refuse_rebinding(batch, self.ranges[batch_id], intervals, binding)
        if len(self.activations.keys() | wanted.keys()) > MAX_KINDS:
            raise Conflict(
                message("too_many_kinds", most=MAX_KINDS), code="too_many_kinds"
            )
        self.activations.update(wanted)
        self.commissioned[event.pointer] = caps
        if void:
            self.unmoved.append(Unmoved(event.pointer, SkipReason.VOID, len(void)))

    def _named_by(self, event: ToldEvent) -> list[int]:
        named: list[int] = self.codes.code_ids[self.places[event.place]].tolist()
        return named

    def _refuse_pieces(self, batch_id: int, pieces: int) -> None:
        if pieces > MAX_NEW_RANGES:
            raise Conflict(
                message("too_many_ranges", batch_id=batch_id, most=MAX_NEW_RANGES),
                code="too_many_pieces",
            )

    async def _bind(self, goods: _Goods) -> Binding:
        """Find out, once, what codes become; raises InvalidInput for a GTIN."""
        if goods.batch_id not in self.ranges:
            self.ranges[goods.batch_id] = await load_ranges(self.conn, goods.batch_id)
        if goods not in self.bindings:
            batch = self.batches[goods.batch_id]
            self.bindings[goods] = await new_binding(
                self.conn, batch, goods.terms, self.staff
            )
        return self.bindings[goods]

    async def _refuse_part(self, event: ToldEvent) -> None:
        """Refuse to take a part out of a unit; raises Conflict."""
        whole, parent = True, event.parent
        assert parent is not None
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
            raise Conflict(message("part_of_unit", sscc=parent), code="part_of_unit")

    async def change_states(self) -> StateChanges:
        """Activate and void what all events together ask for, under the fence."""
        changes = [
            BulkChange(
                self.batches[goods.batch_id],
                RangeState.ACTIVATED,
                intervals,
                reason=_REASON,
                terms=goods.terms,
                rebinding=Rebinding.REFUSE,
            )
            for goods, intervals in self.activations.items()
        ]
        changes += changes_of_shipment(self.waiting, self.batches)
        done = await activate_ranges(self.conn, changes, self.staff, now=self.now)
        # Between the two: what is voided below was active, if it became so above.
        unmoved = self.unmoved + await explain_unmoved(
            self.conn, self.commissioned, done.change_ids, RangeState.ACTIVATED
        )
        voided, void_ids = 0, []
        asked: list[int] = []
        for batch_id, intervals in sorted(self.voids.items()):
            void = void_runs(self.batches[batch_id], join_intervals(intervals), _REASON)
            # What the caller may not void alone is asked for.
            gone = await void_or_ask(self.conn, void, self.staff, now=self.now)
            voided += gone.changed
            void_ids.append(gone.change_id)
            asked += gone.requests
        unmoved += await explain_unmoved(
            self.conn, self.decommissioned, void_ids, RangeState.VOID
        )
        return StateChanges(
            done.activated,
            voided,
            tuple(asked),
            str(done.not_activated or ""),
            tuple(each.word() for each in unmoved[:MAX_UNMOVED]),
        )


async def begin_effects(
    conn: AsyncConnection,
    keys: EpochKeys,
    events: Sequence[ToldEvent],
    staff: Staff,
    *,
    now: datetime,
) -> EventEffects:
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
    return EventEffects(conn, keys, staff, now, codes, places, set(units), batches)


def _without(
    caps: dict[int, list[Interval]], void: Sequence[int]
) -> dict[int, list[Interval]]:
    """Leave out what an event before voids: it never becomes active."""
    left = (
        {b: list(leave_out(runs, void)) for b, runs in caps.items()} if void else caps
    )
    return {batch_id: runs for batch_id, runs in left.items() if runs}


def _order_of(event: ToldEvent) -> UnitOrder:
    assert event.parent is not None
    codes = tuple(cap.code_text for cap in event.caps)
    return UnitOrder(event.parent, (), codes, event.units)


def _overlap(some: Sequence[Interval], others: Sequence[Interval]) -> bool:
    """Tell whether any codes are in both; the intervals of each are apart."""
    size = sum(last - first + 1 for first, last in (*some, *others))
    joined = join_intervals([*some, *others])
    return sum(last - first + 1 for first, last in joined) < size
