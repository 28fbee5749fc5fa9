"""Finding logistic units within a caller's scope."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import BatchInterval
from codegen.store import find_batch
from core.auth import Staff
from core.errors import InvalidInput, NotFound
from printer_export.domain.aggregation.pack import Span
from printer_export.domain.aggregation.units import (
    LogisticEvent,
    LogisticUnit,
    SsccError,
    UnitKind,
    parse_sscc,
)
from printer_export.domain.messages import message
from printer_export.store.aggregation import events as event_store
from printer_export.store.aggregation import units as store


@dataclass(frozen=True, slots=True)
class LoadedUnit:
    """A unit, what was packed in it, and what happened to it, oldest first.

    Also of a unit that was unpacked since.
    """

    unit: LogisticUnit
    contents: tuple[Span, ...]
    children: tuple[str, ...]
    events: tuple[LogisticEvent, ...]


def may_see(unit: LogisticUnit, staff: Staff) -> bool:
    """Tell whether a unit is within a caller's scope, as its caps are."""
    return (staff.brand is None or unit.brand in {None, staff.brand}) and (
        staff.line is None or unit.line in {None, staff.line}
    )


def pick_unit(
    units: Mapping[str, LogisticUnit], sscc: str, staff: Staff
) -> LogisticUnit:
    """Take a unit that the caller may see; raises NotFound."""
    unit = units.get(sscc)
    if unit is None or not may_see(unit, staff):
        raise NotFound(message("no_unit", sscc=sscc))
    return unit


async def load_unit(conn: AsyncConnection, sscc: str, staff: Staff) -> LoadedUnit:
    """Load a unit that the caller may see; raises NotFound."""
    unit = pick_unit(await store.find_units(conn, [sscc]), sscc, staff)
    contents: list[Span] = []
    if unit.kind is UnitKind.CARTON:
        for part in await store.find_contents(conn, [sscc]):
            batch = await find_batch(conn, part.batch_id)
            assert batch is not None
            base = batch.first_code_id
            first, last = part.first_code_id - base, part.last_code_id - base
            contents.append(Span(part.batch_id, first, last))
    return LoadedUnit(
        unit,
        tuple(contents),
        tuple(await event_store.list_cartons(conn, sscc)),
        tuple(await event_store.list_events(conn, [sscc])),
    )


async def find_packed_codes(
    conn: AsyncConnection, given: str, staff: Staff
) -> list[BatchInterval]:
    """Tell which codes were packed in a carton, or in the cartons of a pallet.

    It goes by what was packed, also if it was unpacked since. Nothing is found under
    an SSCC that is unknown or out of scope; raises InvalidInput for what is none.
    """
    try:
        sscc = parse_sscc(given)
    except SsccError as fault:
        raise InvalidInput.field("/carton", "invalid_sscc", fault.detail) from None
    unit = (await store.find_units(conn, [sscc])).get(sscc)
    if unit is None or not may_see(unit, staff):
        return []
    return [
        BatchInterval(part.batch_id, part.first_code_id, part.last_code_id)
        for part in await store.find_contents(conn, [sscc])
    ]
