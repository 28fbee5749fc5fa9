"""The one place that reads the clocks; everything else is handed the time."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Protocol, runtime_checkable
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


def utc_datetime(at_ms: int) -> datetime:
    """Turn milliseconds since 1970 into an aware datetime in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def to_ms(at: datetime) -> int:
    """Turn an aware datetime into milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def business_day(at_ms: int, timezone: ZoneInfo) -> date:
    """Tell on which day of the brand's calendar a moment falls."""
    return datetime.fromtimestamp(at_ms / 1000, timezone).date()


def next_business_day(at_ms: int, timezone: ZoneInfo) -> datetime:
    """Tell when the next day of the brand's calendar begins, in UTC."""
    tomorrow = business_day(at_ms, timezone) + timedelta(days=1)
    return datetime.combine(tomorrow, time_of_day.min, timezone).astimezone(UTC)


def elapsed_s() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()
