"""The SQL of logistic units and of what is in them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    any_,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.aggregation.pack import CapRange
from printer_export.domain.aggregation.units import LogisticUnit, UnitKind, UnitState
from printer_export.tables import (
    carton_contents,
    logistic_event_units,
    logistic_units,
)


def _among(column: ColumnElement[Any], ssccs: Iterable[str]) -> ColumnElement[bool]:
    """Compare with any number of SSCCs: one parameter, of which there are 65,535."""
    return column == any_(literal(list(ssccs), ARRAY(Text)))


async def insert_units(
    conn: AsyncConnection, units: Sequence[LogisticUnit]
) -> frozenset[str]:
    """Add units; returns the SSCCs that were not in use before."""
    rows = [
        {
            "sscc": unit.sscc,
            "kind": unit.kind.value,
            "state": unit.state.value,
            "brand": unit.brand,
            "line": unit.line,
        }
        for unit in sorted(units, key=lambda unit: unit.sscc)
    ]
    added = await conn.execute(
        pg_insert(logistic_units)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(logistic_units.c.sscc)
    )
    return frozenset(added.scalars())


async def find_units(
    conn: AsyncConnection, ssccs: Iterable[str]
) -> dict[str, LogisticUnit]:
    """Find units by SSCC."""
    rows = await conn.execute(
        select(logistic_units).where(_among(logistic_units.c.sscc, ssccs))
    )
    return {row.sscc: _unit_of(row) for row in rows}


async def lock_units(
    conn: AsyncConnection, ssccs: Iterable[str]
) -> dict[str, LogisticUnit]:
    """Keep units, and the cartons on those that are pallets, from changing."""
    named = list(ssccs)
    u = logistic_units.c
    rows = await conn.execute(
        select(logistic_units)
        .where(or_(_among(u.sscc, named), _among(u.pallet_sscc, named)))
        .order_by(u.sscc)
        .with_for_update()
    )
    return {row.sscc: _unit_of(row) for row in rows}


def _unit_of(row: Row[Any]) -> LogisticUnit:
    return LogisticUnit(
        row.sscc,
        UnitKind(row.kind),
        UnitState(row.state),
        row.brand,
        row.line,
        row.pallet_sscc,
    )


async def set_state(
    conn: AsyncConnection, ssccs: Iterable[str], state: UnitState
) -> None:
    """Move units, which the caller holds locked."""
    await conn.execute(
        update(logistic_units)
        .where(_among(logistic_units.c.sscc, ssccs))
        .values(state=state.value)
    )


async def place_on_pallet(
    conn: AsyncConnection, pallet_sscc: str, cartons: Iterable[str]
) -> None:
    """Put cartons, which the caller holds locked, on a pallet."""
    await conn.execute(
        update(logistic_units)
        .where(_among(logistic_units.c.sscc, cartons))
        .values(pallet_sscc=pallet_sscc)
    )


async def empty_units(
    conn: AsyncConnection, ssccs: Iterable[str], *, now: datetime
) -> None:
    """Set free what is in units: the caps of cartons, the cartons of pallets."""
    named = list(ssccs)
    await conn.execute(
        update(logistic_units)
        .where(_among(logistic_units.c.pallet_sscc, named))
        .values(pallet_sscc=None)
    )
    await conn.execute(
        update(carton_contents)
        .where(_among(carton_contents.c.sscc, named))
        .values(unpacked_at=now)
    )


async def insert_contents(conn: AsyncConnection, parts: Sequence[CapRange]) -> None:
    """Put caps in cartons; the constraint refuses what is in one already."""
    await conn.execute(
        insert(carton_contents),
        [
            {
                "sscc": part.sscc,
                "first_code_id": part.first_code_id,
                "last_code_id": part.last_code_id,
                "batch_id": part.batch_id,
            }
            for part in parts
        ],
    )


async def find_contents(conn: AsyncConnection, ssccs: Iterable[str]) -> list[CapRange]:
    """List the caps that were packed in cartons, or in the cartons of pallets.

    Those of units that were unpacked since are listed too.
    """
    named = list(ssccs)
    on_pallets = select(logistic_event_units.c.sscc).where(
        _among(logistic_event_units.c.pallet_sscc, named)
    )
    c = carton_contents.c
    rows = await conn.execute(
        select(carton_contents)
        .where(or_(_among(c.sscc, named), c.sscc.in_(on_pallets)))
        .order_by(c.batch_id, c.first_code_id)
    )
    return [_part_of(row) for row in rows]


async def find_packed(
    conn: AsyncConnection, parts: Sequence[CapRange], *, limit: int
) -> list[tuple[int, CapRange]]:
    """Pair places in `parts` with what of them is in a carton now."""
    rows = await conn.execute(
        text(
            """
            SELECT p.place - 1 AS place, c.sscc, c.batch_id,
                greatest(c.first_code_id, p.first) AS first_code_id,
                least(c.last_code_id, p.last) AS last_code_id
            FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
                WITH ORDINALITY AS p (first, last, place)
            JOIN carton_contents AS c ON c.unpacked_at IS NULL
                AND int8range(c.first_code_id, c.last_code_id, '[]')
                    && int8range(p.first, p.last, '[]')
            ORDER BY p.place, c.first_code_id LIMIT :limit
            """
        ),
        {
            "firsts": [part.first_code_id for part in parts],
            "lasts": [part.last_code_id for part in parts],
            "limit": limit,
        },
    )
    return [(row.place, _part_of(row)) for row in rows]


def _part_of(row: Row[Any]) -> CapRange:
    return CapRange(row.sscc, row.batch_id, row.first_code_id, row.last_code_id)
