"""HTTP of draws: making one, looking at one, and who won in it."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Cursor, Limit, Text64
from core.moments import When, read_end, read_start
from rewards.domain.draws.terms import (
    MAX_CLAIM_DAYS,
    MAX_KINDS,
    MAX_PRIZES,
    MAX_TICKETS,
    Entry,
    NewDraw,
    Prize,
)
from rewards.domain.terms import Given
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.draws import draws as pipeline
from rewards.pipeline.draws.draws import DrawnDraw
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.draws.views import (
    DrawView,
    StaffWinners,
    view_draw,
    view_winners,
)


class PrizeBody(msgspec.Struct, frozen=True, kw_only=True):
    """So many prizes of one kind, and what who claims one is given at once.

    `gives` is anything but a chance; tickets are of another draw, which is open later.
    """

    prize_id: Annotated[Text64, msgspec.Meta(examples=["car"])]
    name: Annotated[Text64, msgspec.Meta(examples=["A red car"])]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_PRIZES)]
    gives: Given | None = None


class NewDrawBody(Body, frozen=True, kw_only=True):
    """A draw to make; it belongs to the brand of the token and never changes.

    Prizes are drawn in the order of their kinds. `entry` says whether members may also
    just take part. Prizes can be claimed on `claim_days` whole days after the draw.
    """

    draw_id: Annotated[Text64, msgspec.Meta(examples=["spring-2027"])]
    name: Annotated[Text64, msgspec.Meta(examples=["Spring draw"])]
    opens_at: When
    closes_at: When
    draws_at: When
    prizes: Annotated[tuple[PrizeBody, ...], msgspec.Meta(max_length=MAX_KINDS)]
    entry: Entry = Entry.AWARDED
    claim_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_CLAIM_DAYS)]
    most_tickets: Annotated[int, msgspec.Meta(ge=1, le=MAX_TICKETS)] | None = None

    def read(self, timezone: ZoneInfo) -> NewDraw:
        """Read its moments in the brand's calendar; raises InvalidInput."""
        opens_at = read_start("/opens_at", self.opens_at, timezone)
        closes_at = read_end("/closes_at", self.closes_at, timezone)
        draws_at = read_end("/draws_at", self.draws_at, timezone)
        assert opens_at is not None
        assert closes_at is not None
        assert draws_at is not None
        return NewDraw(
            draw_id=self.draw_id,
            name=self.name,
            opens_at=opens_at,
            closes_at=closes_at,
            draws_at=draws_at,
            prizes=tuple(
                Prize(p.prize_id, p.name, p.quantity, p.gives) for p in self.prizes
            ),
            entry=self.entry,
            claim_days=self.claim_days,
            most_tickets=self.most_tickets,
        )


@post("/v1/draws", summary="Make a draw", tags=["draws"])
async def add_draw(
    request: Request[Any, Any, Any],
    data: NewDrawBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
    draw_secrets: SkipValidation[DrawSecrets],
) -> Response[DrawView]:
    """Make a draw, and commit to the seed by which it will be drawn.

    A day as `opens_at` is its first moment, as `closes_at` and `draws_at` its last.
    """
    staff = require_role(principal, Role.MARKETER)
    new = data.read(timezone)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> DrawView:
        draw = await pipeline.add_draw(conn, new, staff, draw_secrets, now=now)
        return view_draw(DrawnDraw(draw, ()), now=now)

    return await once.perform(request, staff, effect)


@get("/v1/draws/{draw_id:str}/winners", summary="List winners", tags=["draws"])
async def list_winners(
    draw_id: str,
    principal: Principal,
    engine: AsyncEngine,
    addresses: SkipValidation[Addresses],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> StaffWinners:
    """List who won, in the order of the prizes; support sees where prizes are sent."""
    staff = require_role(principal, Role.MARKETER, Role.SUPPORT)
    async with engine.connect() as conn:
        draw, found = await pipeline.list_winners(
            conn, draw_id, staff, after=cursor or 0, limit=limit
        )
    more = str(found[-1].won.place + 1) if len(found) == limit else None
    return StaffWinners(view_winners(draw, found, staff, addresses), more)


@get("/v1/draws/{draw_id:str}", summary="Look at a draw", tags=["draws"])
async def show_draw(
    draw_id: str, principal: Principal, engine: AsyncEngine, clock: Clock
) -> DrawView:
    """Show anybody what a draw promises and, once it is drawn, what it came to."""
    del principal  # A token is not needed, but a bad one is told.
    async with engine.connect() as conn:
        shown = await pipeline.show_draw(conn, draw_id)
    return view_draw(shown, now=utc_datetime(clock.now_ms()))
