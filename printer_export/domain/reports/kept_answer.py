"""The sentences of a report's answer, kept so that they can be told again; pure.

An answer is kept as the API gave it, in English. Beside each sentence stands what it
is said from, so that a page tells it in its reader's language. Answers of before that
have the sentence alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.reports.reader import RowError


def keep_errors(errors: Sequence[RowError]) -> list[dict[str, Any]]:
    """Write wrong rows for an answer."""
    return [
        {
            "line": error.line,
            "column": error.column,
            "message": str(error.message),
            "told": error.message.kept,
        }
        for error in errors
    ]


def keep_reason(not_activated: Message) -> dict[str, Any]:
    """Write for an answer why printed codes were not activated."""
    return {"not_activated": str(not_activated), "told": not_activated.kept}


def recall_errors(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the wrong rows of an answer, each `message` for whoever reads it."""
    return [
        error | {"message": _recall(error, "message")}
        for error in answer.get("errors", ())
    ]


def recall_reason(answer: Mapping[str, Any]) -> str:
    """Read why printed codes were not activated; empty if they were."""
    return _recall(answer, "not_activated")


def _recall(kept: Mapping[str, Any], name: str) -> str:
    told = kept.get("told")
    english: str = kept.get(name, "")
    return (told and message.recall(told)) or english
