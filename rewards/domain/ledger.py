"""What a member has, and in which units."""

from dataclasses import dataclass
from datetime import date
from typing import Final

# The account units that are always there; each card has one of its own.
POINTS_UNIT: Final = 0
MONEY_UNIT: Final = 1
COUPONS_UNIT: Final = 2
GIFTS_UNIT: Final = 3
TICKETS_UNIT: Final = 4


@dataclass(frozen=True, slots=True)
class Wallet:
    """What a member has: points to spend, that wait for a review, that are owed.

    `expires_on` is the last day on which the first of them are good, so many.
    """

    available: int
    pending: int
    debt: int
    expires_on: date | None
    expiring: int
