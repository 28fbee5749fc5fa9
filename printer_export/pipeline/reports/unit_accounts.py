"""The accounts of a batch's units while a report runs: opened once, kept at its end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch, Unit
from printer_export.domain.reports.statuses import (
    CHUNK,
    CHUNK_BITS,
    STATUSES,
    Octets,
    Stretch,
)
from printer_export.domain.reports.unit_accounts import Counts, UnitAccount
from printer_export.store.reports import unit_accounts as store
from printer_export.store.reports.statuses import load_chunks

_SIZE: Final = len(STATUSES)


@dataclass(frozen=True, slots=True)
class _Opened:
    """An account, and what it was before the report."""

    account: UnitAccount
    named: Counts
    told: Counts
    totals: Counts


@dataclass(slots=True)
class UnitAccounts:
    """The units of a batch; those of which quantities were told keep an account."""

    conn: AsyncConnection
    batch: Batch
    told: Mapping[str, Counts]
    totals: Mapping[str, Counts]
    units: dict[str, Unit] = field(init=False)
    opened: dict[str, _Opened] = field(default_factory=dict)
    _chunk: tuple[int, Octets | None] = (-1, None)
    _counted: list[Unit] = field(init=False)
    _ends: tuple[Counts, Counts] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the units of which quantities were told; units never overlap."""
        self.units = {unit.name: unit for unit in self.batch.units}
        counted = (self.units[name] for name in self.told)
        self._counted = sorted(counted, key=lambda unit: unit.from_index)
        ends = [(unit.from_index, unit.to_index) for unit in self._counted]
        firsts, lasts = np.array(ends, dtype=np.int64).reshape(-1, 2).T
        self._ends = firsts, lasts

    async def open(self, name: str) -> UnitAccount:
        """Open the account of a unit, with the caps of it that are named so far."""
        if name in self.opened:
            return self.opened[name].account
        unit = self.units[name]
        named = np.zeros(_SIZE, dtype=np.int64)
        for chunk_no, begin, end in _pieces(unit):
            statuses = await self._load(chunk_no)
            if statuses is not None:
                named += np.bincount(statuses[begin:end], minlength=_SIZE)
        named[0] = 0
        told = self.told.get(name, np.zeros(_SIZE, dtype=np.int64))
        caps = unit.to_index - unit.from_index + 1
        account = UnitAccount(caps, named.copy(), told.copy())
        account.mend()
        totals = self.totals.get(name, named + told)
        self.opened[name] = _Opened(account, named, told, totals)
        return account

    async def _load(self, chunk_no: int) -> Octets | None:
        """Load a chunk; the last one is kept, since many small units share it."""
        if self._chunk[0] != chunk_no:
            loaded = await load_chunks(self.conn, self.batch.batch_id, [chunk_no])
            self._chunk = chunk_no, loaded.get(chunk_no)
        return self._chunk[1]

    async def open_within(self, chunk_nos: Iterable[int]) -> None:
        """Open the units in these chunks of which quantities were told.

        It is done before the chunks are saved: their names are news to the accounts.
        """
        self._chunk = (-1, None)
        for chunk_no in chunk_nos:
            first = chunk_no << CHUNK_BITS
            for unit in self._counted_within(first, first + CHUNK - 1):
                await self.open(unit.name)

    def _counted_within(self, first: int, last: int) -> list[Unit]:
        firsts, lasts = self._ends
        begin, end = (
            np.searchsorted(lasts, first),
            np.searchsorted(firsts, last, "right"),
        )
        return self._counted[int(begin) : int(end)]

    def name(self, stretches: Iterable[Stretch]) -> str | None:
        """Note what was named, all of it or nothing.

        Returns the unit that contradicts it, if one does.
        """
        moves: dict[str, Counts] = {}
        for first, before, after in stretches:
            for unit in self._counted_within(first, first + len(before) - 1):
                here = slice(max(unit.from_index - first, 0), unit.to_index - first + 1)
                moves[unit.name] = moves.get(unit.name, 0) + count_moves(
                    before[here], after[here]
                )
        kept: list[tuple[UnitAccount, Counts, Counts]] = []
        for name, moved in moves.items():
            account = self.opened[name].account
            kept.append((account, account.named, account.told.copy()))
            if not account.name(moved):
                for each, named, told in kept:
                    each.named, each.told = named, told
                return name
        return None

    async def keep(self) -> Counts:
        """Save the accounts; returns how the counts differ from the names' alone.

        What was named moves the counts of a batch one for one, except where quantities
        had told of the same caps.
        """
        difference = np.zeros(_SIZE, dtype=np.int64)
        told: dict[str, Counts] = {}
        totals: dict[str, Counts] = {}
        for name, opened in self.opened.items():
            account, after = opened.account, opened.account.totals()
            difference += after - opened.totals - (account.named - opened.named)
            if (account.told != opened.told).any():
                told[name] = account.told
            if account.told.any() and (after != self.totals.get(name, -1)).any():
                totals[name] = after
        await store.save_told(self.conn, self.batch.batch_id, told)
        caps = {name: self.opened[name].account.caps for name in totals}
        await store.save_totals(self.conn, self.batch.batch_id, caps, totals)
        return difference


async def load_unit_accounts(conn: AsyncConnection, batch: Batch) -> UnitAccounts:
    """Load what was told of a batch's units."""
    return UnitAccounts(
        conn,
        batch,
        await store.load_told(conn, batch.batch_id),
        await store.load_totals(conn, batch.batch_id),
    )


async def add_up_units(
    conn: AsyncConnection, batch_id: int
) -> dict[tuple[str, str], int]:
    """Add up the caps of units of which quantities were told, by (unit, status).

    Caps that were named are among them, and no cap is counted twice.
    """
    told = await store.load_told(conn, batch_id)
    units = told | await store.load_totals(conn, batch_id)
    return {
        (unit, status.value): int(quantity)
        for unit, counts in sorted(units.items())
        for status, quantity in zip(STATUSES, counts, strict=True)
        if quantity
    }


def count_moves(before: Octets, after: Octets) -> Counts:
    """Count moves from a status to a status as (statuses, statuses) int64."""
    kinds = before.astype(np.intp) * _SIZE + after
    return np.bincount(kinds, minlength=_SIZE * _SIZE).reshape(_SIZE, _SIZE)


def _pieces(unit: Unit) -> Iterator[tuple[int, int, int]]:
    """Cut a unit at the borders of chunks: each chunk, and where in it the unit is."""
    first, last = unit.from_index >> CHUNK_BITS, unit.to_index >> CHUNK_BITS
    for chunk_no in range(first, last + 1):
        start = chunk_no << CHUNK_BITS
        begin = max(unit.from_index - start, 0)
        yield chunk_no, begin, min(unit.to_index - start, CHUNK - 1) + 1
