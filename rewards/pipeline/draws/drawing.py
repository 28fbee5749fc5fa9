"""A draw is drawn: once, whole, by the published rule, whoever dies meanwhile.

1. It is frozen: no ticket comes in any more. That is committed.
2. Tickets are read in order, digested, and written into the file piece by piece. What
   somebody who died has written is dropped first.
3. One transaction writes the seed, the digest, the winners, the rest of the file and
   the event.

Whoever comes next, after any of these, goes on to the same result: tickets that are
frozen do not change, and the seed was chosen when the draw was made.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.clock import Clock, utc_datetime
from core.event_types import EventType, Happening
from core.outbox import write_events
from rewards.domain.draws.publishing import write_header, write_tickets, write_winners
from rewards.domain.draws.rule import TicketDigest, draw_places
from rewards.domain.draws.terms import Draw, Result
from rewards.domain.draws.tickets import number_tickets
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.store.draws import drawing as store
from rewards.store.draws.draws import load_numbered

# Tickets in a piece of the file: half a megabyte, closed.
PART_TICKETS: Final = 50_000


class DrawingOutcome(StrEnum):
    """What became of an attempt to draw."""

    DRAWN = "drawn"
    NOT_DUE = "not_due"
    ELSEWHERE = "elsewhere"
    BEFORE = "drawn_before"


@dataclass(slots=True)
class _Read:
    """What is known of the tickets of a draw once they are all read."""

    digest: TicketDigest = field(default_factory=TicketDigest)
    parts: int = 0


@dataclass(slots=True)
class Drawing:
    """What draws, in a process of jobs."""

    engine: AsyncEngine
    clock: Clock
    secrets: DrawSecrets
    timezone: ZoneInfo
    part_tickets: int = PART_TICKETS

    async def list_due(self, until: datetime) -> list[tuple[int, datetime]]:
        """List draws that are to be drawn by then, as (draw_no, draws_at)."""
        async with self.engine.connect() as conn:
            return await store.load_due(conn, until=until)

    async def draw(self, draw_no: int) -> DrawingOutcome:
        """Draw, or go on with it; does nothing where it is not time, or done."""
        async with self.engine.begin() as conn:
            if not await store.freeze_draw(conn, draw_no):
                return DrawingOutcome.NOT_DUE
        # Reads only: a transaction that writes would stop who reads events.
        async with self.engine.connect() as reading:
            if not await store.begin_drawing(reading, draw_no):
                return DrawingOutcome.ELSEWHERE
            draw = (await load_numbered(reading, [draw_no]))[draw_no]
            if draw.result is not None:
                return DrawingOutcome.BEFORE
            read = await self._read(reading, draw)
            return await self._end(reading, draw, read)

    async def _read(self, reading: AsyncConnection, draw: Draw) -> _Read:
        """Digest the tickets and write their lines; keeps a piece at a time."""
        async with self.engine.begin() as conn:
            await store.forget_parts(conn, draw.draw_no)
        key = (await self.secrets.ticket_keys(reading, {draw.draw_no: draw}))[
            draw.draw_no
        ]
        read = _Read()
        pages = store.read_tickets(reading, draw.draw_no)
        async for piece in cut(pages, self.part_tickets):
            # A second of arithmetic for a million tickets: others go on meanwhile.
            content = await asyncio.to_thread(_close, read.digest, key, piece)
            read.parts += 1
            async with self.engine.begin() as conn:
                await store.write_part(conn, draw.draw_no, read.parts, content)
        # They are counted as they come in, too.
        assert read.digest.tickets == draw.tickets, "no ticket is lost or added"
        return read

    async def _end(
        self, reading: AsyncConnection, draw: Draw, read: _Read
    ) -> DrawingOutcome:
        seed = await self.secrets.open_seed(reading, draw)
        digest, tickets = read.digest.value(), read.digest.tickets
        places = draw_places(seed, digest, tickets=tickets, prizes=draw.quantity)
        numbers = await find_numbers(
            store.read_tickets(reading, draw.draw_no), places=places
        )
        owners = await store.load_owners(reading, draw.draw_no, numbers)
        drawn_at = utc_datetime(self.clock.now_ms())
        until = draw.claims_until(drawn_at, self.timezone)
        result = Result(seed, tickets, digest, drawn_at, until)
        head = store.close_part(write_header(draw, result))
        tail = store.close_part(write_winners(draw, numbers))
        async with self.engine.begin() as conn:
            if not await store.write_result(
                conn, draw.draw_no, result, numbers, owners
            ):
                return DrawingOutcome.BEFORE
            await store.write_part(conn, draw.draw_no, 0, head)
            await store.write_part(conn, draw.draw_no, read.parts + 1, tail)
            await write_events(conn, [_tell(draw, result, len(numbers))])
        return DrawingOutcome.DRAWN


def _tell(draw: Draw, result: Result, winners: int) -> Happening:
    return Happening(
        EventType.DRAW_DRAWN,
        {
            "draw_id": draw.draw_id,
            "drawn_at": result.drawn_at.isoformat(),
            "tickets": result.tickets,
            "tickets_digest": result.tickets_digest.hex(),
            "seed": result.seed.hex(),
            "winners": winners,
        },
    )


def _close(
    digest: TicketDigest, ticket_key: bytes, piece: Sequence[tuple[int, int]]
) -> bytes:
    """Digest the tickets of a piece, and close their lines."""
    tickets = number_tickets(ticket_key, piece)
    digest.add(tickets)
    return store.close_part(write_tickets(tickets))


async def cut(
    pages: AsyncIterator[Sequence[tuple[int, int]]], size: int
) -> AsyncIterator[list[tuple[int, int]]]:
    """Cut stretches of tickets, (first_no, amount), into pieces of `size` tickets."""
    piece: list[tuple[int, int]] = []
    room = size
    async for page in pages:
        for first_no, amount in page:
            first, left = first_no, amount
            while left:
                taken = min(left, room)
                piece.append((first, taken))
                first, left, room = first + taken, left - taken, room - taken
                if not room:
                    yield piece
                    piece, room = [], size
    if piece:
        yield piece


async def find_numbers(
    pages: AsyncIterator[Sequence[tuple[int, int]]], *, places: Sequence[int]
) -> list[int]:
    """Find the numbers of the tickets at some places, in the order of the places."""
    wanted = sorted(places, reverse=True)
    found: dict[int, int] = {}
    before = 0
    async for page in pages:
        for first_no, amount in page:
            while wanted and wanted[-1] < before + amount:
                place = wanted.pop()
                found[place] = first_no + place - before
            before += amount
        if not wanted:
            break
    return [found[place] for place in places]
