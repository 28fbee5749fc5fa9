"""The SQL of drawing: freezing a draw, reading its tickets, writing what came of it."""

import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards.domain.draws.terms import Result
from rewards.domain.draws.tickets import TicketState
from rewards.tables import draws as t

# The numbers of the advisory locks of who draws which draw.
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(4344, :draw_no)")
# Stretches that are read at once.
_PAGE: Final = 10_000
_LEVEL: Final = 6


async def load_due(
    conn: AsyncConnection, *, until: datetime
) -> list[tuple[int, datetime]]:
    """List draws that are to be drawn by then, as (draw_no, draws_at)."""
    d = t.draws.c
    rows = await conn.execute(
        select(d.draw_no, d.draws_at)
        .where(d.drawn_at.is_(None), d.draws_at <= until)
        .order_by(d.draws_at, d.draw_no)
    )
    return [(row.draw_no, row.draws_at) for row in rows]


async def freeze_draw(conn: AsyncConnection, draw_no: int) -> bool:
    """Let no ticket come in any more; tells whether none does from now on.

    PostgreSQL's own clock says whether it is time. Who adds a ticket holds the row's
    lock until it is committed, so that it is read below or refused.
    """
    c, d = t.draw_counters.c, t.draws.c
    is_due = exists().where(d.draw_no == draw_no, d.draws_at <= func.now())
    await conn.execute(
        update(t.draw_counters)
        .where(c.draw_no == draw_no, c.frozen_at.is_(None), is_due)
        .values(frozen_at=func.now())
    )
    frozen = await conn.execute(select(c.frozen_at).where(c.draw_no == draw_no))
    return frozen.scalar_one() is not None


async def begin_drawing(conn: AsyncConnection, draw_no: int) -> bool:
    """Tell whether it is for this transaction to draw; nobody else does meanwhile.

    The transaction writes nothing, so that no reader of events waits for it.
    """
    return bool((await conn.execute(_LOCK, {"draw_no": draw_no})).scalar_one())


async def read_tickets(
    conn: AsyncConnection, draw_no: int
) -> AsyncIterator[list[tuple[int, int]]]:
    """Read what takes part in a frozen draw, in order, as (first_no, amount)."""
    c = t.draw_tickets.c
    last = 0
    while True:
        rows = await conn.execute(
            select(c.first_no, c.amount)
            .where(
                c.shard == SHARD,
                c.draw_no == draw_no,
                c.first_no > last,
                c.state == TicketState.VALID.value,
            )
            .order_by(c.first_no)
            .limit(_PAGE)
        )
        page = [(row.first_no, row.amount) for row in rows]
        if not page:
            return
        yield page
        last = page[-1][0]


async def load_owners(
    conn: AsyncConnection, draw_no: int, ticket_nos: Sequence[int]
) -> dict[int, int]:
    """Tell the member of each ticket, by its number."""
    rows = await conn.execute(
        text(
            """
            SELECT u.no, t.member_no FROM unnest(CAST(:numbers AS bigint[])) AS u (no)
            CROSS JOIN LATERAL (SELECT * FROM draw_tickets
                WHERE shard = 0 AND draw_no = :draw_no AND first_no <= u.no
                ORDER BY first_no DESC LIMIT 1) AS t
            WHERE u.no < t.first_no + t.amount AND t.state = 'valid'
            """
        ),
        {"numbers": list(ticket_nos), "draw_no": draw_no},
    )
    return {row.no: row.member_no for row in rows}


async def forget_parts(conn: AsyncConnection, draw_no: int) -> None:
    """Drop what a try that died has written of a file."""
    p = t.draw_publications.c
    await conn.execute(delete(t.draw_publications).where(p.draw_no == draw_no))


async def write_part(
    conn: AsyncConnection, draw_no: int, part_no: int, content: bytes
) -> None:
    """Keep a closed piece of the file."""
    values = {"draw_no": draw_no, "part_no": part_no, "content": content}
    await conn.execute(insert(t.draw_publications).values(values))


def close_part(content: bytes) -> bytes:
    """Close a piece of the file."""
    return gzip.compress(content, _LEVEL, mtime=0)


async def load_part(conn: AsyncConnection, draw_no: int, part_no: int) -> bytes | None:
    """Load a closed piece of the file; None after the last."""
    p = t.draw_publications.c
    found = await conn.execute(
        select(p.content).where(p.draw_no == draw_no, p.part_no == part_no)
    )
    content = found.scalar_one_or_none()
    return None if content is None else bytes(content)


async def write_result(
    conn: AsyncConnection,
    draw_no: int,
    result: Result,
    ticket_nos: Sequence[int],
    owners: Mapping[int, int],
) -> bool:
    """Write what a draw came to; tells whether nobody had before."""
    d = t.draws.c
    done = await conn.execute(
        update(t.draws)
        .where(d.draw_no == draw_no, d.drawn_at.is_(None))
        .values(
            seed=result.seed,
            tickets=result.tickets,
            tickets_digest=result.tickets_digest,
            drawn_at=result.drawn_at,
            claims_until=result.claims_until,
        )
    )
    if not done.rowcount:
        return False
    if ticket_nos:
        await conn.execute(
            insert(t.draw_winners),
            [
                {
                    "draw_no": draw_no,
                    "place": place,
                    "ticket_no": number,
                    "member_no": owners[number],
                }
                for place, number in enumerate(ticket_nos)
            ],
        )
    return True
