"""The SQL of what was won, and of who claimed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards import tables
from rewards.domain.draws.terms import MAX_PRIZES, Won
from rewards.store.members import is_member
from rewards.tables import draws as t

_WON: Final[Select[Any]] = select(t.draw_winners, t.draw_claims.c.claimed_at).outerjoin(
    t.draw_claims,
    and_(
        t.draw_claims.c.draw_no == t.draw_winners.c.draw_no,
        t.draw_claims.c.place == t.draw_winners.c.place,
    ),
)


def _read(row: Row[Any]) -> Won:
    return Won(row.draw_no, row.place, row.ticket_no, row.member_no, row.claimed_at)


async def load_winners(
    conn: AsyncConnection, draw_no: int, *, most: int = MAX_PRIZES
) -> list[Won]:
    """Load what was won in a draw, all or the first, in the order of its prizes."""
    w = t.draw_winners.c
    rows = await conn.execute(
        _WON.where(w.draw_no == draw_no).order_by(w.place).limit(most)
    )
    return [_read(row) for row in rows]


async def find_won(conn: AsyncConnection, draw_no: int, place: int) -> Won | None:
    """Find a prize that was won."""
    w = t.draw_winners.c
    row = await conn.execute(_WON.where(w.draw_no == draw_no, w.place == place))
    found = row.one_or_none()
    return None if found is None else _read(found)


async def load_member_won(
    conn: AsyncConnection, member_no: int, *, before: tuple[int, int] | None, limit: int
) -> list[Won]:
    """Load what a member has won, the newest draw first; `before` as (draw, place)."""
    w = t.draw_winners.c
    older: list[ColumnElement[bool]] = []
    if before is not None:
        older = [tuple_(w.draw_no, w.place) < tuple_(*before)]
    rows = await conn.execute(
        _WON.where(w.member_no == member_no, *older)
        .order_by(w.draw_no.desc(), w.place.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def load_member_won_in(
    conn: AsyncConnection, member_no: int, draw_no: int, *, limit: int
) -> list[Won]:
    """Load what a member has won in one draw, in the order of its prizes."""
    w = t.draw_winners.c
    rows = await conn.execute(
        _WON.where(w.member_no == member_no, w.draw_no == draw_no)
        .order_by(w.place)
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def claim_won(
    conn: AsyncConnection,
    won: Won,
    *,
    address: bytes | None,
    award_id: int | None,
    now: datetime,
) -> bool:
    """Write down that a prize is claimed; tells whether nobody had before.

    `award_id` is the number under which what the prize gives is given.
    """
    done = await conn.execute(
        insert(t.draw_claims)
        .values(
            draw_no=won.draw_no,
            place=won.place,
            claimed_at=now,
            address=address,
            award_id=award_id,
        )
        .on_conflict_do_nothing()
        .returning(t.draw_claims.c.place)
    )
    return done.one_or_none() is not None


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won a prize, as staff see it; the address is closed."""

    won: Won
    member_id: str
    address: bytes | None


async def list_winners(
    conn: AsyncConnection, draw_no: int, *, after: int, limit: int
) -> Sequence[Winner]:
    """List who won in a draw, in the order of its prizes, from a place on."""
    w, c, m = t.draw_winners.c, t.draw_claims.c, tables.members.c
    rows = await conn.execute(
        _WON.add_columns(c.address, m.member_id)
        .join(tables.members, is_member(w.member_no))
        .where(w.draw_no == draw_no, w.place >= after)
        .order_by(w.place)
        .limit(limit)
    )
    return [Winner(_read(row), row.member_id, row.address) for row in rows]
