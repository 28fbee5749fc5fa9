"""The SQL of points that end, and of those that are owed."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers

# In the order of locks: by unit, end and member. Rows that somebody holds come later.
_LOCK_ENDED: Final = text(
    """
    SELECT b.member_no, b.expires_on, b.available FROM balances AS b
    WHERE b.shard = 0 AND b.unit = :unit AND b.expires_on < :day
    ORDER BY b.unit, b.expires_on, b.member_no LIMIT :limit
    FOR UPDATE SKIP LOCKED
    """
)
_IN_DEBT: Final = text(
    """
    SELECT DISTINCT d.member_no FROM balances AS d
    WHERE d.shard = 0 AND d.unit = :unit AND d.debt > 0 AND EXISTS (
        SELECT FROM balances AS b WHERE b.shard = 0 AND b.member_no = d.member_no
            AND b.unit = d.unit AND b.available > 0)
    ORDER BY d.member_no LIMIT :limit
    """
)
_OWING_AMONG: Final = text(
    """
    SELECT d.member_no FROM balances AS d
    WHERE d.shard = 0 AND d.member_no = ANY (CAST(:members AS bigint[]))
        AND d.unit = :unit AND d.debt > 0
    """
)
_FORGET: Final = text(
    """
    DELETE FROM balances AS b
    USING unnest(CAST(:members AS bigint[]), CAST(:days AS date[])) AS u (m, day)
    WHERE b.shard = 0 AND b.member_no = u.m AND b.unit = :unit AND b.expires_on = u.day
        AND b.available = 0
    """
)
_BEGIN_WARNINGS: Final = text(
    """
    INSERT INTO expiry_warnings (expires_on, unit, next_no)
    SELECT DISTINCT b.expires_on, b.unit, 0 FROM balances AS b
    WHERE b.shard = 0 AND b.unit = :unit AND b.expires_on BETWEEN :first AND :last
    ON CONFLICT (expires_on, unit) DO NOTHING
    """
)
_LOCK_WARNING: Final = text(
    """
    SELECT w.expires_on, w.next_no FROM expiry_warnings AS w
    WHERE w.unit = :unit AND w.next_no IS NOT NULL AND w.expires_on >= :first
    ORDER BY w.expires_on LIMIT 1 FOR UPDATE
    """
)
_ENDING: Final = text(
    """
    SELECT b.member_no, m.member_id, b.available FROM balances AS b
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = b.member_no OFFSET 0) AS m
    WHERE b.shard = 0 AND b.unit = :unit AND b.expires_on = :day
        AND b.member_no >= :next_no AND b.available > 0
    ORDER BY b.member_no LIMIT :limit
    """
)
_GO_ON: Final = text(
    """
    UPDATE expiry_warnings SET next_no = :next_no
    WHERE expires_on = :day AND unit = :unit
    """
)


class Ended(NamedTuple):
    """A lot that has ended, and what remains of it."""

    member_no: int
    expires_on: date
    available: int


async def lock_ended(
    conn: AsyncConnection, *, unit: int, day: date, limit: int
) -> list[Ended]:
    """Lock lots whose last day was before a business day."""
    values = {"unit": unit, "day": day, "limit": limit}
    return [Ended(*row) for row in await conn.execute(_LOCK_ENDED, values)]


async def forget_lots(
    conn: AsyncConnection, ended: Sequence[Ended], *, unit: int
) -> None:
    """Remove locked lots of which nothing remains: transfers tell what was."""
    values = {
        "members": write_numbers(each.member_no for each in ended),
        "days": [each.expires_on for each in ended],
        "unit": unit,
    }
    await conn.execute(_FORGET, values)


async def find_owing(conn: AsyncConnection, *, unit: int, limit: int) -> list[int]:
    """Find members who owe something and have something."""
    rows = await conn.execute(_IN_DEBT, {"unit": unit, "limit": limit})
    return list(rows.scalars())


async def find_owing_among(
    conn: AsyncConnection, member_nos: Collection[int], *, unit: int
) -> list[int]:
    """Find who of these owes something."""
    values = {"members": write_numbers(sorted(member_nos)), "unit": unit}
    return list((await conn.execute(_OWING_AMONG, values)).scalars())


class Warned(NamedTuple):
    """A member who is to be warned: so much ends on a day."""

    member_no: int
    member_id: str
    amount: int


async def begin_warnings(
    conn: AsyncConnection, *, unit: int, first: date, last: date
) -> None:
    """Note the days on which something ends, each once."""
    await conn.execute(_BEGIN_WARNINGS, {"unit": unit, "first": first, "last": last})


async def lock_warning(
    conn: AsyncConnection, *, unit: int, first: date
) -> tuple[date, int] | None:
    """Lock the first day of which not all were warned, and with whom to go on."""
    found = await conn.execute(_LOCK_WARNING, {"unit": unit, "first": first})
    row = found.one_or_none()
    return None if row is None else (row.expires_on, row.next_no)


async def load_ending(
    conn: AsyncConnection, *, unit: int, day: date, next_no: int, limit: int
) -> list[Warned]:
    """Load who has something that ends on a day, in the order of numbers."""
    values = {"unit": unit, "day": day, "next_no": next_no, "limit": limit}
    return [Warned(*row) for row in await conn.execute(_ENDING, values)]


async def go_on(
    conn: AsyncConnection, *, unit: int, day: date, next_no: int | None
) -> None:
    """Note with whom to go on; None when all were warned."""
    await conn.execute(_GO_ON, {"unit": unit, "day": day, "next_no": next_no})
