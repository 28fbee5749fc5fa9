"""How a line report is to be taken in, and what is kept of it; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from codegen.domain.batches import Batch
from core.bounds import check_text, refuse
from core.errors import InvalidInput
from core.moments import read_start
from printer_export.domain.messages import message
from printer_export.domain.reports.answer import KeptAnswer

# Bytes of a report's file.
MAX_REPORT: Final = 4 << 30
MAX_AGAIN: Final = 64


class OnError(StrEnum):
    """What a wrong row does to the right ones."""

    SKIP = "skip"
    REFUSE = "refuse"


class Activate(StrEnum):
    """When printed codes become active."""

    NONE = "none"
    NOW = "now"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """A report to take in, and how.

    `again` tells work that looks the same from what was reported before, such as
    another shift's.
    """

    batch: Batch
    on_error: OnError = OnError.SKIP
    activate: Activate = Activate.NONE
    effective_at: datetime | None = None
    again: str = ""

    @property
    def options(self) -> dict[str, str]:
        """Say how it is to be taken, as a caller says it."""
        at = self.effective_at
        activate = self.activate.value if at is None else at.isoformat()
        return {"on_error": self.on_error.value, "activate": activate}


@dataclass(frozen=True, slots=True)
class TakenReport:
    """A report that counted, with the answer that it got.

    `options` say how it was taken in; None for those of before they were kept.
    """

    report_id: int
    batch_id: int
    person: str
    at: datetime
    row_count: int
    wrong_rows: int
    options: dict[str, str] | None
    again: str
    answer: KeptAnswer


def read_options(
    on_error: str, activate: str, again: str, timezone: ZoneInfo
) -> tuple[OnError, Activate, datetime | None, str]:
    """Read how a report is to be taken; raises InvalidInput."""
    if on_error not in set(OnError):
        raise InvalidInput.field("/on_error", "invalid", message("skip_or_refuse"))
    again = again.strip()
    refuse(check_text("/again", again, most=MAX_AGAIN))
    return OnError(on_error), *read_activation(activate, timezone), again


def read_activation(text: str, timezone: ZoneInfo) -> tuple[Activate, datetime | None]:
    """Read when printed codes become active; raises InvalidInput."""
    if text in set(Activate):
        return Activate(text), None
    try:
        return Activate.NOW, read_start("/activate", text, timezone)
    except InvalidInput as fault:
        if fault.errors[0].code != "invalid":
            raise
        raise InvalidInput.field(
            "/activate", "invalid", message("when_active")
        ) from None
