"""Days and moments as consumers read them, on the brand's clock; pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.clock import local_time


def word_day(language: str, day: date) -> str:
    """Word a day."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%b} {day.year}"


def word_minute(language: str, timezone: ZoneInfo, at: datetime) -> str:
    """Word a moment to the minute."""
    local = local_time(at, timezone)
    joint = " " if language == "zh" else ", "
    return f"{word_day(language, local)}{joint}{local:%H:%M}"


def word_hour(language: str, timezone: ZoneInfo, at: datetime) -> str:
    """Word the hour in which a moment lies, by its two ends."""
    local = local_time(at, timezone)
    day, hour = word_day(language, local), local.hour
    if language == "zh":
        return f"{day} {hour}–{hour + 1}\u00a0点之间"
    return f"{day}, between {hour:02}:00 and {hour + 1:02}:00"


def word_begin(language: str, timezone: ZoneInfo, at: datetime) -> str:
    """Word when something begins: the day alone if it begins with the day."""
    local = local_time(at, timezone)
    if _is_midnight(local):
        return word_day(language, local)
    return word_minute(language, timezone, at)


def word_end(language: str, timezone: ZoneInfo, at: datetime) -> str:
    """Word the end of what lasts until just before `at`: its last day, if it is whole.

    Who reads of an end at midnight of the 1st thinks of the 1st.
    """
    local = local_time(at, timezone)
    if _is_midnight(local):
        return word_day(language, local - timedelta(days=1))
    return word_minute(language, timezone, at)


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute, local.second) == (0, 0, 0)
