"""When a case is due, as people say it: in two hours, three days overdue; pure."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from console.frame.messages import message
from core.messages import Message

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# Below so many of a unit the next smaller one is told.
_HOURS_FROM: Final = timedelta(minutes=90)
_DAYS_FROM: Final = timedelta(hours=48)


class Due(NamedTuple):
    """How long there is left, or has been none, and which of the two."""

    words: Message
    is_over: bool


def tell_due(due_at: datetime, now: datetime) -> Due:
    """Tell how far off a moment is, rounded down: what is over is over by less."""
    is_over = due_at < now
    far = now - due_at if is_over else due_at - now
    if far < _HOURS_FROM:
        n = far // _MINUTE
        words = message("overdue_minutes" if is_over else "due_in_minutes", n=n)
    elif far < _DAYS_FROM:
        n = far // _HOUR
        words = message("overdue_hours" if is_over else "due_in_hours", n=n)
    else:
        n = far // _DAY
        words = message("overdue_days" if is_over else "due_in_days", n=n)
    return Due(words, is_over)
