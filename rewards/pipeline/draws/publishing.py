"""The published file of a draw, read piece by piece, and drawn again from."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import Conflict, NotFound
from rewards.domain.draws.publishing import PublishedPrize, Verification, Verifier
from rewards.domain.draws.terms import Draw, Prize
from rewards.domain.messages import message
from rewards.store.draws.drawing import load_part
from rewards.store.draws.draws import load_draws
from rewards.store.draws.prizes import load_winners


async def find_drawn(conn: AsyncConnection, draw_id: str) -> Draw:
    """Find a draw that is drawn; raises NotFound and Conflict."""
    draw = (await load_draws(conn, [draw_id])).get(draw_id)
    if draw is None:
        raise NotFound(message("no_draw", draw_id=draw_id))
    if draw.result is None:
        raise Conflict(message("not_drawn_yet", draw_id=draw_id), code="not_drawn")
    return draw


async def read_publication(engine: AsyncEngine, draw: Draw) -> AsyncIterator[bytes]:
    """Read the file in pieces of whole lines; holds no connection between them."""
    part_no = 0
    while True:
        async with engine.connect() as conn:
            part = await load_part(conn, draw.draw_no, part_no)
        if part is None:
            return
        # Some megabytes: others go on meanwhile.
        yield await asyncio.to_thread(gzip.decompress, part)
        part_no += 1


async def verify_publication(engine: AsyncEngine, draw: Draw) -> Verification:
    """Draw again from the file, by the commitment that was published before."""
    verifier = Verifier(draw.commitment)
    async for piece in read_publication(engine, draw):
        await asyncio.to_thread(_feed, verifier, piece)
    return verifier.end()


def _feed(verifier: Verifier, piece: bytes) -> None:
    verifier.feed(piece.splitlines())


async def find_differences(conn: AsyncConnection, draw_id: str) -> list[str]:
    """Draw again from the file; names what differs from it, from what is kept beside.

    Reads in one transaction of the caller's.
    """
    draw = await find_drawn(conn, draw_id)
    verifier = Verifier(draw.commitment)
    part_no = 0
    while (part := await load_part(conn, draw.draw_no, part_no)) is not None:
        await asyncio.to_thread(_feed, verifier, gzip.decompress(part))
        part_no += 1
    seen = verifier.end()
    told = [f"{draw_id}: {each}" for each in seen.differences]
    won = await load_winners(conn, draw.draw_no)
    if [each.ticket_no for each in won] != list(seen.ticket_nos):
        told.append(f"{draw_id}: the winners of the file are not those that are kept")
    if draw.result is not None and seen.header is not None:
        kept = (draw.result.seed.hex(), draw.result.tickets_digest.hex())
        if kept != (seen.header.seed, seen.header.tickets_digest):
            told.append(f"{draw_id}: the file is not of the result that is kept")
        if not _promises(seen.header.prizes, draw.prizes):
            told.append(f"{draw_id}: the file promises other prizes than are kept")
    return told


def _promises(told: Sequence[PublishedPrize], kept: Sequence[Prize]) -> bool:
    """Tell whether a file's prizes are these; older files leave out what they give."""
    return len(told) == len(kept) and all(
        (each.prize_id, each.name, each.quantity)
        == (prize.prize_id, prize.name, prize.quantity)
        and each.gives in {None, prize.gives}
        for each, prize in zip(told, kept, strict=True)
    )
