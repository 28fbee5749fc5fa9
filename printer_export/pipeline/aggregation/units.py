"""Finding logistic units within a caller's scope."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import BatchInterval
from core.auth import Staff
from core.errors import InvalidInput, NotFound
from printer_export.domain.aggregation.units import LogisticUnit, SsccError, parse_sscc
from printer_export.store.aggregation import units as store


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
        raise NotFound(f"There is no logistic unit {sscc}.")
    return unit


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
        raise InvalidInput.field("/carton", "invalid_sscc", str(fault)) from None
    unit = (await store.find_units(conn, [sscc])).get(sscc)
    if unit is None or not may_see(unit, staff):
        return []
    return [
        BatchInterval(part.batch_id, part.first_code_id, part.last_code_id)
        for part in await store.find_contents(conn, [sscc])
    ]
