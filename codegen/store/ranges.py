"""The SQL of ranges and their changes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
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
    Goods,
    GoodsChange,
    RangePlan,
    RangeState,
    Standing,
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
    """Tell how an issued code stands, and by which change; a single void comes last."""
    row = (
        await conn.execute(
            text(
                """
                SELECT CASE WHEN v.code_id IS NULL THEN r.state ELSE 'void' END
                    AS state, c.kind, c.person, c.reason, c.at, r.lot, r.plant, r.line,
                    r.effective_at
                FROM ranges AS r LEFT JOIN void_codes AS v ON v.code_id = :code_id
                JOIN range_changes AS c
                    ON c.change_id = coalesce(v.change_id, r.change_id)
                WHERE r.first_code_id <= :code_id AND r.last_code_id >= :code_id
                """
            ),
            {"code_id": code_id},
        )
    ).one()
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return Standing(state=RangeState(fields.pop("state")), **fields)


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
    goods: Sequence[Goods],
    **fields: Any,
) -> str:
    """Write down a change under the id that was drawn for it; returns its event_id."""
    worded = [
        asdict(each)
        | {"produced_on": each.produced_on and each.produced_on.isoformat()}
        for each in goods
    ]
    event_id = await conn.execute(
        text(
            "INSERT INTO range_changes (change_id, batch_id, kind, person, reason,"
            " detail, changed, goods, at) OVERRIDING SYSTEM VALUE VALUES (:change_id,"
            " :batch_id, :kind, :person, :reason, :detail, :changed, :goods,"
            # The moment of the fence, not of the request: the audit compares claims.
            " clock_timestamp()) RETURNING event_id"
        ).bindparams(
            bindparam("detail", type_=t.range_changes.c.detail.type),
            bindparam("goods", type_=t.range_changes.c.goods.type),
        ),
        {"change_id": change_id, "goods": worded} | fields,
    )
    return str(event_id.scalar_one())


async def list_goods_changes(
    conn: AsyncConnection, batch_id: int, *, after_id: int = 0, limit: int
) -> list[GoodsChange]:
    """List what made codes of a batch active or took them back, oldest first."""
    c = t.range_changes.c
    rows = await conn.execute(
        select(c.change_id, c.event_id, c.kind, c.at, c.reason, c.goods)
        .where(c.batch_id == batch_id, c.change_id > after_id, c.goods != [])
        .order_by(c.change_id)
        .limit(limit)
    )
    return [
        GoodsChange(
            row.change_id,
            row.event_id,
            _STATE_AFTER[row.kind],
            row.at,
            row.reason,
            tuple(_goods_of(each) for each in row.goods),
        )
        for row in rows
    ]


_STATE_AFTER = {
    "activate": RangeState.ACTIVATED,
    "void": RangeState.VOID,
    "recall": RangeState.RECALLED,
}


def _goods_of(stored: dict[str, Any]) -> Goods:
    produced_on = stored["produced_on"]
    return Goods(
        **stored
        | {
            "produced_on": None
            if produced_on is None
            else date.fromisoformat(produced_on)
        }
    )


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
