"""Codes that leaked: which stretches of which batches they are of, made void."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Unit
from codegen.domain.ranges import Interval, RangeState
from codegen.pipeline.bulk import BulkChange
from codegen.pipeline.codes import FoundCode, find_codes
from codegen.pipeline.void_requests import void_or_ask
from core.auth import Staff
from core.fence import take_fence


class Reach(StrEnum):
    """How far a void goes: only what was found, or all that left with it."""

    LISTED = "listed"
    UNIT = "unit"


def group_by_stretch(
    found: Iterable[FoundCode],
) -> dict[tuple[int, Interval], list[FoundCode]]:
    """Gather codes of batches, each once, by their batch and stretch of it."""
    known: dict[int, FoundCode] = {}
    for each in found:
        if each.batch is not None and each.code_id is not None:
            known.setdefault(each.code_id, each)
    groups: dict[tuple[int, Interval], list[FoundCode]] = defaultdict(list)
    for each in known.values():
        assert each.batch is not None
        assert each.index is not None
        _, span = stretch_of(each.batch, each.index)
        groups[each.batch.batch_id, span].append(each)
    return groups


def stretch_of(batch: Batch, index: int) -> tuple[Unit | None, Interval]:
    """Find the unit of an index and its span; without one, the gap between units."""
    first, last = 0, batch.quantity - 1
    for unit in batch.units:
        if unit.from_index <= index <= unit.to_index:
            return unit, (unit.from_index, unit.to_index)
        if unit.to_index < index:
            first = max(first, unit.to_index + 1)
        else:
            last = min(last, unit.from_index - 1)
    return None, (first, last)


@dataclass(frozen=True, slots=True)
class Voided:
    """How many codes became void, and the void requests for those that take two."""

    voided: int
    requests: tuple[int, ...]


async def void_found(
    conn: AsyncConnection,
    keys: EpochKeys,
    texts: Sequence[str],
    reach: Reach,
    staff: Staff,
    *,
    reason: str,
    now: datetime,
) -> Voided:
    """Make codes, or the whole units they came from, void, or ask for it.

    Under the fence from the start, so that what is found is what is voided.
    """
    await take_fence(conn)
    voided = 0
    requests: list[int] = []
    found = await find_codes(conn, keys, texts, staff)
    for (_, span), codes in group_by_stretch(found).items():
        batch = codes[0].batch
        assert batch is not None
        base = batch.first_code_id
        runs: list[Interval] = []
        listed: list[int] = []
        if reach is Reach.UNIT:
            runs = [(base + span[0], base + span[1])]
        else:
            listed = sorted(each.code_id for each in codes if each.code_id)
        change = BulkChange(batch, RangeState.VOID, runs, listed, reason)
        done = await void_or_ask(conn, change, staff, now=now)
        voided += done.changed
        requests += done.requests
    return Voided(voided, tuple(requests))
