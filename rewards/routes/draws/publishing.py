"""HTTP of the file that a draw is published in."""

from typing import Final

from litestar import get
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal
from core.openapi import BINARY
from rewards.pipeline.draws.publishing import find_drawn, read_publication

_JSON_LINES: Final = "application/jsonl"


@get(
    "/v1/draws/{draw_id:str}/publication",
    summary="Download the file of a draw",
    tags=["draws"],
    opt={"answers": {_JSON_LINES: BINARY}, "faults": (404, 409)},
)
async def download_draw(
    draw_id: str,
    principal: Principal,
    engine: AsyncEngine,
) -> Stream:
    """Give anybody the file by which the draw can be drawn again.

    Lines of JSON: what was promised with the seed, the tickets in order, the winners.
    """
    del principal
    async with engine.connect() as conn:
        draw = await find_drawn(conn, draw_id)
    return Stream(read_publication(engine, draw), media_type=_JSON_LINES)
