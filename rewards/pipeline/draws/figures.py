"""What has become of a draw so far, for who looks after it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.errors import NotFound
from rewards.domain.draws.terms import ClaimOutcome, Draw, Prize
from rewards.domain.messages import message
from rewards.pipeline.draws.prizes import WonPrize
from rewards.store.draws.draws import load_draws
from rewards.store.draws.prizes import load_winners
from rewards.store.draws.tickets import load_given

_LOOKS: Final = 24


@dataclass(frozen=True, slots=True)
class PrizeFigures:
    """What has become of the prizes of a kind; `unwon` had no ticket to go to."""

    prize: Prize
    claimed: int
    open: int
    lapsed: int

    @property
    def unwon(self) -> int:
        """How many nobody has won."""
        return self.prize.quantity - self.claimed - self.open - self.lapsed


@dataclass(frozen=True, slots=True)
class DrawFigures:
    """A draw, by when how many tickets were given, and what became of its prizes."""

    draw: Draw
    given: Sequence[tuple[datetime, int]]
    by_prize: Sequence[PrizeFigures]

    @property
    def lapsed(self) -> int:
        """How many prizes nobody has claimed in time."""
        return sum(each.lapsed for each in self.by_prize)


async def look_at_draw(
    conn: AsyncConnection, draw_id: str, staff: Staff, *, now: datetime
) -> DrawFigures:
    """Find a draw that somebody may look after, with its figures; raises NotFound."""
    draw = (await load_draws(conn, [draw_id])).get(draw_id)
    if draw is None or not draw.is_of(staff.brand):
        raise NotFound(message("no_draw", draw_id=draw_id))
    given = await load_given(conn, draw.draw_no, looks=_LOOKS)
    won = [] if draw.result is None else await load_winners(conn, draw.draw_no)
    found = [WonPrize(each, draw) for each in won]
    counts = Counter((each.prize.prize_id, each.judge(now)) for each in found)
    return DrawFigures(
        draw,
        given,
        [
            PrizeFigures(
                prize,
                claimed=counts[prize.prize_id, ClaimOutcome.ALREADY],
                open=counts[prize.prize_id, None],
                lapsed=counts[prize.prize_id, ClaimOutcome.LAPSED],
            )
            for prize in draw.prizes
        ],
    )
