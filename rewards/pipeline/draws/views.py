"""Draws, tickets and prizes as callers see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from core.auth.principal import Role, Staff
from rewards.domain.draws.terms import Draw, DrawPhase, Entry
from rewards.domain.draws.tickets import TicketState
from rewards.domain.terms import Given
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.draws.draws import DrawnDraw
from rewards.store.draws.prizes import Winner

PUBLICATION: Final = "/v1/draws/{draw_id}/publication"


class PrizeView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of prizes, how many there are, and what who claims one is given."""

    prize_id: str
    name: str
    quantity: int
    gives: Given | None = None


class WinnerView(msgspec.Struct, frozen=True):
    """A prize and the number of the ticket that won it."""

    prize_id: str
    ticket_no: int


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """A draw as anybody sees it.

    `commitment` is the SHA-256 of the seed, in hex. `tickets` is how many take part.
    What the draw came to is there once it is drawn.
    """

    draw_id: str
    name: str
    state: DrawPhase
    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    entry: Entry
    most_tickets: int | None
    claim_days: int
    commitment: str
    prizes: tuple[PrizeView, ...]
    tickets: int
    seed: str | None = None
    tickets_digest: str | None = None
    drawn_at: datetime | None = None
    claims_until: datetime | None = None
    winners: tuple[WinnerView, ...] = ()
    publication: str | None = None


def view_draw(shown: DrawnDraw, *, now: datetime) -> DrawView:
    """Show a draw to anybody."""
    draw, result = shown.draw, shown.draw.result
    view = DrawView(
        draw_id=draw.draw_id,
        name=draw.name,
        state=draw.phase(now),
        opens_at=draw.opens_at,
        closes_at=draw.closes_at,
        draws_at=draw.draws_at,
        entry=draw.entry,
        most_tickets=draw.most_tickets,
        claim_days=draw.claim_days,
        commitment=draw.commitment.hex(),
        prizes=tuple(
            PrizeView(
                prize_id=p.prize_id, name=p.name, quantity=p.quantity, gives=p.gives
            )
            for p in draw.prizes
        ),
        tickets=draw.tickets,
    )
    if result is None:
        return view
    return msgspec.structs.replace(
        view,
        tickets=result.tickets,
        seed=result.seed.hex(),
        tickets_digest=result.tickets_digest.hex(),
        drawn_at=result.drawn_at,
        claims_until=result.claims_until,
        winners=tuple(
            WinnerView(draw.prize_at(won.place).prize_id, won.ticket_no)
            for won in shown.won
        ),
        publication=PUBLICATION.format(draw_id=quote(draw.draw_id, safe="")),
    )


class TakenTicket(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket of who takes part."""

    draw_id: str
    ticket_no: int
    ticket_code: str


class OwnTickets(msgspec.Struct, frozen=True, kw_only=True):
    """Tickets that a member got at once, numbers in a row from `first_no` on.

    `ticket_codes` are those of the first of them. `scan_id` is what earned them.
    """

    draw_id: str
    name: str
    draws_at: datetime
    drawn_at: datetime | None
    first_no: int
    amount: int
    ticket_codes: Sequence[str]
    state: TicketState
    added_at: datetime
    scan_id: str | None


class OwnTicketList(msgspec.Struct, frozen=True):
    """A page of a member's tickets, newest first."""

    items: tuple[OwnTickets, ...]
    next_cursor: str | None


class OwnPrize(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prize that a member has won: open until `claims_until`, claimed, or lapsed."""

    won_id: str
    draw_id: str
    draw_name: str
    prize_id: str
    name: str
    ticket_no: int
    state: str
    claims_until: datetime
    claimed_at: datetime | None
    gives: Given | None = None


class OwnPrizeList(msgspec.Struct, frozen=True):
    """A page of what a member has won, the newest draw first."""

    items: tuple[OwnPrize, ...]
    next_cursor: str | None


class ClaimedPrize(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prize that was claimed just now, with what it gave."""

    won_id: str
    draw_id: str
    prize_id: str
    name: str
    claimed_at: datetime
    gives: Given | None = None


class StaffWinner(msgspec.Struct, frozen=True, kw_only=True):
    """Who won a prize; where it is sent only support is shown."""

    won_id: str
    prize_id: str
    ticket_no: int
    member_id: str
    claimed_at: datetime | None
    has_address: bool
    address: str | None


class StaffWinners(msgspec.Struct, frozen=True):
    """A page of the winners of a draw, in the order of its prizes."""

    items: tuple[StaffWinner, ...]
    next_cursor: str | None


def view_winners(
    draw: Draw, winners: Sequence[Winner], staff: Staff, addresses: Addresses
) -> tuple[StaffWinner, ...]:
    """Show winners to staff; an address is for who sends prizes."""
    sends = staff.role in {Role.SUPPORT, Role.ADMIN}
    return tuple(
        StaffWinner(
            won_id=each.won.won_id,
            prize_id=draw.prize_at(each.won.place).prize_id,
            ticket_no=each.won.ticket_no,
            member_id=each.member_id,
            claimed_at=each.won.claimed_at,
            has_address=each.address is not None,
            address=addresses.open(each.address, each.won.owner_no) if sends else None,
        )
        for each in winners
    )
