"""The SQL of ranges and their changes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
    delete,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import (
    Binding,
    CodeRange,
    Interval,
    RangePlan,
    RangeState,
    Standing,
    StateChange,
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


async def find_standing(conn: AsyncConnection, code_id: int) -> Standing:
    """Tell how an issued code stands; a single void comes last."""
    row = (
        await conn.execute(
            text(
                """
                SELECT CASE WHEN v.code_id IS NULL THEN r.state ELSE 'void' END
                    AS state, r.lot, r.plant, r.line, r.effective_at
                FROM ranges AS r LEFT JOIN void_codes AS v ON v.code_id = :code_id
                WHERE int8range(r.first_code_id, r.last_code_id, '[]')
                    @> CAST(:code_id AS bigint)
                """
            ),
            {"code_id": code_id},
        )
    ).one()
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return Standing(state=RangeState(fields.pop("state")), **fields)


async def find_state_changes(
    conn: AsyncConnection, batch_id: int, code_id: int
) -> list[StateChange]:
    """Tell what moved a code after its issue, oldest first.

    A range may be activated over a code that was voided singly; that moved it nowhere.
    """
    rows = await conn.execute(
        text(
            """
            SELECT c.kind, c.person, c.reason, c.at
            FROM range_changes AS c LEFT JOIN void_codes AS v ON v.code_id = :code_id
            WHERE c.batch_id = :batch_id AND (c.change_id = v.change_id
                OR c.moved @> CAST(:code_id AS bigint)
                    AND (v.change_id IS NULL OR c.change_id < v.change_id))
            ORDER BY c.change_id
            """
        ),
        {"batch_id": batch_id, "code_id": code_id},
    )
    return [StateChange(**row._mapping) for row in rows]  # noqa: SLF001 - its public spelling


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
            """
            SELECT c FROM unnest(CAST(:code_ids AS bigint[])) AS c
            JOIN ranges AS r
                ON int8range(r.first_code_id, r.last_code_id, '[]') @> c
            JOIN epochs AS e ON e.epoch = c >> 36
            WHERE r.state = 'activated' AND e.state IN ('open', 'closed')
                AND NOT EXISTS (SELECT FROM void_codes AS v WHERE v.code_id = c)
            """
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def apply_plan(conn: AsyncConnection, plan: RangePlan) -> None:
    """Replace the ranges that a change cut; the caller holds the fence."""
    if plan.removed:
        await conn.execute(
            delete(t.ranges).where(
                tuple_(t.ranges.c.first_code_id, t.ranges.c.last_code_id).in_(
                    [(r.first_code_id, r.last_code_id) for r in plan.removed]
                )
            )
        )
    await insert_ranges(conn, plan.added)


async def insert_change(
    conn: AsyncConnection,
    *,
    batch_id: int,
    kind: str,
    person: str,
    reason: str,
    detail: dict[str, Any],
    changed: int,
    now: datetime,
) -> int:
    """Write down a change of a batch; returns change_id."""
    return int(
        (
            await conn.execute(
                insert(t.range_changes)
                .values(
                    batch_id=batch_id,
                    kind=kind,
                    person=person,
                    reason=reason,
                    detail=detail,
                    changed=changed,
                    at=now,
                )
                .returning(t.range_changes.c.change_id)
            )
        ).scalar_one()
    )


async def next_change_id(conn: AsyncConnection) -> int:
    """Draw the id of a change whose size is known only after its ranges are cut."""
    return int(
        (
            await conn.execute(
                text(
                    "SELECT nextval(pg_get_serial_sequence("
                    "'range_changes', 'change_id'))"
                )
            )
        ).scalar_one()
    )


async def record_change(
    conn: AsyncConnection,
    change_id: int,
    *,
    moved: Sequence[Interval] = (),
    **fields: Any,
) -> None:
    """Write down a change under the id that was drawn for it.

    `moved` are the code_ids that it moved as ranges; single voids stand in void_codes.
    """
    await conn.execute(
        text(
            "INSERT INTO range_changes (change_id, batch_id, kind, person, reason,"
            " detail, changed, moved, at) OVERRIDING SYSTEM VALUE VALUES (:change_id,"
            " :batch_id, :kind, :person, :reason, :detail, :changed,"
            " CAST(:moved AS int8multirange),"
            # The moment of the fence, not of the request: the audit compares claims.
            " clock_timestamp())"
        ).bindparams(bindparam("detail", type_=t.range_changes.c.detail.type)),
        {"change_id": change_id, "moved": _multirange(moved)} | fields,
    )


def _multirange(intervals: Sequence[Interval]) -> str:
    """Write inclusive intervals as PostgreSQL reads them."""
    return "{" + ",".join(f"[{first},{last}]" for first, last in intervals) + "}"


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
