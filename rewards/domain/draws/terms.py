"""What a draw promises, and what came of it; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from core.bounds import MOMENT_MAX
from core.errors import FieldError
from rewards.domain.limits import Limit
from rewards.domain.messages import message
from rewards.domain.prizes import find_unawardable
from rewards.domain.terms import Given

MAX_KINDS: Final = 100
MAX_PRIZES: Final = 10_000
MAX_TICKETS: Final = 1_000_000
MAX_CLAIM_DAYS: Final = 3_650


class Entry(StrEnum):
    """How one comes to a ticket: by what one does, or by taking part as well."""

    AWARDED = "awarded"
    OPEN = "open"


class DrawPhase(StrEnum):
    """Where a draw is; a closed one waits to be drawn."""

    NOT_BEGUN = "not_begun"
    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Prize:
    """So many prizes of one kind; all are drawn in the order of their kinds."""

    prize_id: str
    name: str
    quantity: int
    # What who claims one is given at once, beside what is sent.
    gives: Given | None = None


@dataclass(frozen=True, slots=True)
class NewDraw:
    """A draw as it is asked for; no `most_tickets` is as many as one gets."""

    draw_id: str
    name: str
    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    prizes: tuple[Prize, ...]
    entry: Entry
    claim_days: int
    most_tickets: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a draw came to; the seed is nobody's secret any more."""

    seed: bytes
    tickets: int
    tickets_digest: bytes
    drawn_at: datetime
    claims_until: datetime


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw with its prizes; but for its result it never changes.

    `tickets` take part by now; `limit` is the most that a member may have.
    """

    draw_no: int
    draw_id: str
    name: str
    brand: str | None
    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    entry: Entry
    most_tickets: int | None
    claim_days: int
    commitment: bytes
    prizes: tuple[Prize, ...]
    tickets: int
    result: Result | None = None
    limit: Limit | None = None

    @property
    def quantity(self) -> int:
        """How many prizes there are in all."""
        return sum(prize.quantity for prize in self.prizes)

    def prize_at(self, place: int) -> Prize:
        """Tell which prize is the one of a place, counted over all kinds."""
        for prize in self.prizes:
            if place < prize.quantity:
                return prize
            place -= prize.quantity
        raise AssertionError("a place lies among the prizes")

    def phase(self, now: datetime) -> DrawPhase:
        """Tell where the draw is at a moment."""
        if self.result is not None:
            return DrawPhase.DRAWN
        if now < self.opens_at:
            return DrawPhase.NOT_BEGUN
        return DrawPhase.OPEN if now < self.closes_at else DrawPhase.CLOSED

    def is_of(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may look after it."""
        return brand is None or self.brand == brand

    def claims_until(self, drawn_at: datetime, timezone: ZoneInfo) -> datetime:
        """Tell from when on no prize can be claimed any more.

        Days are whole days of the brand's calendar after the day of the draw.
        """
        last = drawn_at.astimezone(timezone).date() + timedelta(days=self.claim_days)
        midnight = datetime.combine(
            last + timedelta(days=1), time_of_day.min, timezone
        ).astimezone(UTC)
        return min(midnight, MOMENT_MAX)


def find_faults(new: NewDraw) -> Iterator[FieldError]:
    """Say what makes no sense in a draw that is asked for."""
    if new.closes_at <= new.opens_at:
        yield FieldError("/closes_at", "out_of_order", message("draw_closes_early"))
    if new.draws_at < new.closes_at:
        yield FieldError("/draws_at", "out_of_order", message("draw_before_close"))
    if not new.prizes:
        yield FieldError("/prizes", "required", message("draw_without_prizes"))
    ids = [prize.prize_id for prize in new.prizes]
    for place, prize_id in enumerate(ids):
        if prize_id in ids[:place]:
            told = message("prize_twice", prize_id=prize_id)
            yield FieldError(f"/prizes/{place}/prize_id", "given_twice", told)
    for place, prize in enumerate(new.prizes):
        if prize.gives is not None:
            yield from find_unawardable(f"/prizes/{place}/gives", prize.gives)
    if sum(prize.quantity for prize in new.prizes) > MAX_PRIZES:
        told = message("too_many_prizes", most=MAX_PRIZES)
        yield FieldError("/prizes", "out_of_range", told)


@dataclass(frozen=True, slots=True)
class Won:
    """A prize that a ticket won, and what became of it.

    `place` counts prizes over all kinds; with the draw's number it names the prize.
    """

    draw_no: int
    place: int
    ticket_no: int
    member_no: int
    claimed_at: datetime | None = None

    @property
    def won_id(self) -> str:
        """Name it outside."""
        return f"{self.draw_no}-{self.place}"

    @property
    def owner_no(self) -> int:
        """Number it among all that something is sent for."""
        return self.draw_no << 32 | self.place


_PAIR: Final = re.compile(r"(0|[1-9]\d{0,8})-(0|[1-9]\d{0,17})", re.ASCII)


def parse_pair(text: str) -> tuple[int, int] | None:
    """Read two numbers, a draw's first; None for what is none.

    So a won prize is named, by its place, and tickets are, by their first number.
    """
    found = _PAIR.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


class ClaimOutcome(StrEnum):
    """What became of a claim of a prize."""

    CLAIMED = "claimed"
    ALREADY = "already_claimed"
    LAPSED = "lapsed"


class TakeOutcome(StrEnum):
    """What became of somebody who would take part."""

    TAKEN = "taken"
    ALREADY = "already_taken"
    NOT_BEGUN = "not_begun"
    CLOSED = "closed"
    NOT_OPEN = "not_open"
    FULL = "limit_reached"
