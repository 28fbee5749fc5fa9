"""What an order for a package may choose from: rolls, print houses, formats."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch, Unit
from codegen.domain.code_text import cap_link_prefix
from core.auth import Staff
from printer_export.domain.packages.rows import PRINTED, Preset, format_rows
from printer_export.store.packages import orders as store

# Past so many, a list is no help: they are typed.
MOST_UNITS: Final = 200


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A roll or box, and the package that holds codes of it already, if any does."""

    unit: Unit
    package_id: int | None


@dataclass(frozen=True, slots=True)
class OrderChoices:
    """What the form shows; no units where they are too many to choose from."""

    units: tuple[UnitChoice, ...]
    printhouses: tuple[str, ...]


async def load_order_choices(
    conn: AsyncConnection, batch: Batch, staff: Staff
) -> OrderChoices:
    """Load what can be ordered of a batch, and for whom."""
    units: list[UnitChoice] = []
    if len(batch.units) <= MOST_UNITS:
        first = batch.first_code_id
        held = await store.find_overlaps(
            conn, Preset.CSV, first, first + batch.quantity - 1
        )
        for unit in batch.units:
            holders = (
                package_id
                for package_id, begin, end in held
                if begin - first <= unit.to_index and unit.from_index <= end - first
            )
            units.append(UnitChoice(unit, next(holders, None)))
    houses = await store.list_printhouses(conn, of_brand=staff.brand)
    return OrderChoices(tuple(units), tuple(houses))


def sample_rows(batch: Batch) -> dict[str, str]:
    """Show a row of each format that is printed from, with a code of zeros."""
    if batch.link_fault is not None:
        return {}
    prefix = cap_link_prefix(batch.link_base, batch.link_form, batch.gtin).encode()
    codes = np.full((1, 16), ord("0"), np.uint8)
    return {
        preset.value: format_rows(
            preset, codes=codes, first_index=0, link_prefix=prefix
        )
        .tobytes()
        .decode()
        .strip()
        for preset in PRINTED
    }
