"""What a member has, in lots by the last day on which it is good; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class Lot:
    """What remains of what is good until a day; None: for ever."""

    expires_on: date | None
    available: int

    def is_good(self, day: date) -> bool:
        """Tell whether it may be spent on a business day."""
        return self.expires_on is None or self.expires_on >= day


@dataclass(slots=True)
class Holding:
    """What one member has of a unit: lots, earliest end first, and debt.

    Its lots change as they are taken from, so that one plan can take several times.
    """

    lots: list[Lot] = field(default_factory=list)
    pending: int = 0
    debt: int = 0

    def worth(self, day: date) -> int:
        """Tell what may be spent on a business day; never below zero."""
        return max(
            sum(lot.available for lot in self.lots if lot.is_good(day)) - self.debt, 0
        )

    def next_expiry(self, day: date) -> Lot | None:
        """Find the lot that expires first of those that are good and end."""
        ending = (lot for lot in self.lots if lot.is_good(day) and lot.available)
        first = next(ending, None)
        return None if first is None or first.expires_on is None else first

    def take(
        self, amount: int, day: date, *, first: date | None = None
    ) -> list[tuple[date | None, int]]:
        """Take from the lots that are good, `first` before others, then the earliest.

        Gives how much of which lot; less than `amount` where there is less.
        """
        return list(self._take(amount, day, first))

    def _take(
        self, amount: int, day: date, first: date | None
    ) -> Iterator[tuple[date | None, int]]:
        good: Sequence[Lot] = [lot for lot in self.lots if lot.is_good(day)]
        if first is not None:
            good = sorted(good, key=lambda lot: lot.expires_on != first)
        for lot in good:
            part = min(lot.available, amount)
            if part > 0:
                lot.available -= part
                amount -= part
                yield lot.expires_on, part
