"""The days of the demo's week, on the brand's calendar; pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from core.clock import business_day, to_ms

# It ends with yesterday's evening: whatever the hour of a start, all of it is past.
DAYS: Final = 8


@dataclass(frozen=True, slots=True)
class Week:
    """Eight days; day 0 is that on which its batches were issued, 7 is yesterday."""

    first_day: date
    timezone: ZoneInfo

    @classmethod
    def before(cls, now: datetime, timezone: ZoneInfo) -> Self:
        """Give the week that ended with yesterday."""
        today = business_day(to_ms(now), timezone)
        return cls(today - timedelta(days=DAYS), timezone)

    @classmethod
    def that_began(cls, at: datetime, timezone: ZoneInfo) -> Self:
        """Give the week whose first day a moment lies in."""
        return cls(business_day(to_ms(at), timezone), timezone)

    def at(self, day: int, hour: int, minute: int = 0, second: float = 0) -> datetime:
        """Give a moment of a day by the brand's clock, in UTC."""
        begin = datetime.combine(
            self.first_day + timedelta(days=day), time(hour), self.timezone
        )
        return begin.astimezone(UTC) + timedelta(minutes=minute, seconds=second)

    @property
    def days(self) -> list[date]:
        """List its days."""
        return [self.first_day + timedelta(days=day) for day in range(DAYS)]
