"""Applying reported rows to the statuses of a batch's codes, and counting them."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.reports.header import Columns
from printer_export.domain.reports.reader import Notes, RowError, UnitRow
from printer_export.domain.reports.statuses import (
    CHUNK_BITS,
    PRINTED,
    SPOILT,
    STATUSES,
    Applied,
    LineStatus,
    ReportRows,
    StatusChunks,
    apply_rows,
    apply_singly,
    runs_of,
)
from printer_export.pipeline.reports.unit_accounts import UnitAccounts
from printer_export.store.reports import statuses as status_store
from printer_export.store.reports import taking as store

_MAX_ERRORS: Final = 1_000
# Loaded at a time, with what they were before: 128 KiB each.
MAX_CHUNKS: Final = 256
_NAMES: Final = {
    LineStatus.UNPRINTED: message("status_unprinted"),
    LineStatus.PRINTED: message("status_printed"),
    LineStatus.REJECTED: message("status_rejected"),
    LineStatus.WASTED: message("status_wasted"),
    LineStatus.MISSING: message("status_missing"),
    LineStatus.INDETERMINATE: message("status_indeterminate"),
}


@dataclass(slots=True, kw_only=True)
class StatusUpdate:
    """What a report does to the statuses of its batch, so far.

    It grows with the report's separate runs of spoilt codes.
    """

    batch: Batch
    notes: Notes
    accounts: UnitAccounts
    passed_over: tuple[str, ...]
    errors: list[RowError] = field(default_factory=list)
    wrong_rows: int = 0
    rows: int = 0
    blocks: int = 0
    unchanged: int = 0
    deltas: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(STATUSES), dtype=np.int64)
    )
    tallies: dict[tuple[str, str, str], int] = field(default_factory=dict)
    spoilt: list[tuple[int, int]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    printed_units: set[str] = field(default_factory=set)

    def note(self, errors: list[RowError]) -> None:
        """Count what is wrong with a block of rows; the first ones are told in full."""
        self.wrong_rows += len({error.line for error in errors})
        errors = sorted(errors, key=lambda error: (error.line, error.column))
        self.errors += errors[: _MAX_ERRORS - len(self.errors)]


async def apply_statuses(
    conn: AsyncConnection, update: StatusUpdate, rows: ReportRows
) -> list[RowError]:
    """Apply rows, in halves while they touch more chunks than memory shall hold.

    A row that spans very many chunks counts by pieces, others as a whole. Returns
    what is wrong with them.
    """
    rows = _in_pieces(rows)
    needed = await asyncio.to_thread(_chunks_of, rows)
    if len(needed) > MAX_CHUNKS and len(rows) > 1:
        half = len(rows) // 2
        errors = await apply_statuses(conn, update, rows.pick(slice(0, half)))
        return errors + await apply_statuses(conn, update, rows.pick(slice(half, None)))
    batch_id, accounts = update.batch.batch_id, update.accounts
    chunks = StatusChunks()
    stored = await status_store.load_chunks(conn, batch_id, needed)
    for chunk_no in needed:
        chunks.put(chunk_no, stored.get(chunk_no))
    await accounts.open_within(needed)
    applied = await asyncio.to_thread(apply_rows, chunks, rows)
    if await asyncio.to_thread(accounts.name, chunks.changed()):
        # Something among them is denied by a unit's quantities: row by row, then.
        chunks.rewind()
        applied = await asyncio.to_thread(apply_singly, chunks, rows, accounts.name)
    update.unchanged += applied.unchanged
    update.deltas += applied.moves.sum(axis=0) - applied.moves.sum(axis=1)
    update.touched.update(needed)
    await _keep(conn, update, chunks)
    good = rows.pick(applied.good)
    if len(good):
        names = list(update.notes.numbers)
        _tally(update, good, applied.changed[applied.good], names)
        await store.insert_block(conn, batch_id, update.blocks, good, names)
        update.blocks += 1
    return _errors_of(rows, applied)


async def _keep(
    conn: AsyncConnection, update: StatusUpdate, chunks: StatusChunks
) -> None:
    changed = chunks.changed()
    for first, before, statuses in changed:
        update.spoilt += runs_of(SPOILT[statuses] & ~SPOILT[before], first)
    if changed:
        saved = {first >> CHUNK_BITS: statuses for first, _, statuses in changed}
        await status_store.save_chunks(conn, update.batch.batch_id, saved)


def _errors_of(rows: ReportRows, applied: Applied) -> list[RowError]:
    """Say what is wrong with rows that did not count."""

    def wanted(row: int) -> Message:
        return _NAMES[STATUSES[rows.status[row]]]

    told = [
        (n, message("cannot_become", present=_NAMES[present], wanted=wanted(n)))
        for n, present in applied.wrong
    ] + [
        (n, message("unit_denies", unit=unit, wanted=wanted(n)))
        for n, unit in applied.denied
    ]
    return [RowError(int(rows.line[n]), 1, said) for n, said in told]


def _in_pieces(rows: ReportRows) -> ReportRows:
    """Cut rows that span more codes than MAX_CHUNKS chunks hold."""
    widest = MAX_CHUNKS // 2 << CHUNK_BITS
    pieces = -(-(rows.last - rows.first + 1) // widest)
    if (pieces <= 1).all():
        return rows
    which = np.repeat(np.arange(len(rows)), pieces)
    ends = np.cumsum(pieces)
    nth = np.arange(len(which)) - np.repeat(ends - pieces, pieces)
    first = rows.first[which] + nth * widest
    last = np.minimum(first + widest - 1, rows.last[which])
    return ReportRows(
        first, last, rows.status[which], rows.note[which], rows.line[which]
    )


def _chunks_of(rows: ReportRows) -> list[int]:
    """List the chunks that rows touch."""
    first, last = rows.first >> CHUNK_BITS, rows.last >> CHUNK_BITS
    needed = set(np.unique(first).tolist()) | set(np.unique(last).tolist())
    wide = last - first > 1
    for begin, end in zip(first[wide].tolist(), last[wide].tolist(), strict=True):
        needed.update(range(begin, end + 1))
    return sorted(needed)


def _tally(
    update: StatusUpdate,
    rows: ReportRows,
    changed: NDArray[np.int64],
    names: list[tuple[str, str]],
) -> None:
    """Count codes that changed, by status, reason and grade."""
    kinds = rows.note.astype(np.int64) * len(STATUSES) + rows.status
    sizes = np.bincount(kinds, weights=changed.astype(np.float64))
    for kind in np.flatnonzero(sizes).tolist():
        note, status = divmod(kind, len(STATUSES))
        key = (STATUSES[status].value, *names[note])
        update.tallies[key] = update.tallies.get(key, 0) + int(sizes[kind])


async def add_units(
    update: StatusUpdate, units: list[UnitRow], columns: Columns
) -> list[RowError]:
    """Add quantities of units; returns those that no caps of the unit can be."""
    errors: list[RowError] = []
    names = list(update.notes.numbers)
    for row in units:
        account = await update.accounts.open(row.unit)
        if not account.tell(row.status, row.quantity):
            told = message("unit_used_up", unit=row.unit, left=account.room())
            errors.append(RowError(row.line, columns.names[-1] + 1, told))
            continue
        kind = (STATUSES[row.status].value, *names[row.note])
        if row.quantity:
            update.tallies[kind] = update.tallies.get(kind, 0) + row.quantity
        if row.status == PRINTED and row.quantity:
            update.printed_units.add(row.unit)
    return errors
