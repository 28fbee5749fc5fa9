"""Early scans: codes that are seen before their caps are active; pure.

Whoever scans or looks at a code that no line has activated has not got it from a cap.
One is a curious hand at the line; many of one package are its file, in wrong hands.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from anti_fraud.domain.stretches import Ranked, cut_by_highest

# Of how many codes of a package, roll or batch it is written down that they were seen.
MOST_CODES: Final = 1_000
# From when on after its activation a cap is claimed by buyers, most of all.
ON_SALE_AFTER_H: Final = 120
# Within which codes of one batch are a leak.
LEAK_WINDOW: Final = timedelta(hours=24)


class SeenCode(NamedTuple):
    """A code that was seen, and how often since the last time that this was told."""

    code_id: int
    looks: int
    scans: int


class EarlyStretch(NamedTuple):
    """Codes of a package or roll, both ends included, and how many were seen early."""

    first_code_id: int
    last_code_id: int
    codes: int


class EarlySigns(NamedTuple):
    """What is known of a code: how often it was seen early, and how many near it."""

    code_looks: int = 0
    package_codes: int = 0


NO_SIGNS: Final = EarlySigns()


@dataclass(frozen=True, slots=True)
class EarlyWatch:
    """The stretches of which many codes were seen early.

    Claims of one wait once `hold_at` of its codes were; 0: none do. Stretches may
    overlap, as a package and its rolls do; a code has the highest count of its own.
    """

    hold_at: int = 0
    stretches: tuple[EarlyStretch, ...] = ()
    # Where counts change, in order, and what they are from there on.
    _edges: Sequence[int] = field(init=False, repr=False, compare=False)
    _counts: Sequence[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Cut the stretches where others begin or end."""
        edges, counts = cut_by_highest(Ranked(*each) for each in self.stretches)
        object.__setattr__(self, "_edges", edges)
        object.__setattr__(self, "_counts", counts)

    def codes_near(self, code_id: int) -> int:
        """Tell how many codes of a code's package or roll were seen early."""
        at = bisect_right(self._edges, code_id) - 1
        return self._counts[at] if at >= 0 else 0

    def holds(self, codes: int, *, hours_active: int | None, score: int) -> bool:
        """Tell whether a claim waits where so many codes were seen early.

        Once its goods have been on sale a while, a claim that no rule says anything
        against is a buyer's: whoever has the file claims before they have the caps.
        """
        if not 0 < self.hold_at <= codes:
            return False
        on_sale = hours_active is not None and hours_active >= ON_SALE_AFTER_H
        return score > 0 or not on_sale
