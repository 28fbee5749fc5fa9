"""The SQL of codes that were voided one by one."""

from collections.abc import Sequence

from sqlalchemy import (
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import SEGMENT_BITS, Interval
from core.db import SHARD


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
            " WHERE shard = 0 AND code_id = ANY(CAST(:code_ids AS bigint[]))"
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def find_voiding_changes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> dict[int, int]:
    """Tell which of these codes were voided one by one, and by which change."""
    rows = await conn.execute(
        text(
            "SELECT code_id, change_id FROM void_codes"
            " WHERE shard = 0 AND code_id = ANY(CAST(:code_ids AS bigint[]))"
        ),
        {"code_ids": list(code_ids)},
    )
    return {row.code_id: row.change_id for row in rows}


async def count_voids(
    conn: AsyncConnection, intervals: Sequence[Interval]
) -> list[int]:
    """Count the single voids in each of some inclusive intervals of code_ids."""
    rows = await conn.execute(
        text(
            "SELECT (SELECT count(*) FROM void_codes"
            " WHERE shard = 0 AND code_id BETWEEN first_code_id AND last_code_id)"
            " FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))"
            " WITH ORDINALITY AS i (first_code_id, last_code_id, place) ORDER BY place"
        ),
        {
            "firsts": [first for first, _ in intervals],
            "lasts": [last for _, last in intervals],
        },
    )
    return list(rows.scalars())


async def load_void_codes(conn: AsyncConnection, interval: Interval) -> list[int]:
    """Load the single voids within an inclusive interval of code_ids."""
    v = t.void_codes.c
    rows = await conn.execute(
        select(v.code_id).where(v.shard == SHARD, v.code_id.between(*interval))
    )
    return list(rows.scalars())


async def void_segments_since(
    conn: AsyncConnection, change_id: int
) -> tuple[list[int], int]:
    """Name the segments with single voids after a change, and the newest change."""
    rows = await conn.execute(
        text(
            "SELECT code_id >> :bits AS segment, max(change_id) AS newest"
            " FROM void_codes WHERE shard = 0 AND change_id > :change_id"
            " GROUP BY segment"
        ),
        {"bits": SEGMENT_BITS, "change_id": change_id},
    )
    found = rows.all()
    newest = max((row.newest for row in found), default=change_id)
    return [row.segment for row in found], newest
