"""The SQL of batches."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.batch import Batch, BatchOrder, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import (
    SERIAL_BITS,
    Binding,
    CodeRange,
    RangeState,
)
from codegen.store.faults import explain
from codegen.store.ranges import insert_change, insert_ranges


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


async def find_batch(conn: AsyncConnection, batch_id: int) -> Batch | None:
    """Find a batch with its units and its codes counted by state."""
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
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    fields |= {
        "placement": Placement(row.placement),
        "link_form": LinkForm(row.link_form),
        "sale_regions": tuple(row.sale_regions),
    }
    return Batch(
        **fields,
        units=tuple(Unit(u.name, u.from_index, u.to_index) for u in units),
        counts=await _count_states(conn, batch_id),
    )


async def find_batches_of(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[tuple[int, int, int]]:
    """List (batch_id, first, last code_id) of the batches that hold any of these."""
    rows = await conn.execute(
        text(
            """
            SELECT DISTINCT batch_id, (epoch::bigint << 36) + first_serial AS first,
                (epoch::bigint << 36) + first_serial + quantity - 1 AS last
            FROM unnest(CAST(:code_ids AS bigint[])) AS code_id
            JOIN batches ON int8range(
                (epoch::bigint << 36) + first_serial,
                (epoch::bigint << 36) + first_serial + quantity) @> code_id
            """
        ),
        {"code_ids": list(code_ids)},
    )
    return [(row.batch_id, row.first, row.last) for row in rows]


async def _count_states(conn: AsyncConnection, batch_id: int) -> dict[str, int]:
    r, v = t.ranges.c, t.void_codes.c
    counts = dict.fromkeys((s.value for s in RangeState), 0)
    for row in await conn.execute(
        select(r.state, func.sum(r.last_code_id - r.first_code_id + 1).label("n"))
        .where(r.batch_id == batch_id)
        .group_by(r.state)
    ):
        counts[row.state] = int(row.n)
    # A code that was voided alone lies in a range of another state.
    for row in await conn.execute(
        select(r.state, func.count().label("n"))
        .join_from(
            t.ranges,
            t.void_codes,
            v.code_id.between(r.first_code_id, r.last_code_id),
        )
        .where(r.batch_id == batch_id, r.state != RangeState.VOID.value)
        .group_by(r.state)
    ):
        counts[row.state] -= row.n
        counts[RangeState.VOID] += row.n
    return counts
