"""The file that a draw is published in, and how anybody draws again from it; pure.

JSON lines: what was promised, with the seed and the digest of the tickets; the tickets
in order; the winners in the order of the prizes. Nothing here keeps what grows with the
tickets.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from rewards.domain.draws.rule import RULE, TicketDigest, commit_to, draw_places
from rewards.domain.draws.terms import MAX_KINDS, MAX_PRIZES, Draw, Result
from rewards.domain.terms import Given

_MAX_TICKETS: Final = 1 << 53
_Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Number = Annotated[int, msgspec.Meta(ge=1, le=_MAX_TICKETS)]


class PublishedPrize(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of prizes, as the file names it, with what its claim gives at once."""

    prize_id: str
    name: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_PRIZES)]
    gives: Given | None = None


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what was promised, the seed, and the digest of the tickets."""

    rule: int
    draw_id: str
    name: str
    opens_at: str
    closes_at: str
    draws_at: str
    drawn_at: str
    commitment: _Hex32
    seed: _Hex32
    tickets: Annotated[int, msgspec.Meta(ge=0, le=_MAX_TICKETS)]
    tickets_digest: _Hex32
    prizes: Annotated[
        tuple[PublishedPrize, ...], msgspec.Meta(min_length=1, max_length=MAX_KINDS)
    ]


class TicketLine(msgspec.Struct, frozen=True):
    """A ticket that took part."""

    ticket_no: _Number
    ticket_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{1,32}\Z")]


class WinnerLine(msgspec.Struct, frozen=True):
    """A prize and the ticket that won it."""

    prize_id: str
    ticket_no: _Number


def write_header(draw: Draw, result: Result) -> bytes:
    """Write the first line."""
    return _line(
        Header(
            rule=RULE,
            draw_id=draw.draw_id,
            name=draw.name,
            opens_at=draw.opens_at.isoformat(),
            closes_at=draw.closes_at.isoformat(),
            draws_at=draw.draws_at.isoformat(),
            drawn_at=result.drawn_at.isoformat(),
            commitment=draw.commitment.hex(),
            seed=result.seed.hex(),
            tickets=result.tickets,
            tickets_digest=result.tickets_digest.hex(),
            prizes=tuple(
                PublishedPrize(
                    prize_id=p.prize_id, name=p.name, quantity=p.quantity, gives=p.gives
                )
                for p in draw.prizes
            ),
        )
    )


def write_tickets(tickets: Sequence[tuple[int, str]]) -> bytes:
    """Write the lines of tickets, as (ticket_no, ticket_code)."""
    lines = [
        f'{{"ticket_no":{number},"ticket_code":"{code}"}}\n' for number, code in tickets
    ]
    return "".join(lines).encode("ascii")


def write_winners(draw: Draw, ticket_nos: Sequence[int]) -> bytes:
    """Write the lines of winners; numbers of tickets in the order of the prizes."""
    return b"".join(
        _line(WinnerLine(draw.prize_at(place).prize_id, number))
        for place, number in enumerate(ticket_nos)
    )


def _line(told: Any) -> bytes:
    return msgspec.json.encode(told) + b"\n"


@dataclass(frozen=True, slots=True)
class Verification:
    """A draw that was drawn again: what differs, nothing where all is right.

    `ticket_nos` are those of the winners that the file tells, in the order of prizes.
    """

    header: Header | None
    differences: tuple[str, ...]
    ticket_nos: tuple[int, ...] = ()

    @property
    def verified(self) -> bool:
        """Tell whether the file holds what its rule gives."""
        return not self.differences


class Verifier:
    """Draws again from the lines of a file, which come in once; keeps winners only.

    `commitment` is the one that was published before the draw, where it is known.
    """

    def __init__(self, commitment: bytes | None = None) -> None:
        self._commitment = commitment
        self._header: Header | None = None
        self._differences: list[str] = []
        # Of what is not a draw of this rule, nothing more can be said.
        self._is_read = True
        self._digest = TicketDigest()
        self._last_no = 0
        self._is_ordered = True
        self._winners: list[WinnerLine] = []
        self._named: list[str] = []
        self._places: list[int] = []
        # The number of the ticket at each place that wins, once it came by.
        self._drawn: dict[int, int] = {}

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take in the next lines."""
        rest = iter(lines)
        try:
            if self._header is None and self._is_read:
                line = next(rest, None)
                if line is None:
                    return
                self._begin(line)
            if self._is_read:
                self._read(rest)
        except msgspec.MsgspecError as fault:
            what = "the first line is not the head of a draw"
            if self._header is not None:
                what = "a line is neither a ticket nor a winner"
            self._differences.append(f"{what}: {fault}")
            self._is_read = False

    def end(self) -> Verification:
        """Tell what differs, when all lines were taken in."""
        header = self._header
        if header is None and self._is_read:
            self._differences.append("the file is empty")
        if header is not None and self._is_read:
            self._differences += self._compare(header)
        winners = tuple(each.ticket_no for each in self._winners)
        return Verification(header, tuple(self._differences), winners)

    def _begin(self, line: bytes) -> None:
        self._header = header = msgspec.json.decode(line, type=Header)
        self._differences += _find_false_promises(header, self._commitment)
        quantity = sum(prize.quantity for prize in header.prizes)
        self._is_read = header.rule == RULE and quantity <= MAX_PRIZES
        if self._is_read:
            self._named = [p.prize_id for p in header.prizes for _ in range(p.quantity)]
            self._places = draw_places(
                bytes.fromhex(header.seed),
                bytes.fromhex(header.tickets_digest),
                tickets=header.tickets,
                prizes=quantity,
            )
            self._drawn = dict.fromkeys(self._places, 0)

    def _read(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            if not line.startswith(b'{"ticket_no"'):
                self._winners.append(_WINNER.decode(line))
                if len(self._winners) > len(self._places):
                    raise msgspec.ValidationError("there are more winners than prizes")
                continue
            ticket = _TICKET.decode(line)
            number = ticket.ticket_no
            self._is_ordered &= number > self._last_no and not self._winners
            self._last_no = number
            if self._digest.tickets in self._drawn:
                self._drawn[self._digest.tickets] = number
            self._digest.add([(number, ticket.ticket_code)])

    def _compare(self, header: Header) -> Iterator[str]:
        if not self._is_ordered:
            yield "the tickets are not in the order of their numbers, each once"
        if self._digest.tickets != header.tickets:
            yield f"there are {self._digest.tickets} tickets, not {header.tickets}"
        if self._digest.value().hex() != header.tickets_digest:
            yield "the tickets are not those of the digest"
        if len(self._winners) != len(self._places):
            yield f"there are {len(self._winners)} winners, not {len(self._places)}"
        for number, (told, prize_id, place) in enumerate(
            zip(self._winners, self._named, self._places, strict=False), 1
        ):
            right = self._drawn[place]
            if (told.ticket_no, told.prize_id) != (right, prize_id):
                yield (
                    f"winner {number} is ticket {told.ticket_no} for {told.prize_id},"
                    f" by the rule it is ticket {right} for {prize_id}"
                )


_TICKET: Final = msgspec.json.Decoder(TicketLine)
_WINNER: Final = msgspec.json.Decoder(WinnerLine)


def verify(lines: Iterable[bytes], *, commitment: bytes | None = None) -> Verification:
    """Draw again from the lines of a whole file."""
    verifier = Verifier(commitment)
    verifier.feed(lines)
    return verifier.end()


def _find_false_promises(header: Header, commitment: bytes | None) -> Iterator[str]:
    if header.rule != RULE:
        yield f"it was drawn by rule {header.rule}, which is not known here"
    if commit_to(bytes.fromhex(header.seed)).hex() != header.commitment:
        yield "the seed is not the one that was committed to"
    if commitment is not None and commitment.hex() != header.commitment:
        yield "the commitment is not the one that was published before the draw"
    if len({prize.prize_id for prize in header.prizes}) < len(header.prizes):
        yield "two kinds of prizes have one name"
    if sum(prize.quantity for prize in header.prizes) > MAX_PRIZES:
        yield f"there are more than {MAX_PRIZES} prizes"
