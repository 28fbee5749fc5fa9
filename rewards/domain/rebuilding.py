"""What differs between what is kept and what transfers add up to; pure."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from rewards.domain.limits import ALWAYS, EVERYBODY


class LotGap(NamedTuple):
    """What a lot lacks, or below zero has too much; `expires_on` None never ends."""

    member_no: int
    unit: int
    expires_on: date | None
    available: int
    pending: int
    debt: int


class UseGap(NamedTuple):
    """What a row of what was taken of a limit lacks, or below zero has too much."""

    holder: int
    limit_no: int
    period: date
    missing: int


Gap = LotGap | UseGap


@dataclass(frozen=True, slots=True)
class Told:
    """A gap as people read it: whose it is, of what, and what is to be added."""

    whose: str
    what: str
    missing: str

    def __str__(self) -> str:
        """Write it as a sentence."""
        return f"{self.whose}, {self.what}: {self.missing}."


def tell_gap(gap: Gap, names: dict[int, str], things: dict[int, str]) -> Told:
    """Tell of a gap by the names of members and regions, and of units or limits."""
    if isinstance(gap, LotGap):
        until = "for ever" if gap.expires_on is None else f"until {gap.expires_on}"
        sides = {
            "available": gap.available,
            "pending": gap.pending,
            "owed": gap.debt,
        }
        wrong = [f"{side} is {_off(by)}" for side, by in sides.items() if by]
        thing = things.get(gap.unit, f"unit {gap.unit}")
        return Told(_name(gap.member_no, names), f"{thing} {until}", ", ".join(wrong))
    when = "for all time" if gap.period == ALWAYS else f"on {gap.period}"
    thing = things.get(gap.limit_no, f"limit {gap.limit_no}")
    return Told(
        _name(gap.holder, names), f"{thing} {when}", f"taken is {_off(gap.missing)}"
    )


def _off(missing: int) -> str:
    """Say how far off what is kept is."""
    return f"{missing:,} too few" if missing > 0 else f"{-missing:,} too many"


def _name(number: int, names: dict[int, str]) -> str:
    if number == EVERYBODY:
        return "everybody"
    if number < EVERYBODY:
        return names.get(number, "a region of no scan")
    return f"member {names.get(number, number)}"


@dataclass(slots=True)
class Rebuilt:
    """How many rows differed, how many were put right, and some of them in words."""

    lots: int = 0
    uses: int = 0
    repaired: int = 0
    examples: tuple[Told, ...] = ()

    @property
    def gaps(self) -> int:
        """How many rows differed."""
        return self.lots + self.uses
