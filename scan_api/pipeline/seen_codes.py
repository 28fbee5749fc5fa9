"""Codes that were seen and wait to be counted, in memory and of bounded number."""

from dataclasses import dataclass, field
from typing import Final

from anti_fraud.domain.early_scans import SeenCode

# What is seen of more codes than this between two counts is given up, with a line in
# the log: by then many hundreds of each package are known.
MOST_WAITING: Final = 20_000


@dataclass(slots=True)
class SeenCodes:
    """Looks and scans by code, and of how many codes they were given up."""

    given_up: int = 0
    _waiting: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, code_id: int, looks: int, scans: int) -> None:
        """Add what was seen of a code."""
        known = self._waiting.get(code_id)
        if known is None and len(self._waiting) >= MOST_WAITING:
            self.given_up += 1
            return
        before = known or (0, 0)
        self._waiting[code_id] = (before[0] + looks, before[1] + scans)

    def take(self, most: int) -> list[SeenCode]:
        """Take some codes away, in their order."""
        some = sorted(self._waiting)[:most]
        return [SeenCode(code_id, *self._waiting.pop(code_id)) for code_id in some]
