"""The one place that reads the clocks; everything else is handed the time."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo


@runtime_checkable
class Clock(Protocol):
    """What tells the time: the system's clock, or a fixed one in tests."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1_000_000


# The ends of time, a day within those of Python so that every time zone has them too:
# whatever lies beyond is taken for its nearer end, since nobody's scan or page may fail
# for a clock, an id or a row that tells an absurd time.
_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_FIRST_MS: Final = round(_FIRST.timestamp()) * 1000
_LAST_MS: Final = round(_LAST.timestamp()) * 1000


def utc_datetime(at_ms: int) -> datetime:
    """Turn milliseconds since 1970 into an aware datetime in UTC; never raises."""
    bounded_ms = min(max(at_ms, _FIRST_MS), _LAST_MS)
    return datetime.fromtimestamp(bounded_ms / 1000, UTC)


def to_ms(at: datetime) -> int:
    """Turn an aware datetime into milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def business_day(at_ms: int, timezone: ZoneInfo) -> date:
    """Tell on which day of the brand's calendar a moment falls; never raises."""
    return utc_datetime(at_ms).astimezone(timezone).date()


def next_business_day(at_ms: int, timezone: ZoneInfo) -> datetime:
    """Tell when the next day of the brand's calendar begins, in UTC; never raises."""
    return end_of_day(business_day(at_ms, timezone), timezone)


def end_of_day(day: date, timezone: ZoneInfo) -> datetime:
    """Tell when the day after one of the brand's calendar begins, in UTC."""
    tomorrow = day + timedelta(days=1)
    return datetime.combine(tomorrow, time_of_day.min, timezone).astimezone(UTC)


def local_time(at: datetime, timezone: ZoneInfo) -> datetime:
    """Tell a moment on the brand's clock; never raises for an aware datetime."""
    return min(max(at, _FIRST), _LAST).astimezone(timezone)


def elapsed_s() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()
