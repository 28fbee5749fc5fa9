"""How late a scan may come: apps keep what was scanned while they were offline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.bounds import refuse
from core.clock import to_ms
from core.errors import FieldError
from scan_api.domain.messages import message

# Clocks of phones and servers differ.
AHEAD_MS: Final = 120_000
_HOUR_MS: Final = 3_600_000
_POINTER: Final = "/context/scanned_at"


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many hours before its arrival a scan may have been made."""

    hours: int

    def own_time(self, scanned_at: datetime, now_ms: int) -> int:
        """Give a scan's own time in milliseconds since 1970.

        Raises InvalidInput for one too long ago, or yet to come.
        """
        at_ms = to_ms(scanned_at)
        refuse(self._check(scanned_at, at_ms, now_ms))
        return at_ms

    def _check(
        self, scanned_at: datetime, at_ms: int, now_ms: int
    ) -> Iterator[FieldError]:
        given = scanned_at.isoformat()
        if at_ms > now_ms + AHEAD_MS:
            sentence = message("scanned_in_future", given=given)
            yield FieldError(_POINTER, "scanned_in_future", sentence)
        elif at_ms < now_ms - self.hours * _HOUR_MS:
            sentence = message("scanned_too_late", given=given, hours=self.hours)
            yield FieldError(_POINTER, "scanned_too_late", sentence)
