"""The SQL of batches."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Row,
    Select,
    and_,
    exists,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.batches import Batch, BatchFilter, BatchOrder, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import (
    SERIAL_BITS,
    Binding,
    CodeRange,
    RangeState,
)
from codegen.store.changes import insert_change
from codegen.store.faults import explain
from codegen.store.ranges import insert_ranges
from core.db import SHARD
from core.db_arrays import write_numbers


async def insert_batch(
    conn: AsyncConnection,
    order: BatchOrder,
    *,
    epoch: int,
    first_serial: int,
    brand: str | None,
    person: str,
    now: datetime,
) -> int:
    """Add a batch, its units and its first range; returns batch_id."""
    fields = asdict(order)
    units = fields.pop("units")
    try:
        batch_id = (
            await conn.execute(
                insert(t.batches)
                .values(
                    **fields | {"sale_regions": list(order.sale_regions)},
                    epoch=epoch,
                    first_serial=first_serial,
                    brand=brand,
                    issued_by=person,
                    issued_at=now,
                )
                .returning(t.batches.c.batch_id)
            )
        ).scalar_one()
        if units:
            await conn.execute(
                insert(t.batch_units), [{"batch_id": batch_id} | u for u in units]
            )
    except IntegrityError as fault:
        raise explain(fault) from None
    change_id = await insert_change(
        conn,
        batch_id=batch_id,
        kind="issue",
        person=person,
        reason="",
        detail={},
        changed=order.quantity,
        now=now,
    )
    first = epoch << SERIAL_BITS | first_serial
    issued = CodeRange(
        first,
        first + order.quantity - 1,
        batch_id,
        RangeState.ISSUED,
        Binding(
            gtin=order.gtin,
            lot=order.lot,
            produced_on=order.produced_on,
            line=order.line,
            sale_regions=order.sale_regions,
            campaign_id=order.campaign_id,
        ),
        change_id,
    )
    await insert_ranges(conn, [issued])
    return int(batch_id)


async def find_first_batch(conn: AsyncConnection) -> Batch | None:
    """Find the batch that was issued first."""
    batch_id = await conn.execute(select(func.min(t.batches.c.batch_id)))
    first = batch_id.scalar_one()
    return None if first is None else await find_batch(conn, first)


async def find_batch(conn: AsyncConnection, batch_id: int) -> Batch | None:
    """Find a batch with its units; its codes are not counted."""
    row = (
        await conn.execute(select(t.batches).where(t.batches.c.batch_id == batch_id))
    ).one_or_none()
    if row is None:
        return None
    units = await conn.execute(
        select(t.batch_units)
        .where(t.batch_units.c.batch_id == batch_id)
        .order_by(t.batch_units.c.from_index)
    )
    return _batch_of(
        row,
        {},
        tuple(Unit(u.name, u.from_index, u.to_index) for u in units),
    )


class CodePlace(NamedTuple):
    """Where a code is: in a batch, and perhaps a roll; by code_ids, ends included."""

    code_id: int
    batch_id: int
    first_of_batch: int
    last_of_batch: int
    unit: str | None
    first_of_unit: int
    last_of_unit: int


_PLACES = text(
    """
    SELECT c.code_id, b.batch_id, s.first AS first_of_batch,
        s.first + b.quantity - 1 AS last_of_batch, u.name AS unit,
        coalesce(s.first + u.from_index, 0) AS first_of_unit,
        coalesce(s.first + u.to_index, 0) AS last_of_unit
    FROM unnest(CAST(:code_ids AS bigint[])) AS c (code_id)
    CROSS JOIN LATERAL (
        SELECT * FROM ranges WHERE first_code_id <= c.code_id
        ORDER BY first_code_id DESC LIMIT 1
    ) AS r
    JOIN batches AS b USING (batch_id)
    CROSS JOIN LATERAL (
        SELECT (b.epoch::bigint << :serial_bits) | b.first_serial AS first) AS s
    LEFT JOIN LATERAL (
        SELECT * FROM batch_units AS u
        WHERE u.batch_id = b.batch_id AND u.from_index <= c.code_id - s.first
        ORDER BY u.from_index DESC LIMIT 1
    ) AS u ON u.to_index >= c.code_id - s.first
    WHERE r.last_code_id >= c.code_id
    """
)


async def find_places(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[CodePlace]:
    """Find batch and roll of codes; those that were never issued are left out."""
    asked = {"code_ids": write_numbers(code_ids), "serial_bits": SERIAL_BITS}
    return [CodePlace(*row) for row in await conn.execute(_PLACES, asked)]


async def count_codes(conn: AsyncConnection, batch: Batch) -> Batch:
    """Count the codes of a batch by state, which reads all of its ranges."""
    counts = await _count_states(conn, [batch.batch_id])
    return replace(batch, counts=counts[batch.batch_id])


async def list_batches(
    conn: AsyncConnection,
    wanted: BatchFilter,
    *,
    of_brand: str | None,
    of_line: str | None,
    before_id: int | None,
    limit: int,
) -> list[Batch]:
    """List batches without their units, newest first.

    `of_brand` and `of_line` leave out what is another's; batches of nobody stay.
    """
    b = t.batches.c
    query = select(t.batches).order_by(b.batch_id.desc()).limit(limit)
    for column, scope in ((b.brand, of_brand), (b.line, of_line)):
        if scope is not None:
            query = query.where(column.is_(None) | (column == scope))
    for column, value in ((b.line, wanted.line), (b.gtin, wanted.gtin)):
        if value is not None:
            query = query.where(column == value)
    if wanted.state is not None:
        query = _with_codes_in(query, wanted.state)
    if before_id is not None:
        query = query.where(b.batch_id < before_id)
    rows = (await conn.execute(query)).all()
    counts = await _count_states(conn, [row.batch_id for row in rows])
    return [_batch_of(row, counts[row.batch_id], ()) for row in rows]


def _with_codes_in(query: Select[Any], state: RangeState) -> Select[Any]:
    """Keep batches with a code in a state; each range's single voids are not in it."""
    r, v = t.ranges.c, t.void_codes.c
    voided = and_(v.shard == SHARD, v.code_id.between(r.first_code_id, r.last_code_id))
    here = r.batch_id == t.batches.c.batch_id
    if state is RangeState.VOID:
        single = exists().where(voided)
        return query.where(exists().where(here, (r.state == state.value) | single))
    singles = select(func.count()).where(voided).scalar_subquery()
    left = r.last_code_id - r.first_code_id + 1 > singles
    return query.where(exists().where(here, r.state == state.value, left))


def _batch_of(row: Row[Any], counts: dict[str, int], units: tuple[Unit, ...]) -> Batch:
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    fields |= {
        "placement": Placement(row.placement),
        "link_form": LinkForm(row.link_form),
        "sale_regions": tuple(row.sale_regions),
    }
    return Batch(**fields, units=units, counts=counts)


async def find_batches_of(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[tuple[int, int, int]]:
    """List (batch_id, first, last code_id) of the batches that hold any of these."""
    rows = await conn.execute(
        text(
            f"""
            SELECT DISTINCT batch_id,
                (epoch::bigint << {SERIAL_BITS}) + first_serial AS first,
                (epoch::bigint << {SERIAL_BITS}) + first_serial + quantity - 1 AS last
            FROM unnest(CAST(:code_ids AS bigint[])) AS code_id
            JOIN batches ON int8range(
                (epoch::bigint << {SERIAL_BITS}) + first_serial,
                (epoch::bigint << {SERIAL_BITS}) + first_serial + quantity) @> code_id
            """  # noqa: S608 - made of constants
        ),
        {"code_ids": list(code_ids)},
    )
    return [(row.batch_id, row.first, row.last) for row in rows]


async def _count_states(
    conn: AsyncConnection, batch_ids: Sequence[int]
) -> dict[int, dict[str, int]]:
    r, v = t.ranges.c, t.void_codes.c
    counts = {
        each: dict.fromkeys((s.value for s in RangeState), 0) for each in batch_ids
    }
    for row in await conn.execute(
        select(
            r.batch_id,
            r.state,
            func.sum(r.last_code_id - r.first_code_id + 1).label("n"),
        )
        .where(r.batch_id.in_(batch_ids))
        .group_by(r.batch_id, r.state)
    ):
        counts[row.batch_id][row.state] = int(row.n)
    # A code that was voided alone lies in a range of another state.
    for row in await conn.execute(
        select(r.batch_id, r.state, func.count().label("n"))
        .join_from(
            t.ranges,
            t.void_codes,
            and_(v.shard == SHARD, v.code_id.between(r.first_code_id, r.last_code_id)),
        )
        .where(r.batch_id.in_(batch_ids), r.state != RangeState.VOID.value)
        .group_by(r.batch_id, r.state)
    ):
        counts[row.batch_id][row.state] -= row.n
        counts[row.batch_id][RangeState.VOID] += row.n
    return counts
