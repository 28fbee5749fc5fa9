"""Accounting for caps: of one batch, and of all batches by place."""

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.pipeline import get_batch
from core.auth import Staff
from printer_export.domain.reconciliation import (
    Grouping,
    PlaceCounts,
    Reconciliation,
    Span,
    UnitCount,
    spoilage_rate,
)
from printer_export.pipeline.reports.unit_accounts import add_up_units
from printer_export.store.reconciliation import add_up_places
from printer_export.store.reports import statuses as status_store
from printer_export.store.reports import taking as store


async def reconcile_batch(
    conn: AsyncConnection, batch_id: int, staff: Staff
) -> Reconciliation:
    """Account for every cap of a batch, and tell why caps were lost; NotFound."""
    batch = await get_batch(conn, batch_id, staff)
    counts = await status_store.load_counts(conn, batch_id, batch.quantity)
    units = await add_up_units(conn, batch_id)
    return Reconciliation(
        batch_id=batch_id,
        **counts,
        spoilage_rate=spoilage_rate(counts),
        units=tuple(
            UnitCount(unit, status, quantity)
            for (unit, status), quantity in units.items()
        ),
        reasons=tuple(await store.load_tallies(conn, batch_id)),
    )


async def reconcile_places(
    conn: AsyncConnection, by: Grouping, span: Span, staff: Staff, *, timezone: ZoneInfo
) -> list[PlaceCounts]:
    """Add up the batches within the caller's scope by plant, or by plant and line."""
    return await add_up_places(
        conn,
        by,
        span,
        timezone=timezone,
        of_brand=staff.brand,
        of_line=staff.line,
    )
