"""How far lines have come with batches: counts, reasons, and how lately they told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from printer_export.domain.reconciliation import ReasonCount
from printer_export.domain.reports.statuses import STATUSES
from printer_export.domain.reports.taking import TakenReport
from printer_export.pipeline.reports.unit_accounts import add_up_units
from printer_export.store.packages import orders as package_store
from printer_export.store.reports import statuses as status_store
from printer_export.store.reports import taking as store


@dataclass(frozen=True, slots=True)
class Correction:
    """By how much the reasons of a status are too few, or too many below zero.

    A cap that was printed with a grade may be spoilt later, or have been told twice.
    """

    status: str
    quantity: int
    grade: str = ""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How the caps of a batch stand, and what lines told of them.

    `counts` are by status, with `issued`; `reasons` add up to them but for
    `corrections`; `units` are by (unit, status); `reports` are the newest.
    """

    is_trial: bool
    counts: Mapping[str, int]
    reasons: Sequence[ReasonCount]
    corrections: Sequence[Correction]
    units: Mapping[tuple[str, str], int]
    reports: Sequence[TakenReport]
    printed_lately: int


async def load_progress(
    conn: AsyncConnection, batch: Batch, *, lately: datetime, limit: int
) -> BatchProgress:
    """Load how a batch stands, with `limit` reports and what was printed `lately`."""
    batch_id = batch.batch_id
    counts = await status_store.load_counts(conn, batch_id, batch.quantity)
    reasons = await store.load_tallies(conn, batch_id)
    return BatchProgress(
        is_trial=bool(await package_store.find_samples_among(conn, [batch_id])),
        counts=counts,
        reasons=reasons,
        corrections=_correct(counts, reasons),
        units=await add_up_units(conn, batch_id),
        reports=await store.list_reports(conn, batch_id, before_id=None, limit=limit),
        printed_lately=await store.count_printed(conn, batch_id, lately),
    )


def _correct(
    counts: Mapping[str, int], reasons: Sequence[ReasonCount]
) -> list[Correction]:
    told = Counter[str]()
    for each in reasons:
        told[each.status] += each.quantity
    return [
        Correction(status, more)
        for status in STATUSES[1:]
        if told[status] and (more := counts[status] - told[status])
    ]


async def count_batches(
    conn: AsyncConnection, batches: Sequence[Batch]
) -> list[tuple[Batch, dict[str, int]]]:
    """Tell how the caps of batches stand, by status and with `issued`.

    Samples are left out: no line ever sees them.
    """
    samples = await package_store.find_samples_among(
        conn, [batch.batch_id for batch in batches]
    )
    kept = [batch for batch in batches if batch.batch_id not in samples]
    counts = await status_store.load_counts_of(
        conn, {batch.batch_id: batch.quantity for batch in kept}
    )
    return [(batch, counts[batch.batch_id]) for batch in kept]
