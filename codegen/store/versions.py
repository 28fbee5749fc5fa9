"""The loading of ranges and products, and of what changed of them since a version.

Each row that a scan must not be decided without says which version changed it last
(`version`, by default that of the fence it was written under). So a worker asks for
what is newer than it knows, never for everything again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.products import Product
from codegen.domain.range_table import RangeTable, TableRow
from codegen.domain.ranges import SEGMENT_BITS, SERIAL_BITS, Binding, RangeState
from codegen.domain.terms import RangeTerms, TermsColumns, day_of, moment_of
from codegen.store.products import product_of
from core.db_arrays import fetch_int8_arrays

# So much is decoded at once on the event loop: a few milliseconds.
_RANGES_A_SLICE = 32_768
_TERMS_A_SLICE = 500

log = structlog.get_logger(logger_name=__name__)

_TERMS = """
    r.batch_id, r.state, r.gtin, r.lot, r.produced_on, r.plant, r.line,
    r.sale_regions, r.campaign_id, r.effective_at, r.instructions
"""
_KEY = f"hash_record_extended(ROW({_TERMS}), CAST(:seed AS bigint))"
# Years that PostgreSQL knows and Python does not come as numbers, and so does infinity:
# what was since ever has no beginning, what never begins does so at the end of time.
_READABLE_TERMS = """
    r.batch_id, r.state, r.gtin, r.lot, r.plant, r.line, r.sale_regions, r.campaign_id,
    r.instructions, b.placement, b.gtin AS printed_gtin, b.brand,
    CASE WHEN isfinite(r.produced_on) THEN r.produced_on - DATE '2000-01-01' END
        AS produced_day,
    CASE WHEN isfinite(r.effective_at)
            THEN CAST(extract(epoch FROM r.effective_at) * 1000000 AS bigint)
        WHEN r.effective_at = 'infinity' THEN 9223372036854775807 END AS effective_us
"""

_ALL_TERMS = f"""
    SELECT r.key, {_READABLE_TERMS} FROM (
        SELECT DISTINCT {_KEY} AS key, {_TERMS} FROM ranges AS r
    ) AS r JOIN batches AS b USING (batch_id)
"""  # noqa: S608 - made of constants

_SLICE = f"""
    SELECT array_agg(f) AS firsts, array_agg(l) AS lasts, array_agg(k) AS keys FROM (
        SELECT r.first_code_id AS f, r.last_code_id AS l, {_KEY} AS k FROM ranges AS r
        WHERE r.first_code_id > :after ORDER BY r.first_code_id LIMIT {_RANGES_A_SLICE}
    ) AS slice
"""  # noqa: S608 - made of constants

_CHANGED = f"""
    SELECT {_KEY} AS key, r.first_code_id, r.last_code_id, {_READABLE_TERMS}
    FROM ranges AS r JOIN batches AS b USING (batch_id) WHERE r.version > :since
"""  # noqa: S608 - made of constants

_OF_CODES = f"""
    SELECT DISTINCT ON (r.first_code_id) {_KEY} AS key, r.first_code_id,
        r.last_code_id, {_READABLE_TERMS}
    FROM unnest(CAST(:code_ids AS bigint[])) AS c
    CROSS JOIN LATERAL (
        SELECT * FROM ranges WHERE first_code_id <= c
        ORDER BY first_code_id DESC LIMIT 1
    ) AS r JOIN batches AS b USING (batch_id)
    WHERE r.last_code_id >= c
"""  # noqa: S608 - made of constants


async def tell_time(conn: AsyncConnection) -> datetime:
    """Tell the time by PostgreSQL's clock, as it is now and not as this began."""
    told = await conn.execute(text("SELECT clock_timestamp()"))
    at: datetime = told.scalar_one()
    return at


async def load_range_table(conn: AsyncConnection) -> RangeTable:
    """Load all ranges, a slice at a time; `conn` must be in REPEATABLE READ."""
    seed = 0
    while True:
        columns = TermsColumns(seed)
        terms = await conn.stream(text(_ALL_TERMS), {"seed": seed})
        async for rows in terms.partitions(_TERMS_A_SLICE):
            for row in rows:
                columns.add(row.key, _terms_of(row))
            await asyncio.sleep(0)
        columns.settle()
        if not columns.is_ambiguous():
            break
        seed += 1
    firsts, lasts, numbers = [], [], []
    async for first, last, key in _slices(conn, seed):
        firsts.append(first)
        lasts.append(last)
        numbers.append(columns.numbers_of(key))
    if not firsts:
        return RangeTable.empty()
    return RangeTable(
        np.concatenate(firsts), np.concatenate(lasts), np.concatenate(numbers), columns
    )


async def _slices(
    conn: AsyncConnection, seed: int
) -> AsyncIterator[tuple[NDArray[np.int64], ...]]:
    """Yield firsts, lasts and keys of all ranges in order."""
    after = -1
    while True:
        found = await fetch_int8_arrays(conn, _SLICE, {"after": after, "seed": seed})
        if found is None:
            return
        yield found
        after = int(found[0][-1])


async def count_changed_ranges(
    conn: AsyncConnection, since: int, *, at_most: int
) -> int:
    """Count the ranges that changed after a version, as far as `at_most`."""
    counted = await conn.execute(
        text(
            "SELECT count(*) FROM"
            " (SELECT FROM ranges WHERE version > :since LIMIT :at_most) AS changed"
        ),
        {"since": since, "at_most": at_most},
    )
    return int(counted.scalar_one())


async def load_changed_ranges(
    conn: AsyncConnection, since: int, *, seed: int
) -> list[TableRow]:
    """Load the ranges that changed after a version, a slice at a time."""
    changed: list[TableRow] = []
    rows = await conn.stream(text(_CHANGED), {"since": since, "seed": seed})
    async for part in rows.partitions(_TERMS_A_SLICE):
        changed += [_table_row_of(row) for row in part]
        await asyncio.sleep(0)
    return changed


async def load_ranges_of_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[TableRow]:
    """Load the ranges that hold these codes, and no more."""
    rows = await conn.execute(text(_OF_CODES), {"code_ids": list(code_ids), "seed": 0})
    return [_table_row_of(row) for row in rows]


async def load_changed_products(
    conn: AsyncConnection, since: int
) -> dict[str, Product]:
    """Load the products that were added or changed at a version or after."""
    p = t.products.c
    rows = await conn.execute(
        select(p.gtin, p.name, p.brand, p.shelf_life_days, p.page_url).where(
            p.version >= since
        )
    )
    return {row.gtin: product_of(row) for row in rows}


async def load_segments(conn: AsyncConnection) -> list[int]:
    """List the 2^20-serial segments that hold issued codes, ascending."""
    rows = await conn.execute(
        select(t.batches.c.epoch, t.batches.c.first_serial, t.batches.c.quantity)
    )
    segments: set[int] = set()
    for row in rows:
        first = row.epoch << SERIAL_BITS | row.first_serial
        last = first + row.quantity - 1
        segments.update(range(first >> SEGMENT_BITS, (last >> SEGMENT_BITS) + 1))
    return sorted(segments)


def _table_row_of(row: Any) -> TableRow:
    return TableRow(row.first_code_id, row.last_code_id, row.key, _terms_of(row))


def _terms_of(row: Any) -> RangeTerms:
    """Read a range's terms; what cannot be read is kept out of service, and said."""
    try:
        binding = Binding(
            row.gtin,
            row.lot,
            day_of(row.produced_day),
            row.plant,
            row.line,
            tuple(row.sale_regions),
            row.campaign_id,
            moment_of(row.effective_us),
        )
        return RangeTerms(
            row.batch_id,
            RangeState(row.state),
            binding,
            row.placement,
            row.printed_gtin,
            row.instructions,
            row.brand,
        )
    except (ValueError, TypeError, OverflowError) as fault:
        log.error("range_unreadable", batch_id=row.batch_id, cause=fault)
        return RangeTerms(
            *(row.batch_id, RangeState.ISSUED, Binding(), row.placement),
            brand=row.brand,
        )
