"""When something begins or ends, as people say it: a moment, or a whole day; pure.

A day without a time is the whole day in the brand's calendar (CROWNCAP_TIMEZONE): what
begins on it does so with its first moment, what ends on it with its last.
"""

import re
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec

from core.bounds import MOMENT_MAX, MOMENT_MIN, check_day, check_moment, refuse
from core.errors import InvalidInput
from core.sentences import message

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
# How a body says when: the framework reads text, a route reads it with its calendar.
When = Annotated[
    str,
    msgspec.Meta(
        max_length=64,
        examples=["2027-01-01", "2027-01-01T08:00:00+08:00"],
        description="A moment with its offset, or a day of the brand's calendar.",
    ),
]


class BothClocks(msgspec.Struct, frozen=True):
    """A moment on the brand's clock and in UTC, so that a wrong zone is seen."""

    local: datetime
    utc: datetime


def on_both_clocks(at: datetime, timezone: ZoneInfo) -> BothClocks:
    """Tell a moment on both clocks."""
    return BothClocks(at.astimezone(timezone), at.astimezone(UTC))


def read_start(pointer: str, text: str | None, timezone: ZoneInfo) -> datetime | None:
    """Read when something begins, in UTC; raises InvalidInput."""
    when = _read(pointer, text)
    if when is None:
        return None
    return _first_moment(when, timezone)


def read_end(pointer: str, text: str | None, timezone: ZoneInfo) -> datetime | None:
    """Read from when on something is over, in UTC; raises InvalidInput."""
    when = _read(pointer, text)
    if when is None:
        return None
    if isinstance(when, datetime):
        return _first_moment(when, timezone)
    return _first_moment(when + timedelta(days=1), timezone)


def local_text(text: str, timezone: ZoneInfo) -> str:
    """Give a time that was said without its offset that of the brand's clock."""
    if not _MOMENT.fullmatch(text):
        return text
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        return text
    return text if at.tzinfo else at.replace(tzinfo=timezone).isoformat()


def _read(pointer: str, text: str | None) -> date | datetime | None:
    if text is None:
        return None
    when: date | datetime | None = None
    try:
        if _DAY.fullmatch(text):
            when = date.fromisoformat(text)
        elif _MOMENT.fullmatch(text):
            when = datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    if when is None:
        raise InvalidInput.field(
            pointer,
            "invalid",
            message("no_moment"),
        )
    check = check_moment if isinstance(when, datetime) else check_day
    refuse(check(pointer, when))  # type: ignore[arg-type] # each has its own kind
    return when


def _first_moment(when: date | datetime, timezone: ZoneInfo) -> datetime:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time_of_day.min, timezone)
    # The first day of the bounds begins earlier in the east, the last ends later.
    return min(max(when.astimezone(UTC), MOMENT_MIN), MOMENT_MAX)
