"""Why somebody did something that cannot be undone: one rule for every form."""

from console.frame.messages import message
from core.bounds import MAX_SENTENCE, check_prose, refuse
from core.errors import InvalidInput


def check_reason(reason: str) -> None:
    """Raise InvalidInput unless a form says why."""
    if not 0 < len(reason) <= MAX_SENTENCE:
        raise InvalidInput.field(
            "/reason", "required", message("no_reason", most=MAX_SENTENCE)
        )
    refuse(check_prose("/reason", reason))
