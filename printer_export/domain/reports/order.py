"""How a line report is to be taken in; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from codegen.domain.batch import Batch

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
