"""A prize that was won is claimed, once, until it lapses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import Conflict, NotFound
from core.event_types import EventType, Happening
from core.fence import share_fence
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
from rewards.pipeline.awarding import Awarding, NewAward
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


@dataclass(frozen=True, slots=True)
class PrizeClaiming:
    """Lets members claim what they have won, and gives them what it gives."""

    engine: AsyncEngine
    addresses: Addresses
    awarding: Awarding

    async def take_number(
        self, won_id: str, member_id: str, *, now: datetime
    ) -> int | None:
        """Take the number under which what a prize gives is given; None for nothing.

        Before the transaction of the claim.
        """
        try:
            async with self.engine.connect() as conn:
                found = await find_own_prize(conn, won_id, member_id)
        except NotFound:
            return None  # The claim is told so, once.
        gives = found.prize.gives
        if gives is None or found.judge(now) is not None:
            return None
        return await self.awarding.take_number(gives, now=now)

    async def claim(
        self,
        conn: AsyncConnection,
        won_id: str,
        member_id: str,
        number: int | None,
        *,
        address: str | None,
        now: datetime,
    ) -> WonPrize:
        """Claim a prize that a member has won; raises NotFound and Conflict.

        What it gives is there with the claim, or neither is.
        """
        await share_fence(conn)
        found = await find_own_prize(conn, won_id, member_id)
        won, gives = found.won, found.prize.gives
        refused = found.judge(now)
        if refused is ClaimOutcome.LAPSED:
            raise Conflict(message("prize_lapsed"), code=refused.value)
        closed = self.addresses.close(address, won.owner_no)
        if refused or not await claim_won(
            conn, won, address=closed, award_id=number, now=now
        ):
            raise Conflict(message("prize_claimed"), code=ClaimOutcome.ALREADY.value)
        given: Mapping[str, Any] = {}
        if gives is not None:
            assert number is not None, "it was taken while it could be claimed"
            award = NewAward(
                *(won.draw_no, won.member_no, gives, number), found.draw.brand
            )
            given = await self.awarding.give(conn, award, now=now)
            await self.awarding.add_tickets(conn, award, now=now)
        await write_events(conn, [_tell(found, member_id, given)])
        return found


def _tell(claimed: WonPrize, member_id: str, given: Mapping[str, Any]) -> Happening:
    told = {
        "member_id": member_id,
        "draw_id": claimed.draw.draw_id,
        "won_id": claimed.won.won_id,
        "prize_id": claimed.prize.prize_id,
        "ticket_no": claimed.won.ticket_no,
    }
    gives = claimed.prize.gives
    if gives is not None:
        told["gives"] = msgspec.to_builtins(gives) | given
    return Happening(EventType.PRIZE_CLAIMED, told)
