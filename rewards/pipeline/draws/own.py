"""What a member has of draws: tickets with their codes, and prizes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.draws.terms import ClaimOutcome, Draw
from rewards.domain.draws.tickets import Stretch, number_tickets
from rewards.pipeline.draws.prizes import WonPrize
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.draws.views import (
    OwnPrize,
    OwnPrizeList,
    OwnTicketList,
    OwnTickets,
)
from rewards.store.draws.draws import list_open, load_numbered
from rewards.store.draws.prizes import load_member_won, load_member_won_in
from rewards.store.draws.tickets import (
    count_own,
    find_entered,
    find_granted,
    load_own,
    load_own_in,
)
from rewards.store.members import find_member_no

# Whoever got thousands of tickets at once is shown the codes of the first.
CODES_SHOWN: Final = 20


async def list_own(
    conn: AsyncConnection,
    secrets: DrawSecrets,
    member_no: int,
    *,
    before: tuple[int, int] | None = None,
    limit: int,
) -> OwnTicketList:
    """List a member's tickets, newest first; `before` is (draw_no, first_no)."""
    stretches = await load_own(conn, member_no, before=before, limit=limit)
    items = await _view_tickets(conn, secrets, stretches)
    last = stretches[-1] if len(stretches) == limit else None
    more = None if last is None else f"{last.draw_no}-{last.first_no}"
    return OwnTicketList(items, more)


async def list_own_in(
    conn: AsyncConnection,
    secrets: DrawSecrets,
    member_id: str,
    draw: Draw,
    *,
    before: int | None,
    limit: int,
) -> tuple[OwnTickets, ...]:
    """List a member's tickets in one draw, the last number first, below `before`."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return ()
    stretches = await load_own_in(
        conn, member_no, draw.draw_no, before=before, limit=limit
    )
    return await _view_tickets(conn, secrets, stretches)


@dataclass(frozen=True, slots=True)
class OwnDraw:
    """A draw that a member has tickets in: that take part, and that are held."""

    draw: Draw
    tickets: int
    held: int


async def list_own_draws(
    conn: AsyncConnection, member_id: str, *, limit: int
) -> list[OwnDraw]:
    """List the draws that a member has tickets in, that of the newest ticket first."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return []
    counts = await count_own(conn, member_no, limit=limit)
    draws = await load_numbered(conn, [each.draw_no for each in counts])
    return [OwnDraw(draws[each.draw_no], each.valid, each.held) for each in counts]


async def _view_tickets(
    conn: AsyncConnection, secrets: DrawSecrets, stretches: Sequence[Stretch]
) -> tuple[OwnTickets, ...]:
    draws = await load_numbered(conn, [each.draw_no for each in stretches])
    keys = await secrets.ticket_keys(conn, draws)
    granted = await find_granted(conn, stretches)
    items = []
    for each in stretches:
        draw, shown = draws[each.draw_no], min(each.amount, CODES_SHOWN)
        numbered = number_tickets(keys[each.draw_no], [(each.first_no, shown)])
        items.append(
            OwnTickets(
                draw_id=draw.draw_id,
                name=draw.name,
                draws_at=draw.draws_at,
                drawn_at=None if draw.result is None else draw.result.drawn_at,
                first_no=each.first_no,
                amount=each.amount,
                ticket_codes=[code for _, code in numbered],
                state=each.state,
                added_at=each.added_at,
                scan_id=_scan_of(each, granted),
            )
        )
    return tuple(items)


def _scan_of(tickets: Stretch, granted: Collection[int]) -> str | None:
    """Name the scan that earned tickets, if one did."""
    origin_id = tickets.origin_id
    return None if origin_id is None or origin_id in granted else str(origin_id)


async def list_own_tickets(
    conn: AsyncConnection,
    secrets: DrawSecrets,
    member_id: str,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> OwnTicketList:
    """List a member's tickets by the member's id."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return OwnTicketList((), None)
    return await list_own(conn, secrets, member_no, before=before, limit=limit)


async def list_enterable(
    conn: AsyncConnection, member_id: str, *, now: datetime, limit: int
) -> list[Draw]:
    """List the draws that a member may take part in now and does not yet."""
    found = await list_open(conn, now=now, limit=limit)
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return found
    entered = await find_entered(conn, member_no, [each.draw_no for each in found])
    return [each for each in found if each.draw_no not in entered]


async def takes_part(conn: AsyncConnection, member_id: str, draw: Draw) -> bool:
    """Tell whether a member has a ticket of a draw for taking part in it."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return False
    return bool(await find_entered(conn, member_no, [draw.draw_no]))


async def list_own_prizes(
    conn: AsyncConnection,
    member_id: str,
    *,
    before: tuple[int, int] | None,
    limit: int,
    now: datetime,
) -> OwnPrizeList:
    """List what a member has won, the newest draw first; `before` is (draw, place)."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return OwnPrizeList((), None)
    found = await list_prizes(conn, member_no, before=before, limit=limit)
    more = found[-1].won.won_id if len(found) == limit else None
    return OwnPrizeList(view_prizes(found, now=now), more)


async def list_own_prizes_in(
    conn: AsyncConnection, member_id: str, draw: Draw, *, limit: int, now: datetime
) -> tuple[OwnPrize, ...]:
    """List what a member has won in one draw."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None or draw.result is None:
        return ()
    found = await load_member_won_in(conn, member_no, draw.draw_no, limit=limit)
    return view_prizes([WonPrize(won, draw) for won in found], now=now)


async def list_prizes(
    conn: AsyncConnection,
    member_no: int,
    *,
    before: tuple[int, int] | None = None,
    limit: int,
) -> list[WonPrize]:
    """List what a member has won by the member's number, the newest draw first."""
    found = await load_member_won(conn, member_no, before=before, limit=limit)
    draws = await load_numbered(conn, [won.draw_no for won in found])
    return [WonPrize(won, draws[won.draw_no]) for won in found]


def view_prizes(found: Sequence[WonPrize], *, now: datetime) -> tuple[OwnPrize, ...]:
    """Show prizes to who has won them."""
    return tuple(
        OwnPrize(
            won_id=each.won.won_id,
            draw_id=each.draw.draw_id,
            draw_name=each.draw.name,
            prize_id=each.prize.prize_id,
            name=each.prize.name,
            ticket_no=each.won.ticket_no,
            state=_STATES[each.judge(now)],
            claims_until=each.claims_until,
            claimed_at=each.won.claimed_at,
            gives=each.prize.gives,
        )
        for each in found
    )


_STATES: Final = {
    None: "open",
    ClaimOutcome.ALREADY: "claimed",
    ClaimOutcome.LAPSED: "lapsed",
}
