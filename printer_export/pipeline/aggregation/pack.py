"""Packing caps into cartons and cartons onto pallets: all of a request or nothing."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from core.auth import Staff
from core.auth.audit import record_action
from core.clock import to_ms
from core.errors import Conflict, FieldError, InvalidInput
from core.ids import time_uuid
from core.messages import Message
from printer_export.domain.aggregation.pack import (
    CapRange,
    UnitOrder,
    check_orders,
    doubly_packed,
)
from printer_export.domain.aggregation.units import (
    EventKind,
    EventUnit,
    LogisticEvent,
    LogisticUnit,
    Moment,
    Scope,
    UnitKind,
    UnitState,
    scope_of,
)
from printer_export.domain.messages import message
from printer_export.pipeline.aggregation.contents import Contents, read_contents
from printer_export.pipeline.aggregation.units import may_see
from printer_export.store.aggregation import events as event_store
from printer_export.store.aggregation import units as store
from printer_export.store.reports.statuses import lock_counts

_MAX_ERRORS: Final = 100


async def pack_units(
    conn: AsyncConnection,
    keys: EpochKeys,
    given: Sequence[UnitOrder],
    moments: Sequence[Moment],
    staff: Staff,
) -> list[LogisticEvent]:
    """Pack units, each at its moment; returns the event of each, in their order.

    Raises InvalidInput for what is not an SSCC, range or code, and Conflict for what is
    packed already, each with pointers; NotFound for batches out of scope.
    """
    orders, problems = check_orders(given)
    _refuse(problems)
    contents = await read_contents(conn, keys, orders, staff)
    _refuse([*contents.problems, *_twice(contents.parts)])
    children = [child for order in orders for child in order.children]
    cartons = await store.lock_units(conn, children) if children else {}
    units = _new_units(orders, contents, cartons, staff)
    # Whoever packs caps of a batch does so alone, so that both are told, not one.
    for batch_id, batch in sorted(contents.batches.items()):
        await lock_counts(conn, batch_id, batch.quantity)
    _refuse_used(orders, await store.insert_units(conn, units))
    if contents.parts:
        await _refuse_packed(conn, contents)
        await store.insert_contents(conn, contents.parts)
    for order in orders:
        if order.children:
            await store.place_on_pallet(conn, order.sscc, order.children)
    events = [_packing_of(*each) for each in zip(orders, moments, strict=True)]
    # A carton is packed before it is put on a pallet of the same request.
    await event_store.insert_events(conn, sorted(events, key=lambda e: len(e.units)))
    await record_action(
        conn,
        staff,
        action="logistic_unit.packing",
        subject=f"logistic_unit:{orders[0].sscc}",
        detail={"events": [event.event_id for event in events]},
        now=moments[0].recorded_at,
    )
    return events


def _packing_of(order: UnitOrder, moment: Moment) -> LogisticEvent:
    cartons = (EventUnit(child, order.sscc) for child in order.children)
    event_id = time_uuid(to_ms(moment.recorded_at))
    units = (EventUnit(order.sscc), *cartons)
    return LogisticEvent(event_id, EventKind.PACKING, moment, units)


def _refuse(problems: Sequence[FieldError]) -> None:
    if problems:
        raise InvalidInput(problems[0].detail, errors=tuple(problems[:_MAX_ERRORS]))


def _refuse_state(problems: Sequence[FieldError]) -> None:
    if problems:
        first = problems[0]
        errors = tuple(problems[:_MAX_ERRORS])
        raise Conflict(first.detail, code=first.code, errors=errors)


def _twice(parts: Iterable[CapRange]) -> list[FieldError]:
    """Complain about caps that one request puts in two places."""
    return [
        FieldError(
            part.pointer,
            "packed_twice",
            message("caps_twice", pointer=other.pointer),
        )
        for part, other in doubly_packed(parts)
    ]


def _new_units(
    orders: Sequence[UnitOrder],
    contents: Contents,
    cartons: dict[str, LogisticUnit],
    staff: Staff,
) -> list[LogisticUnit]:
    """Make the units of a request; cartons first, since pallets ask whose they are."""
    problems: list[FieldError] = []
    made: dict[str, LogisticUnit] = {}
    scopes = contents.scopes()
    numbered = sorted(enumerate(orders), key=lambda pair: pair[1].kind)
    for number, order in numbered:
        at = f"/units/{number}"
        if order.kind is UnitKind.CARTON:
            owners = list(scopes.get(order.sscc, ()))
        else:
            known = cartons | made
            for place, child in enumerate(order.children):
                problem = _child_problem(child, known.get(child), staff)
                if problem is not None:
                    pointer = f"{at}/children/{place}"
                    problems.append(FieldError(pointer, "not_free", problem))
            owners = [
                Scope(known[c].brand, known[c].line)
                for c in order.children
                if c in known
            ]
        scope = scope_of(owners)
        if scope is None:
            problems.append(FieldError(at, "several_brands", message("one_brand")))
            continue
        made[order.sscc] = LogisticUnit(
            order.sscc, order.kind, UnitState.PACKED, scope.brand, scope.line
        )
    _refuse_state(problems)
    return list(made.values())


def _child_problem(
    sscc: str, unit: LogisticUnit | None, staff: Staff
) -> Message | None:
    """Tell why a carton cannot be put on a pallet; None if it can."""
    if unit is None or not may_see(unit, staff):
        return message("no_carton", sscc=sscc)
    if unit.kind is not UnitKind.CARTON:
        return message("pallet_on_pallet", sscc=sscc)
    # It can leave the floor for a pallet exactly when it could leave for the road.
    return unit.refusal(EventKind.SHIPPING)


def _refuse_used(orders: Sequence[UnitOrder], fresh: frozenset[str]) -> None:
    _refuse_state(
        [
            FieldError(
                f"/units/{number}/sscc",
                "sscc_used",
                message("sscc_used", sscc=order.sscc),
            )
            for number, order in enumerate(orders)
            if order.sscc not in fresh
        ]
    )


async def _refuse_packed(conn: AsyncConnection, contents: Contents) -> None:
    """Name the caps that are in a carton already, and in which."""
    found = await store.find_packed(conn, contents.parts, limit=_MAX_ERRORS)
    problems = []
    for place, there in found:
        base = contents.batches[there.batch_id].first_code_id
        first, last = there.first_code_id - base, there.last_code_id - base
        detail = message(
            "already_packed",
            batch_id=there.batch_id,
            first=first,
            last=last,
            sscc=there.sscc,
        )
        pointer = contents.parts[place].pointer
        problems.append(FieldError(pointer, "already_packed", detail))
    _refuse_state(problems)
