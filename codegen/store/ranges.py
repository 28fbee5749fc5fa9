"""The SQL of ranges and their changes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    Row,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import (
    SERIAL_BITS,
    Binding,
    CodeRange,
    CodeState,
    Interval,
    RangePlan,
    RangeState,
)
from codegen.store.faults import explain


async def load_ranges(conn: AsyncConnection, batch_id: int) -> list[CodeRange]:
    """Load a batch's ranges in order."""
    rows = await conn.execute(
        select(t.ranges)
        .where(t.ranges.c.batch_id == batch_id)
        .order_by(t.ranges.c.first_code_id)
    )
    return [code_range_of(row) for row in rows]


async def load_lot_ranges(
    conn: AsyncConnection, batch_id: int, lot: str
) -> list[CodeRange]:
    """Load the ranges of a batch that are of a lot, in order."""
    rows = await conn.execute(
        select(t.ranges)
        .where(t.ranges.c.batch_id == batch_id, t.ranges.c.lot == lot)
        .order_by(t.ranges.c.first_code_id)
    )
    return [code_range_of(row) for row in rows]


async def find_ranges_of_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> dict[int, tuple[int, RangeState]]:
    """Tell the batch and the state of the range that holds each code, if any does."""
    rows = await conn.execute(
        text(
            """
            SELECT c AS code_id, r.batch_id, r.state
            FROM unnest(CAST(:code_ids AS bigint[])) AS c
            CROSS JOIN LATERAL (
                SELECT * FROM ranges WHERE first_code_id <= c
                ORDER BY first_code_id DESC LIMIT 1
            ) AS r WHERE r.last_code_id >= c
            """
        ),
        {"code_ids": list(code_ids)},
    )
    return {row.code_id: (row.batch_id, RangeState(row.state)) for row in rows}


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """The batch that holds a code, and the brand of the product it was bound to."""

    batch_id: int
    bound_brand: str | None


async def find_holder_of_code(conn: AsyncConnection, code_id: int) -> CodeHolder | None:
    """Tell whose a code is; None for one that was never issued."""
    row = (
        await conn.execute(
            text(
                """
                SELECT r.batch_id, p.brand FROM ranges AS r
                JOIN batches AS b USING (batch_id)
                LEFT JOIN products AS p ON p.gtin = coalesce(r.gtin, b.gtin)
                WHERE int8range(r.first_code_id, r.last_code_id, '[]')
                    @> CAST(:code_id AS bigint)
                """
            ),
            {"code_id": code_id},
        )
    ).one_or_none()
    return None if row is None else CodeHolder(*row)


async def load_ranges_of_change(
    conn: AsyncConnection, batch_id: int, change_id: int
) -> list[CodeRange]:
    """Load the ranges of a batch that a change was the last to touch, in order."""
    r = t.ranges.c
    rows = await conn.execute(
        select(t.ranges)
        .where(r.batch_id == batch_id, r.change_id == change_id)
        .order_by(r.first_code_id)
    )
    return [code_range_of(row) for row in rows]


async def load_touched_ranges(
    conn: AsyncConnection, batch_id: int, wanted: Sequence[Interval]
) -> list[CodeRange]:
    """Load the ranges of a batch that code_ids of `wanted` lie in, in order.

    A batch may have ranges by the hundred thousand; a change of a roll needs one.
    """
    rows = await conn.execute(
        text(
            """
            SELECT DISTINCT ON (r.first_code_id) r.*
            FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
                AS w (first, last)
            JOIN ranges AS r ON int8range(r.first_code_id, r.last_code_id, '[]')
                && int8range(w.first, w.last, '[]')
            WHERE r.batch_id = :batch_id ORDER BY r.first_code_id
            """
        ),
        {
            "firsts": [first for first, _ in wanted],
            "lasts": [last for _, last in wanted],
            "batch_id": batch_id,
        },
    )
    return [code_range_of(row) for row in rows]


async def find_code_state(conn: AsyncConnection, code_id: int) -> CodeState:
    """Tell how an issued code stands; a single void comes last."""
    row = (
        await conn.execute(
            text(
                """
                SELECT CASE WHEN v.code_id IS NULL THEN r.state ELSE 'void' END
                    AS state, r.lot, r.plant, r.line, r.effective_at
                FROM ranges AS r LEFT JOIN void_codes AS v
                    ON v.shard = 0 AND v.code_id = :code_id
                WHERE int8range(r.first_code_id, r.last_code_id, '[]')
                    @> CAST(:code_id AS bigint)
                """
            ),
            {"code_id": code_id},
        )
    ).one()
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return CodeState(state=RangeState(fields.pop("state")), **fields)


async def find_lot_batches(conn: AsyncConnection, lot: str) -> list[int]:
    """Find the batches that hold codes of a lot."""
    rows = await conn.execute(
        select(t.ranges.c.batch_id).where(t.ranges.c.lot == lot).distinct()
    )
    return sorted(rows.scalars())


async def find_active_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which codes are active now; the caller holds the fence, shared at least."""
    rows = await conn.execute(
        text(
            f"""
            SELECT c FROM unnest(CAST(:code_ids AS bigint[])) AS c
            JOIN ranges AS r
                ON int8range(r.first_code_id, r.last_code_id, '[]') @> c
            JOIN epochs AS e ON e.epoch = c >> {SERIAL_BITS}
            WHERE r.state = 'activated' AND e.state IN ('open', 'closed')
                AND NOT EXISTS (SELECT FROM void_codes AS v
                    WHERE v.shard = 0 AND v.code_id = c)
            """  # noqa: S608 - made of constants
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def apply_plan(conn: AsyncConnection, plan: RangePlan) -> None:
    """Replace the ranges that a change cut; the caller holds the fence."""
    if plan.removed:
        await conn.execute(
            text(
                "DELETE FROM ranges AS r USING unnest(CAST(:firsts AS bigint[]),"
                " CAST(:lasts AS bigint[])) AS gone (first, last)"
                " WHERE r.first_code_id = gone.first AND r.last_code_id = gone.last"
            ),
            {
                "firsts": [r.first_code_id for r in plan.removed],
                "lasts": [r.last_code_id for r in plan.removed],
            },
        )
    await insert_ranges(conn, plan.added)


async def insert_ranges(conn: AsyncConnection, ranges: Iterable[CodeRange]) -> None:
    """Add ranges; raises Conflict where they would overlap."""
    rows = [
        {
            "first_code_id": r.first_code_id,
            "last_code_id": r.last_code_id,
            "batch_id": r.batch_id,
            "state": r.state.value,
            "change_id": r.change_id,
            "instructions": r.instructions,
            **asdict(r.binding),
            "sale_regions": list(r.binding.sale_regions),
        }
        for r in ranges
    ]
    if not rows:
        return
    try:
        await conn.execute(insert(t.ranges), rows)
    except IntegrityError as fault:
        raise explain(fault) from None


def code_range_of(row: Row[Any]) -> CodeRange:
    """Read a row of `ranges`."""
    return CodeRange(
        row.first_code_id,
        row.last_code_id,
        row.batch_id,
        RangeState(row.state),
        Binding(
            row.gtin,
            row.lot,
            row.produced_on,
            row.plant,
            row.line,
            tuple(row.sale_regions),
            row.campaign_id,
            row.effective_at,
        ),
        row.change_id,
        row.instructions,
    )
