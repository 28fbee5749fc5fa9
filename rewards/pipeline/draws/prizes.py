"""A prize that was won is claimed, once, until it lapses."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict, NotFound
from core.event_types import EventType, Happening
from core.outbox import write_events
from rewards.domain.draws.terms import (
    MAX_PRIZES,
    ClaimOutcome,
    Draw,
    Prize,
    Won,
    parse_pair,
)
from rewards.domain.messages import message
from rewards.pipeline.addresses import Addresses
from rewards.store.draws.draws import load_numbered
from rewards.store.draws.prizes import claim_won, find_won
from rewards.store.members import find_member_no


@dataclass(frozen=True, slots=True)
class WonPrize:
    """A prize that was won, with its draw."""

    won: Won
    draw: Draw

    @property
    def prize(self) -> Prize:
        """Tell which kind of prizes it is of."""
        return self.draw.prize_at(self.won.place)

    @property
    def claims_until(self) -> datetime:
        """Tell from when on it cannot be claimed any more."""
        assert self.draw.result is not None
        return self.draw.result.claims_until

    def judge(self, now: datetime) -> ClaimOutcome | None:
        """Tell why it cannot be claimed now; None where it can."""
        if self.won.claimed_at is not None:
            return ClaimOutcome.ALREADY
        return ClaimOutcome.LAPSED if now >= self.claims_until else None


async def find_own_prize(
    conn: AsyncConnection, won_id: str, member_id: str
) -> WonPrize:
    """Find a prize that a member has won; raises NotFound."""
    named = parse_pair(won_id)
    won = None
    if named is not None and named[1] < MAX_PRIZES:
        won = await find_won(conn, *named)
    member_no = await find_member_no(conn, member_id)
    if won is None or won.member_no != member_no:
        raise NotFound(message("no_won_prize", won_id=won_id[:64]))
    draw = (await load_numbered(conn, [won.draw_no]))[won.draw_no]
    return WonPrize(won, draw)


async def claim_prize(
    conn: AsyncConnection,
    won_id: str,
    member_id: str,
    addresses: Addresses,
    *,
    address: str | None,
    now: datetime,
) -> WonPrize:
    """Claim a prize that a member has won; raises NotFound and Conflict."""
    found = await find_own_prize(conn, won_id, member_id)
    won = found.won
    refused = found.judge(now)
    if refused is ClaimOutcome.LAPSED:
        raise Conflict(message("prize_lapsed"), code=refused.value)
    if refused or not await claim_won(
        conn, won, address=addresses.close(address, won.owner_no), now=now
    ):
        raise Conflict(message("prize_claimed"), code=ClaimOutcome.ALREADY.value)
    await write_events(conn, [_tell(found, member_id)])
    return found


def _tell(claimed: WonPrize, member_id: str) -> Happening:
    return Happening(
        EventType.PRIZE_CLAIMED,
        {
            "member_id": member_id,
            "draw_id": claimed.draw.draw_id,
            "won_id": claimed.won.won_id,
            "prize_id": claimed.prize.prize_id,
            "ticket_no": claimed.won.ticket_no,
        },
    )
