"""What campaigns came to: by business day of their scans, and by offer; pure."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

# Where a row of the outbox lies: rows follow each other as these compare.
Place = tuple[int, int, int]


class Happened(Protocol):
    """A row of the outbox: numbers of rows to which something happened.

    Properties, so that what is frozen fits; core.outbox says what each is.
    """

    @property
    def era(self) -> int: ...  # noqa: D102 - said above
    @property
    def xid(self) -> int: ...  # noqa: D102 - said above
    @property
    def place(self) -> int: ...  # noqa: D102 - said above
    @property
    def kind(self) -> str: ...  # noqa: D102 - said above
    @property
    def ids(self) -> Sequence[int] | None: ...  # noqa: D102 - said above


# Who knows the outbox gives the rows after one, oldest first, empty at the end; raises
# Conflict where some of them are forgotten.
ReadOutbox = Callable[[Any, Place], Awaitable[Sequence[Happened]]]


# So many scans of a day asked a campaign, and it paid them nothing: its number first.
Unpaid = tuple[int, date, int]
# Counts the scans after one that were paid nothing, up to another at most; tells up to
# which it came.
CountUnpaid = Callable[
    [Any, int, int, ZoneInfo], Awaitable[tuple[int, Sequence[Unpaid]]]
]


class Sources(NamedTuple):
    """The ways to what happened, which others know.

    `end` is the last row of the outbox that nothing can come before any more;
    `read_unsettled` reads those past it that can be seen already. `scans` is the kind
    of row that numbers scans which earned.
    """

    read: ReadOutbox
    end: Callable[[Any], Awaitable[Place]]
    read_unsettled: Callable[[Any], Awaitable[Sequence[Happened]]]
    count_unpaid: CountUnpaid
    scans: str


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A business day of a campaign: `members` are those who had never earned before."""

    day: date
    scans: int
    claims: int
    awards: int
    members: int
    points: int
    minor: int


@dataclass(frozen=True, slots=True)
class OfferFigures:
    """An offer of a campaign, or a tier of one that is a chance."""

    offer_id: str
    tier_id: str | None
    kind: str
    awards: int
    points: int
    minor: int
    # Whether it is a tier that pays nothing now.
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign came to, days in their order; `counted_at` is how far."""

    by_day: tuple[DayFigures, ...]
    by_offer: tuple[OfferFigures, ...]
    counted_at: datetime | None

    @property
    def scans(self) -> int:
        """How many scans asked it: those that it paid, and those that it refused."""
        return sum(day.scans for day in self.by_day)

    @property
    def claims(self) -> int:
        """How many scans it paid, or is to pay."""
        return sum(day.claims for day in self.by_day)

    @property
    def awards(self) -> int:
        """How many rewards it gave."""
        return sum(day.awards for day in self.by_day)

    @property
    def members(self) -> int:
        """How many members earned from it, each counted once."""
        return sum(day.members for day in self.by_day)

    @property
    def points(self) -> int:
        """How many points it gave."""
        return sum(day.points for day in self.by_day)

    @property
    def minor(self) -> int:
        """How much money it gave, in the smallest coin."""
        return sum(day.minor for day in self.by_day)
