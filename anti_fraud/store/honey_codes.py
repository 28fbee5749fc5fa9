"""The SQL of honey codes: which there are, and how often each was seen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.early_scans import SeenCode
from anti_fraud.domain.honey_codes import HoneyCode, HoneyCount
from core.db_arrays import write_numbers

_COUNT: Final = text(
    """
    WITH seen AS (
        SELECT * FROM unnest(CAST(:code_ids AS bigint[]), CAST(:looks AS bigint[]),
            CAST(:scans AS bigint[])) AS u (code_id, looks, scans)
    ), counted AS (
        UPDATE honey_codes AS h SET looks = h.looks + s.looks,
            scans = h.scans + s.scans, first_seen_at = coalesce(h.first_seen_at, :now),
            last_seen_at = greatest(h.last_seen_at, :now)
        FROM seen AS s WHERE h.code_id = s.code_id
        RETURNING h.batch_id, s.looks + s.scans AS more
    )
    SELECT batch_id, sum(more)::bigint AS more FROM counted
    GROUP BY batch_id ORDER BY batch_id
    """
)


async def insert_honey_codes(
    conn: AsyncConnection,
    code_ids: Sequence[int],
    *,
    batch_id: int,
    person: str,
    now: datetime,
) -> None:
    """Watch codes from now on."""
    await conn.execute(
        insert(t.honey_codes),
        [
            {"code_id": c, "batch_id": batch_id, "added_by": person, "added_at": now}
            for c in code_ids
        ],
    )


async def count_honey_codes(conn: AsyncConnection, batch_id: int) -> int:
    """Count the honey codes of a batch."""
    h = t.honey_codes.c
    found = await conn.execute(
        select(func.count()).select_from(t.honey_codes).where(h.batch_id == batch_id)
    )
    return int(found.scalar_one())


async def find_honey_between(conn: AsyncConnection, first: int, last: int) -> list[int]:
    """List the honey codes of a stretch of code_ids, both ends included, in order."""
    h = t.honey_codes.c
    rows = await conn.execute(
        select(h.code_id).where(h.code_id.between(first, last)).order_by(h.code_id)
    )
    return list(rows.scalars())


async def find_honey_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which of these codes are honey codes."""
    h = t.honey_codes.c
    rows = await conn.execute(
        select(h.code_id).where(
            h.code_id == any_(bindparam("code_ids", type_=ARRAY(BigInteger)))
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def list_honey_codes(
    conn: AsyncConnection, *, batch_id: int | None, before_id: int | None, limit: int
) -> list[HoneyCode]:
    """List honey codes by code_id, the highest first."""
    h = t.honey_codes.c
    query = select(t.honey_codes).order_by(h.code_id.desc()).limit(limit)
    if batch_id is not None:
        query = query.where(h.batch_id == batch_id)
    if before_id is not None:
        query = query.where(h.code_id < before_id)
    return [HoneyCode(*row) for row in await conn.execute(query)]


async def add_honey_scans(
    conn: AsyncConnection, seen: Sequence[SeenCode], *, now: datetime
) -> dict[int, int]:
    """Count what was seen of honey codes; tells how often, by batch.

    Who counts holds `lock_counting`, so that no two wait for each other's rows.
    """
    rows = await conn.execute(
        _COUNT,
        {
            "now": now,
            "code_ids": write_numbers([each.code_id for each in seen]),
            "looks": write_numbers([each.looks for each in seen]),
            "scans": write_numbers([each.scans for each in seen]),
        },
    )
    return {row.batch_id: row.more for row in rows}


async def count_honey_scans(conn: AsyncConnection, batch_id: int) -> HoneyCount:
    """Count all that was ever seen of a batch's honey codes."""
    h = t.honey_codes.c
    counts = (
        func.count(h.first_seen_at),
        func.coalesce(func.sum(h.looks), 0),
        func.coalesce(func.sum(h.scans), 0),
    )
    row = (await conn.execute(select(*counts).where(h.batch_id == batch_id))).one()
    return HoneyCount(*map(int, row))
