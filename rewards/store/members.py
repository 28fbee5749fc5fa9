"""The SQL of members and their numbers."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t

# Members are known outside by the subject of their tokens, inside by a number that the
# worker has chosen. A number whose name exists already is never used.
ENSURE_MEMBERS = """
    WITH made AS (
        INSERT INTO identities (shard, member_id, member_no)
        SELECT 0, id, no FROM unnest($1::text[], $2::bigint[]) AS u (id, no)
        WHERE NOT EXISTS (
            SELECT FROM identities WHERE shard = 0 AND member_id = id)
        ORDER BY id
        ON CONFLICT (shard, member_id) DO NOTHING
        RETURNING member_id, member_no
    ), numbered AS (
        INSERT INTO members (shard, member_no, member_id, created_at)
        SELECT 0, member_no, member_id, now() FROM made
    )
    SELECT member_id, member_no FROM made
    UNION ALL
    SELECT member_id, member_no FROM identities
        WHERE shard = 0 AND member_id = ANY($1::text[])
"""


def is_member(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Join `members` by the number of one."""
    return and_(t.members.c.shard == SHARD, t.members.c.member_no == number)


# One look by the key of each; without OFFSET, a long list would read whole partitions.
_NAMES = text(
    """
    SELECT m.member_no, m.member_id
    FROM unnest(CAST(:numbers AS bigint[])) AS u (number)
    CROSS JOIN LATERAL (SELECT member_no, member_id FROM members
        WHERE shard = 0 AND member_no = u.number OFFSET 0) AS m
    """
)
_ENSURE = text(
    ENSURE_MEMBERS.replace("$1::text[]", "CAST(:ids AS text[])").replace(
        "$2::bigint[]", "CAST(:numbers AS bigint[])"
    )
)


async def ensure_members(
    conn: AsyncConnection, wanted: Mapping[str, int]
) -> dict[str, int]:
    """Find or make members by id; each takes the number it comes with if it is new."""
    found: dict[str, int] = {}
    # A member made by someone else between the two halves is there the second time.
    while missing := {m: no for m, no in wanted.items() if m not in found}:
        values = {"ids": list(missing), "numbers": list(missing.values())}
        for row in await conn.execute(_ENSURE, values):
            found[row.member_id] = row.member_no
    return found


async def find_member_no(conn: AsyncConnection, member_id: str) -> int | None:
    """Find the number of a member; None for who never scanned."""
    i = t.identities.c
    found = await conn.execute(
        select(i.member_no).where(i.shard == SHARD, i.member_id == member_id)
    )
    return found.scalar_one_or_none()


async def find_member(
    conn: AsyncConnection, member_id: str
) -> tuple[int, datetime] | None:
    """Find a member's number and since when there is one; None for who never scanned.

    The first row that was written of a member tells since when.
    """
    i, m = t.identities.c, t.members.c
    found = await conn.execute(
        select(i.member_no, m.created_at)
        .join_from(t.identities, t.members, is_member(i.member_no))
        .where(i.shard == SHARD, i.member_id == member_id)
    )
    row = found.one_or_none()
    return None if row is None else (row.member_no, row.created_at)


async def load_member_ids(
    conn: AsyncConnection, numbers: Collection[int]
) -> dict[int, str]:
    """Read by which names the world knows members, by their numbers."""
    rows = await conn.execute(_NAMES, {"numbers": list(numbers)})
    return {row.member_no: row.member_id for row in rows}
