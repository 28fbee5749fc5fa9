"""What a report came to, as it is answered and kept; pure.

An answer is kept as the API gave it, in English. Beside each sentence stands what it
is said from, so that a page tells it in its reader's language. Answers of before that
have the sentence alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from codegen.domain.skips import Skip
from core.messages import Message
from printer_export.domain.messages import message
from printer_export.domain.reports.reader import RowError
from printer_export.domain.reports.statuses import STATUSES


class KeptRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row that was passed over: where it is in the file, and why."""

    line: int
    column: int | None
    message: str
    told: list[Any] | None = None

    def recall(self) -> str:
        """Say why to whoever reads it."""
        return _recall(self.told) or self.message


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a report came to; the counts are the batch's, after it.

    Reports of before a field was told have its default.
    """

    batch_id: int
    issued: int
    printed: int
    rejected: int
    wasted: int
    missing: int
    indeterminate: int
    unprinted: int
    rows: int
    changed: int | None = None
    unchanged: int = 0
    wrong_rows: int = 0
    passed_over: tuple[str, ...] = ()
    voided: int = 0
    void_request_id: int | None = None
    activated: int = 0
    not_activated: str = ""
    told: list[Any] | None = None
    skipped: tuple[Skip, ...] = ()
    errors: tuple[KeptRow, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How the codes of the batch stand after it, and how many there are."""
        names = ("issued", *(status.value for status in STATUSES))
        return {name: getattr(self, name) for name in names}

    def recall_reason(self) -> str:
        """Say to whoever reads it why printed codes are not active; empty if so."""
        return _recall(self.told) or self.not_activated


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """An answer, with the number of its report, and of the report that it repeats.

    A preview has no number.
    """

    answer: KeptAnswer
    report_id: int | None = None
    same_as: int | None = None


def keep_errors(errors: Iterable[RowError]) -> tuple[KeptRow, ...]:
    """Write wrong rows for an answer."""
    return tuple(
        KeptRow(error.line, error.column, str(error.message), error.message.kept)
        for error in errors
    )


def _recall(told: list[Any] | None) -> Message | None:
    return message.recall(told) if told else None
