"""The SQL of codes that were voided one by one."""

from collections.abc import Sequence

from sqlalchemy import (
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import (
    Interval,
)


async def insert_void_codes(
    conn: AsyncConnection, code_ids: Sequence[int], change_id: int
) -> int:
    """Void single codes; returns how many were not void before."""
    done = await conn.execute(
        text(
            "INSERT INTO void_codes (code_id, change_id)"
            " SELECT c, :change_id FROM unnest(CAST(:code_ids AS bigint[])) AS c"
            " ORDER BY c ON CONFLICT DO NOTHING"
        ),
        {"code_ids": list(code_ids), "change_id": change_id},
    )
    return done.rowcount


async def find_void_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which of these codes were voided one by one."""
    rows = await conn.execute(
        text(
            "SELECT code_id FROM void_codes"
            " WHERE code_id = ANY(CAST(:code_ids AS bigint[]))"
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def load_void_codes(conn: AsyncConnection, interval: Interval) -> list[int]:
    """Load the single voids within an inclusive interval of code_ids."""
    rows = await conn.execute(
        select(t.void_codes.c.code_id).where(t.void_codes.c.code_id.between(*interval))
    )
    return list(rows.scalars())


async def load_voids_since(
    conn: AsyncConnection, change_id: int
) -> list[tuple[int, int]]:
    """Load (code_id, change_id) of single voids after a change."""
    rows = await conn.execute(
        select(t.void_codes.c.code_id, t.void_codes.c.change_id).where(
            t.void_codes.c.change_id > change_id
        )
    )
    return [(row.code_id, row.change_id) for row in rows]


async def count_void_codes(conn: AsyncConnection, intervals: Sequence[Interval]) -> int:
    """Count the single voids within inclusive intervals of code_ids."""
    found = await conn.execute(
        text(
            "SELECT count(*) FROM unnest(CAST(:firsts AS bigint[]),"
            " CAST(:lasts AS bigint[])) AS piece (first, last)"
            " JOIN void_codes ON code_id BETWEEN piece.first AND piece.last"
        ),
        {
            "firsts": [first for first, _ in intervals],
            "lasts": [last for _, last in intervals],
        },
    )
    return int(found.scalar_one())
