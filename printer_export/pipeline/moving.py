"""Shipping, receiving and unpacking units: all of a request or nothing."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Staff
from core.auth.audit import record_action
from core.clock import to_ms
from core.errors import Conflict, FieldError
from core.ids import time_uuid
from printer_export.domain.logistics import (
    CARTONS_GO_ALONG,
    STATE_AFTER,
    EventKind,
    EventUnit,
    LogisticEvent,
    LogisticUnit,
    Moment,
)
from printer_export.pipeline.units import pick_unit
from printer_export.store import logistic_events as event_store
from printer_export.store import logistics as store


async def ship_or_receive(
    conn: AsyncConnection,
    kind: EventKind,
    ssccs: Sequence[str],
    moment: Moment,
    staff: Staff,
) -> LogisticEvent:
    """Move units, and with a pallet its cartons; one event for all of them.

    Raises NotFound for an unknown one, Conflict naming each that cannot.
    """
    units = await store.lock_units(conn, ssccs)
    named = _check(kind, ssccs, units, staff)
    moved = [EventUnit(unit.sscc) for unit in named]
    moved += [
        EventUnit(unit.sscc, unit.pallet_sscc)
        for unit in units.values()
        if unit.pallet_sscc is not None
    ]
    await store.set_state(conn, [unit.sscc for unit in moved], STATE_AFTER[kind])
    [event] = await _record(conn, kind, [moved], moment, staff)
    return event


async def unpack_units(
    conn: AsyncConnection, ssccs: Sequence[str], moment: Moment, staff: Staff
) -> list[LogisticEvent]:
    """Set free what is in units; one event for each, in their order.

    The cartons of a pallet stay packed. Raises as shipping does.
    """
    kind = EventKind.UNPACKING
    units = await store.lock_units(conn, ssccs)
    _check(kind, ssccs, units, staff)
    taken_off = {
        sscc: [EventUnit(u.sscc, sscc) for u in units.values() if u.pallet_sscc == sscc]
        for sscc in ssccs
    }
    await store.empty_units(conn, ssccs, now=moment.recorded_at)
    await store.set_state(conn, ssccs, STATE_AFTER[kind])
    groups = [[EventUnit(sscc), *taken_off[sscc]] for sscc in ssccs]
    return await _record(conn, kind, groups, moment, staff)


def _check(
    kind: EventKind,
    ssccs: Sequence[str],
    units: Mapping[str, LogisticUnit],
    staff: Staff,
) -> list[LogisticUnit]:
    """Give the units that move by themselves; raises Conflict for what cannot move.

    A carton that was named beside its pallet goes with the pallet.
    """
    alone: list[LogisticUnit] = []
    problems: list[FieldError] = []
    for number, sscc in enumerate(ssccs):
        unit = pick_unit(units, sscc, staff)
        if unit.pallet_sscc in ssccs and kind in CARTONS_GO_ALONG:
            continue
        alone.append(unit)
        refusals = [unit.refusal(kind)]
        if kind in CARTONS_GO_ALONG:
            along = (u for u in units.values() if u.pallet_sscc == sscc)
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
    groups: Sequence[Sequence[EventUnit]],
    moment: Moment,
    staff: Staff,
) -> list[LogisticEvent]:
    """Write down an event for each group of units, and who did it."""
    events = [
        LogisticEvent(time_uuid(to_ms(moment.recorded_at)), kind, moment, tuple(units))
        for units in groups
    ]
    await event_store.insert_events(conn, events)
    await record_action(
        conn,
        staff,
        action=f"logistic_unit.{kind}",
        subject=f"logistic_unit:{events[0].units[0].sscc}",
        detail={"events": [event.event_id for event in events]},
        now=moment.recorded_at,
    )
    return events
