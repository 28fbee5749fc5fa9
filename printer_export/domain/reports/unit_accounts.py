"""How the caps of a roll or box stand when some are named and some only counted; pure.

Of a unit it is known how many of its caps were named with each status (by index or
code), and how many were told as a quantity. Nobody knows which caps a quantity speaks
of: they may have been named too, before or after. So both are kept, and what is told
is refused only when no caps could be so. What is shown is as much as was told, less
what does not fit into the unit otherwise.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from printer_export.domain.reports.statuses import NUMBER_OF, STATUSES

Counts = NDArray[np.int64]

_PRINTED: Final = NUMBER_OF["printed"]
_MISSING: Final = NUMBER_OF["missing"]
_REJECTED: Final = NUMBER_OF["rejected"]
_WASTED: Final = NUMBER_OF["wasted"]
# From which quantities caps can have come to a status, the likelier first: what is
# missing has to be found before it can be spoilt.
_SOURCES: Final = {
    _PRINTED: (_MISSING,),
    _MISSING: (_PRINTED,),
    _REJECTED: (_PRINTED, _MISSING),
    _WASTED: (_PRINTED, _MISSING),
}


@dataclass(slots=True)
class UnitAccount:
    """The caps of a unit; both counts are (statuses,) int64, those unprinted 0."""

    caps: int
    named: Counts
    told: Counts

    def totals(self) -> Counts:
        """Give how many caps have each status; never more than `caps` in sum."""
        totals = self.named + self.told
        excess = max(0, int(totals.sum()) - self.caps)
        # Caps that were both named and counted with one status.
        for status in range(len(STATUSES)):
            twice = min(excess, int(min(self.named[status], self.told[status])))
            totals[status] -= twice
            excess -= twice
        # Caps that were named first, and counted with what became of them then.
        moved = min(excess, self._moved())
        for status in (_PRINTED, _MISSING):
            less = min(moved, int(self.named[status]))
            totals[status] -= less
            moved -= less
        return totals

    def tell(self, status: int, quantity: int) -> bool:
        """Add a quantity, which may be of caps that had another status before.

        Returns False, and changes nothing, when no caps of the unit can be so.
        """
        before = self.told.copy()
        self.told[status] += quantity
        self._take(_SOURCES.get(status, ()), quantity, self.caps)
        self._give_way(before, self.caps)
        if self._needed() <= self.caps:
            return True
        self.told = before
        return False

    def name(self, moves: Counts) -> bool:
        """Note that caps were named; `moves[a, b]` of them had the name a before.

        Returns False, and changes nothing, when a quantity contradicts it.
        """
        kept, moved = (self.named.copy(), self.told.copy()), self._moved()
        self.named = self.named + moves.sum(axis=0) - moves.sum(axis=1)
        self.named[0] = 0
        arrived = moves.sum(axis=0) - moves.diagonal()
        # A name is newer than the quantities, so it is those that give way first.
        for status, sources in _SOURCES.items():
            self._take(sources, int(arrived[status]), moved)
        self._give_way(self.told.copy(), moved)
        # Nor does a name make an earlier quantity speak of the cap that it names.
        if self._apart() - min(moved, self._moved()) <= self.caps:
            return True
        self.named, self.told = kept
        return False

    def mend(self) -> None:
        """Drop of the quantities what the unit has no caps for.

        Reports of earlier releases could tell of more.
        """
        every = tuple(range(1, len(STATUSES)))
        self._take(every, self.caps, self.caps)

    def room(self) -> int:
        """Tell how many caps nothing was told of."""
        return max(0, self.caps - self._needed())

    def _give_way(self, before: Counts, moved: int) -> None:
        """Drop of the quantities before what was told otherwise since, if it must be.

        While there was room, nobody could say whether it was of the same caps.
        """
        for source in (_PRINTED, _MISSING):
            later = [_REJECTED, _WASTED, _MISSING + _PRINTED - source]
            since = int(np.maximum(self.named, self.told)[later].sum())
            self._take((source,), min(since, int(before[source])), moved)

    def _take(self, sources: tuple[int, ...], most: int, moved: int) -> None:
        """Move caps, up to `most` a status, out of quantities while they do not fit.

        The same caps may have been counted as missing and as printed. `moved` is how
        many may be named with one status and counted with a later one.
        """
        for source in sources:
            lacking = self._apart() - min(moved, self._moved()) - self.caps
            # What was named as well stays, since that is known cap by cap.
            spare = int(self.told[source] - self.named[source])
            self.told[source] -= max(0, min(most, lacking, spare))

    def _apart(self) -> int:
        """Count the caps that it takes if names and quantities agree by status."""
        return int(np.maximum(self.named, self.told).sum())

    def _needed(self) -> int:
        """Count the caps that it takes at least."""
        return self._apart() - self._moved()

    def _moved(self) -> int:
        """Count the caps that may be named with one status and counted with a later."""
        extra = np.maximum(self.told - self.named, 0)
        printed, missing = int(self.named[_PRINTED]), int(self.named[_MISSING])
        found = min(int(extra[_PRINTED]), missing)
        lost = min(int(extra[_MISSING]), printed)
        spoilt = int(extra[_REJECTED] + extra[_WASTED])
        return found + lost + min(spoilt, printed + missing - found - lost)
