"""Shipping, receiving and unpacking units: all of a request or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Staff
from core.auth.audit import record_action
from core.clock import to_ms
from core.errors import Conflict, FieldError
from core.ids import time_uuid
from printer_export.domain.aggregation.units import (
    CARTONS_GO_ALONG,
    STATE_AFTER,
    EventKind,
    EventUnit,
    Load,
    LogisticEvent,
    LogisticUnit,
    Moment,
)
from printer_export.domain.messages import message
from printer_export.pipeline.aggregation.units import pick_unit
from printer_export.store.aggregation import events as event_store
from printer_export.store.aggregation import units as store


async def move_units(
    conn: AsyncConnection, kind: EventKind, loads: Sequence[Load], staff: Staff
) -> list[LogisticEvent]:
    """Ship or receive units, and with a pallet its cartons; one event a load.

    Raises NotFound for an unknown one, Conflict naming each that cannot.
    """
    locked = await _LockedUnits.lock(conn, loads)
    groups = []
    for load in loads:
        named = locked.check(kind, load, staff)
        moved = [EventUnit(unit.sscc) for unit in named]
        moved += [
            EventUnit(carton.sscc, unit.sscc)
            for unit in named
            for carton in locked.cartons.get(unit.sscc, ())
        ]
        groups.append((moved, load.moment))
    ssccs = [unit.sscc for moved, _ in groups for unit in moved]
    await store.set_state(conn, ssccs, STATE_AFTER[kind])
    return await _record(conn, kind, groups, staff)


async def unpack_units(
    conn: AsyncConnection, loads: Sequence[Load], staff: Staff
) -> list[LogisticEvent]:
    """Set free what is in units; one event for each, in their order.

    The cartons of a pallet stay packed. Raises as moving does.
    """
    kind = EventKind.UNPACKING
    locked = await _LockedUnits.lock(conn, loads)
    groups = []
    for load in loads:
        locked.check(kind, load, staff)
        for sscc in load.ssccs:
            taken_off = locked.cartons.get(sscc, ())
            units = [EventUnit(sscc), *(EventUnit(c.sscc, sscc) for c in taken_off)]
            groups.append((units, load.moment))
    ssccs = [sscc for load in loads for sscc in load.ssccs]
    await store.empty_units(conn, ssccs, now=loads[0].moment.recorded_at)
    await store.set_state(conn, ssccs, STATE_AFTER[kind])
    return await _record(conn, kind, groups, staff)


@dataclass(frozen=True, slots=True)
class _LockedUnits:
    """Units that are locked, and the cartons on those that are pallets."""

    units: Mapping[str, LogisticUnit]
    cartons: Mapping[str, list[LogisticUnit]]

    @classmethod
    async def lock(cls, conn: AsyncConnection, loads: Sequence[Load]) -> "_LockedUnits":
        """Lock what is named, once for all loads; a unit is in one of them."""
        named = [sscc for load in loads for sscc in load.ssccs]
        if len(loads) > 1 and len(set(named)) < len(named):
            raise Conflict(message("two_loads"), code="illegal_state")
        units = await store.lock_units(conn, named)
        cartons: dict[str, list[LogisticUnit]] = {}
        for unit in units.values():
            if unit.pallet_sscc is not None:
                cartons.setdefault(unit.pallet_sscc, []).append(unit)
        return cls(units, cartons)

    def check(self, kind: EventKind, load: Load, staff: Staff) -> list[LogisticUnit]:
        """Give the units that move by themselves; raises Conflict for what cannot.

        A carton that was named beside its pallet goes with the pallet.
        """
        alone: list[LogisticUnit] = []
        problems: list[FieldError] = []
        named = frozenset(load.ssccs)
        for number, sscc in enumerate(load.ssccs):
            unit = pick_unit(self.units, sscc, staff)
            if unit.pallet_sscc in named and kind in CARTONS_GO_ALONG:
                continue
            alone.append(unit)
            refusals = [unit.refusal(kind)]
            if kind in CARTONS_GO_ALONG:
                along = self.cartons.get(sscc, ())
                refusals += [carton.state_refusal(kind) for carton in along]
            problems += [
                FieldError(f"/ssccs/{number}", "illegal_state", refusal)
                for refusal in refusals
                if refusal is not None
            ]
        if problems:
            raise Conflict(
                problems[0].detail, code="illegal_state", errors=tuple(problems[:100])
            )
        return alone


async def _record(
    conn: AsyncConnection,
    kind: EventKind,
    groups: Sequence[tuple[Sequence[EventUnit], Moment]],
    staff: Staff,
) -> list[LogisticEvent]:
    """Write down an event for each group of units, and who did it."""
    now = groups[0][1].recorded_at
    events = [
        LogisticEvent(time_uuid(to_ms(now)), kind, moment, tuple(units))
        for units, moment in groups
    ]
    await event_store.insert_events(conn, events)
    await record_action(
        conn,
        staff,
        action=f"logistic_unit.{kind}",
        subject=f"logistic_unit:{events[0].units[0].sscc}",
        detail={"events": [event.event_id for event in events]},
        now=now,
    )
    return events
