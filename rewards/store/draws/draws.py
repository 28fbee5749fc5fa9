"""The SQL of draws and their prizes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import convert, to_builtins
from sqlalchemy import ColumnElement, Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards import tables
from rewards.domain.draws.terms import Draw, Entry, NewDraw, Prize, Result
from rewards.domain.limits import Limit, Per
from rewards.domain.terms import Given
from rewards.tables import draws as t


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """The secrets of a draw, closed, with the commitment to its seed."""

    commitment: bytes
    sealed_seed: bytes
    sealed_ticket_key: bytes


async def insert_draw(
    conn: AsyncConnection,
    new: NewDraw,
    secrets: Secrets,
    *,
    brand: str | None,
    now: datetime,
) -> int:
    """Add a draw; raises IntegrityError for an id that there is. Gives its number."""
    values = {
        name: getattr(new, name)
        for name in ("draw_id", "name", "opens_at", "closes_at", "draws_at")
    } | {"most_tickets": new.most_tickets, "claim_days": new.claim_days}
    inserted = await conn.execute(
        insert(t.draws)
        .values(
            **values,
            entry=new.entry.value,
            brand=brand,
            commitment=secrets.commitment,
            sealed_seed=secrets.sealed_seed,
            sealed_ticket_key=secrets.sealed_ticket_key,
            created_at=now,
        )
        .returning(t.draws.c.draw_no)
    )
    draw_no = int(inserted.scalar_one())
    await conn.execute(insert(t.draw_counters).values(draw_no=draw_no))
    await conn.execute(
        insert(t.draw_prizes),
        [
            {
                "draw_no": draw_no,
                "prize_no": number,
                "prize_id": prize.prize_id,
                "name": prize.name,
                "quantity": prize.quantity,
                "gives": None if prize.gives is None else to_builtins(prize.gives),
            }
            for number, prize in enumerate(new.prizes, 1)
        ],
    )
    if new.most_tickets is not None:
        since = now.date() - timedelta(days=2)
        await conn.execute(
            insert(tables.limits).values(
                draw_no=draw_no,
                per=Per.MEMBER.value,
                most=new.most_tickets,
                since=since,
            )
        )
    return draw_no


async def load_draws(conn: AsyncConnection, draw_ids: Sequence[str]) -> dict[str, Draw]:
    """Load draws by id; what there is none of is left out."""
    found = await _load(conn, [t.draws.c.draw_id.in_(draw_ids)], len(draw_ids))
    return {draw.draw_id: draw for draw in found}


async def load_numbered(
    conn: AsyncConnection, draw_nos: Iterable[int]
) -> dict[int, Draw]:
    """Load draws by number."""
    numbers = sorted(set(draw_nos))
    found = await _load(conn, [t.draws.c.draw_no.in_(numbers)], len(numbers))
    return {draw.draw_no: draw for draw in found}


async def list_draws(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[Draw]:
    """List the draws that a brand may look after, newest first."""
    d = t.draws.c
    which: list[ColumnElement[bool]] = [] if brand is None else [d.brand == brand]
    if before is not None:
        which.append(d.draw_no < before)
    return await _load(conn, which, limit)


async def list_open(conn: AsyncConnection, *, now: datetime, limit: int) -> list[Draw]:
    """List the draws that one may take part in at a moment, newest first."""
    d = t.draws.c
    which = (d.entry == Entry.OPEN.value, d.opens_at <= now, d.closes_at > now)
    return await _load(conn, [*which, d.drawn_at.is_(None)], limit)


async def _load(
    conn: AsyncConnection, which: Sequence[ColumnElement[bool]], limit: int
) -> list[Draw]:
    d, c, n = t.draws.c, t.draw_counters.c, tables.limits.c
    found = await conn.execute(
        select(t.draws, c.tickets.label("counted"), n.limit_no)
        .join(t.draw_counters, c.draw_no == d.draw_no)
        .outerjoin(tables.limits, n.draw_no == d.draw_no)
        .where(*which)
        .order_by(d.draw_no.desc())
        .limit(limit)
    )
    rows = found.all()
    p = t.draw_prizes.c
    prizes: dict[int, list[Prize]] = {row.draw_no: [] for row in rows}
    for each in await conn.execute(
        select(p.draw_no, p.prize_id, p.name, p.quantity, p.gives)
        .where(p.draw_no.in_(prizes))
        .order_by(p.draw_no, p.prize_no)
    ):
        gives = None if each.gives is None else convert(each.gives, Given)
        prize = Prize(each.prize_id, each.name, each.quantity, gives)
        prizes[each.draw_no].append(prize)
    return [_read(row, tuple(prizes[row.draw_no])) for row in rows]


def _read(row: Row[Any], prizes: tuple[Prize, ...]) -> Draw:
    result, limit = None, None
    if row.drawn_at is not None:
        result = Result(
            row.seed, row.tickets, row.tickets_digest, row.drawn_at, row.claims_until
        )
    if row.limit_no is not None:
        limit = Limit(row.limit_no, Per.MEMBER, row.most_tickets)
    return Draw(
        row.draw_no,
        row.draw_id,
        row.name,
        row.brand,
        row.opens_at,
        row.closes_at,
        row.draws_at,
        Entry(row.entry),
        row.most_tickets,
        row.claim_days,
        row.commitment,
        prizes,
        row.counted,
        result,
        limit,
    )


async def load_sealed(
    conn: AsyncConnection, draw_nos: Iterable[int]
) -> dict[int, Secrets]:
    """Load the closed secrets of draws."""
    d = t.draws.c
    rows = await conn.execute(
        select(d.draw_no, d.commitment, d.sealed_seed, d.sealed_ticket_key).where(
            d.draw_no.in_(sorted(set(draw_nos)))
        )
    )
    return {row.draw_no: Secrets(*row[1:]) for row in rows}
