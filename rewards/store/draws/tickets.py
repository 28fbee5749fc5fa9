"""The SQL of tickets: adding many at once, and what members have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from rewards import tables
from rewards.domain.draws.tickets import Stretch, TicketState
from rewards.domain.limits import ALWAYS, Limit
from rewards.tables import draws as t


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A member who takes part in a draw with one ticket, and the limit that counts."""

    transfer_id: int
    member_no: int
    draw_no: int
    limit_no: int | None
    most: int


_TAKE_LIMITS: Final = text(
    """
    SELECT take_limits(0::smallint, true, CAST(:needs AS bigint[]),
        CAST(:limit_nos AS integer[]), CAST(:holders AS bigint[]),
        CAST(:periods AS integer[]), CAST(:mosts AS bigint[]))
    """
)
_ADD: Final = text(
    """
    SELECT add_tickets(0::smallint, :now, CAST(:transfers AS bigint[]),
        CAST(:members AS bigint[]), CAST(:origins AS bigint[]),
        CAST(:draws AS integer[]), CAST(:amounts AS integer[]),
        CAST(:held AS boolean[]))
    """
)


async def add_entries(
    conn: AsyncConnection, entries: Sequence[NewEntry], *, now: datetime
) -> list[bool]:
    """Add a ticket for each who takes part; tells for whom the draw was open.

    Raises DBAPIError: SQLSTATE CC005 where somebody took the last that a limit had
    meanwhile, a violation of one_entry_of_a_member where somebody takes part twice.
    """
    counted = [each for each in entries if each.limit_no is not None]
    if counted:
        values = {
            "needs": write_numbers(1 for _ in counted),
            "limit_nos": write_numbers(each.limit_no for each in counted),
            "holders": write_numbers(each.member_no for each in counted),
            "periods": write_numbers(0 for _ in counted),
            "mosts": write_numbers(each.most for each in counted),
        }
        await conn.execute(_TAKE_LIMITS, values)
    values = {
        "transfers": write_numbers(each.transfer_id for each in entries),
        "members": write_numbers(each.member_no for each in entries),
        "origins": write_numbers(None for _ in entries),
        "draws": write_numbers(each.draw_no for each in entries),
        "amounts": write_numbers(1 for _ in entries),
    }
    held = [False] * len(entries)
    added = await conn.execute(_ADD, values | {"now": now, "held": held})
    return [amount > 0 for amount in added.scalar_one()]


@dataclass(frozen=True, slots=True)
class NewTickets:
    """Tickets of a draw that a member is given under a number."""

    award_id: int
    member_no: int
    draw_no: int


async def take_room(
    conn: AsyncConnection, limit: Limit, member_no: int, amount: int
) -> None:
    """Count tickets against what a draw lets a member have.

    Raises DBAPIError, SQLSTATE CC005, where there is no room for all of them.
    """
    values = {
        "needs": write_numbers([amount]),
        "limit_nos": write_numbers([limit.limit_no]),
        "holders": write_numbers([member_no]),
        "periods": write_numbers([0]),
        "mosts": write_numbers([limit.most]),
    }
    await conn.execute(_TAKE_LIMITS, values)


async def add_awarded(
    conn: AsyncConnection, new: NewTickets, amount: int, *, now: datetime
) -> bool:
    """Add tickets that were given, counted already; False where the draw is closed."""
    number = write_numbers([new.award_id])
    values = {
        "transfers": number,
        "members": write_numbers([new.member_no]),
        "origins": number,
        "draws": write_numbers([new.draw_no]),
        "amounts": write_numbers([amount]),
    }
    added = await conn.execute(_ADD, values | {"now": now, "held": [False]})
    [count] = added.scalar_one()
    return bool(count)


_MEMBERS = cast(bindparam("members", type_=Text), ARRAY(BigInteger))
_DRAWS = cast(bindparam("draws", type_=Text), ARRAY(Integer))


async def load_entries(
    conn: AsyncConnection, entries: Sequence[NewEntry]
) -> dict[tuple[int, int], int]:
    """Load the ticket's number of who takes part, by (draw_no, member_no)."""
    c = t.draw_tickets.c
    rows = await conn.execute(
        select(c.draw_no, c.member_no, c.first_no).where(
            c.shard == SHARD,
            c.draw_no == any_(_DRAWS),
            c.member_no == any_(_MEMBERS),
            c.origin_id.is_(None),
        ),
        {
            "draws": write_numbers({each.draw_no for each in entries}),
            "members": write_numbers({each.member_no for each in entries}),
        },
    )
    return {(row.draw_no, row.member_no): row.first_no for row in rows}


async def find_full(
    conn: AsyncConnection, entries: Sequence[NewEntry]
) -> set[tuple[int, int]]:
    """Find who has as many tickets as a draw lets, as (draw_no, member_no)."""
    u, n = tables.limit_uses.c, tables.limits.c
    limits = {each.limit_no for each in entries if each.limit_no is not None}
    if not limits:
        return set()
    rows = await conn.execute(
        select(n.draw_no, u.holder)
        .join_from(tables.limit_uses, tables.limits, n.limit_no == u.limit_no)
        .where(
            u.shard == SHARD,
            u.limit_no.in_(limits),
            u.holder == any_(_MEMBERS),
            u.period == ALWAYS,
            u.used >= n.most,
        ),
        {"members": write_numbers({each.member_no for each in entries})},
    )
    return {(row.draw_no, row.holder) for row in rows}


_STRETCHES: Final[Select[Any]] = select(
    *(t.draw_tickets.c.draw_no, t.draw_tickets.c.first_no, t.draw_tickets.c.amount),
    *(t.draw_tickets.c.state, t.draw_tickets.c.origin_id, t.draw_tickets.c.added_at),
)


async def load_own(
    conn: AsyncConnection,
    member_no: int,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> list[Stretch]:
    """Load the tickets of a member, newest first; `before` is (draw_no, first_no)."""
    c = t.draw_tickets.c
    older: list[ColumnElement[bool]] = []
    if before is not None:
        last = select(c.added_at, c.draw_no, c.first_no).where(
            c.shard == SHARD, c.draw_no == before[0], c.first_no == before[1]
        )
        older = [tuple_(c.added_at, c.draw_no, c.first_no) < last.scalar_subquery()]
    rows = await conn.execute(
        _STRETCHES.where(c.shard == SHARD, c.member_no == member_no, *older)
        .order_by(c.added_at.desc(), c.draw_no.desc(), c.first_no.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def load_own_in(
    conn: AsyncConnection,
    member_no: int,
    draw_no: int,
    *,
    before: int | None,
    limit: int,
) -> list[Stretch]:
    """Load a member's tickets in one draw, the last number first, below `before`."""
    c = t.draw_tickets.c
    older = [] if before is None else [c.first_no < before]
    rows = await conn.execute(
        _STRETCHES.where(
            c.shard == SHARD, c.member_no == member_no, c.draw_no == draw_no, *older
        )
        .order_by(c.first_no.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


@dataclass(frozen=True, slots=True)
class TicketCount:
    """How many tickets a member has in a draw: that take part, and that wait."""

    draw_no: int
    valid: int
    held: int


async def count_own(
    conn: AsyncConnection, member_no: int, *, limit: int
) -> list[TicketCount]:
    """Count a member's tickets by draw, that of the newest ticket first."""
    c = t.draw_tickets.c

    def how_many(state: TicketState) -> ColumnElement[int]:
        amounts = func.sum(c.amount).filter(c.state == state.value)
        return func.coalesce(amounts, 0)

    rows = await conn.execute(
        select(c.draw_no, how_many(TicketState.VALID), how_many(TicketState.HELD))
        .where(c.shard == SHARD, c.member_no == member_no)
        .group_by(c.draw_no)
        .order_by(func.max(c.added_at).desc(), c.draw_no.desc())
        .limit(limit)
    )
    return [TicketCount(*row) for row in rows]


_GRANTS: Final = text(
    """
    SELECT u.id FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    WHERE EXISTS (SELECT FROM transfers WHERE shard = 0 AND origin_id = u.id
        AND transfer_id = u.id AND kind = 'grant')
    """
)


async def find_granted(
    conn: AsyncConnection, stretches: Sequence[Stretch]
) -> frozenset[int]:
    """Find whose origins are no scans: what a prize or a complete set gave."""
    origins = [each.origin_id for each in stretches if each.origin_id is not None]
    if not origins:
        return frozenset()
    rows = await conn.execute(_GRANTS, {"ids": write_numbers(origins)})
    return frozenset(rows.scalars())


async def find_entered(
    conn: AsyncConnection, member_no: int, draw_nos: Sequence[int]
) -> set[int]:
    """Find in which of these draws a member just took part, by their numbers."""
    c = t.draw_tickets.c
    rows = await conn.execute(
        select(c.draw_no).where(
            c.shard == SHARD,
            c.draw_no.in_(draw_nos),
            c.member_no == member_no,
            c.origin_id.is_(None),
        )
    )
    return set(rows.scalars())


def _read(row: Row[Any]) -> Stretch:
    return Stretch(
        row.draw_no,
        row.first_no,
        row.amount,
        TicketState(row.state),
        row.origin_id,
        row.added_at,
    )


# A look by key for each: the way of millions of tickets costs no more than that of ten.
_GIVEN: Final = text(
    """
    SELECT DISTINCT t.first_no + t.amount - 1 AS given, t.added_at
    FROM draw_counters AS c
    CROSS JOIN generate_series(0, :looks) AS i (look)
    CROSS JOIN LATERAL (SELECT first_no, amount, added_at FROM draw_tickets
        WHERE shard = 0 AND draw_no = c.draw_no
            AND first_no <= greatest((c.next_no - 1) * i.look / :looks, 1)
        ORDER BY first_no DESC LIMIT 1) AS t
    WHERE c.draw_no = :draw_no ORDER BY 1
    """
)


async def load_given(
    conn: AsyncConnection, draw_no: int, *, looks: int
) -> list[tuple[datetime, int]]:
    """Tell by when how many tickets were given, at so many steps of the way.

    Numbers are given in a row, so that the number of a ticket says how many were.
    """
    rows = await conn.execute(_GIVEN, {"draw_no": draw_no, "looks": looks})
    return [(row.added_at, row.given) for row in rows]


async def skip_ticket_numbers(conn: AsyncConnection, by: int) -> None:
    """Let no draw give a number again that a restored database has forgotten."""
    c = t.draw_counters.c
    await conn.execute(
        update(t.draw_counters)
        .where(c.frozen_at.is_(None))
        .values(next_no=c.next_no + by)
    )


_LOCK_COUNTERS: Final = text(
    """
    SELECT c.draw_no, c.frozen_at IS NOT NULL AS frozen FROM draw_counters AS c
    WHERE c.draw_no IN (SELECT draw_no FROM draw_tickets
        WHERE shard = 0 AND member_no = :member_no AND origin_id = :origin_id)
    ORDER BY c.draw_no FOR NO KEY UPDATE
    """
)
_VOID: Final = text(
    """
    WITH gone AS (
        UPDATE draw_tickets SET state = 'void'
        WHERE shard = 0 AND member_no = :member_no AND origin_id = :origin_id
            AND draw_no = ANY (CAST(:draws AS integer[])) AND state = 'valid'
        RETURNING draw_no, transfer_id, amount
    ), counted AS (
        UPDATE draw_counters AS c SET tickets = c.tickets - g.amount
        FROM (SELECT draw_no, sum(amount) AS amount FROM gone GROUP BY 1) AS g
        WHERE c.draw_no = g.draw_no
    )
    SELECT transfer_id FROM gone
    """
)


async def void_tickets(
    conn: AsyncConnection, member_no: int, *, origin_id: int
) -> frozenset[int]:
    """Let a member's tickets of an origin take no part in draws that are not frozen.

    Gives the transfers of those that are void. Locks the counters, after all else.
    """
    whose = {"member_no": member_no, "origin_id": origin_id}
    rows = (await conn.execute(_LOCK_COUNTERS, whose)).all()
    draws = write_numbers(row.draw_no for row in rows if not row.frozen)
    gone = await conn.execute(_VOID, whose | {"draws": draws})
    return frozenset(gone.scalars())
