"""The SQL of what was told of rolls and boxes as quantities."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.reports.statuses import NUMBER_OF, STATUSES
from printer_export.domain.reports.unit_accounts import Counts
from printer_export.tables import unit_accounts, unit_quantities

_COUNTED = [status.value for status in STATUSES if status != "unprinted"]


async def load_told(conn: AsyncConnection, batch_id: int) -> dict[str, Counts]:
    """Load the quantities of units, (statuses,) int64 each."""
    rows = await conn.execute(
        select(unit_quantities).where(unit_quantities.c.batch_id == batch_id)
    )
    told: dict[str, Counts] = {}
    for row in rows:
        counts = told.setdefault(row.unit, np.zeros(len(STATUSES), dtype=np.int64))
        counts[NUMBER_OF[row.status]] = row.quantity
    return told


async def load_totals(conn: AsyncConnection, batch_id: int) -> dict[str, Counts]:
    """Load how all caps of units stand that have an account, (statuses,) int64 each."""
    rows = await conn.execute(
        select(unit_accounts).where(unit_accounts.c.batch_id == batch_id)
    )
    return {
        row.unit: np.array([0, *(getattr(row, name) for name in _COUNTED)], np.int64)
        for row in rows
    }


async def save_told(
    conn: AsyncConnection, batch_id: int, told: Mapping[str, Counts]
) -> None:
    """Store the quantities of units."""
    rows = [
        {"batch_id": batch_id, "unit": unit, "status": name, "quantity": int(quantity)}
        for unit, counts in told.items()
        for name, quantity in zip(_COUNTED, counts[1:], strict=True)
    ]
    if rows:
        added = pg_insert(unit_quantities)
        await conn.execute(
            added.on_conflict_do_update(
                index_elements=["batch_id", "unit", "status"],
                set_={"quantity": added.excluded.quantity},
            ),
            rows,
        )


async def save_totals(
    conn: AsyncConnection,
    batch_id: int,
    caps: Mapping[str, int],
    totals: Mapping[str, Counts],
) -> None:
    """Store how all caps of units stand; a constraint keeps them within the caps."""
    rows = [
        {"batch_id": batch_id, "unit": unit, "caps": caps[unit]}
        | dict(zip(_COUNTED, counts[1:].tolist(), strict=True))
        for unit, counts in totals.items()
    ]
    if rows:
        added = pg_insert(unit_accounts)
        await conn.execute(
            added.on_conflict_do_update(
                index_elements=["batch_id", "unit"],
                set_={name: added.excluded[name] for name in _COUNTED},
            ),
            rows,
        )
