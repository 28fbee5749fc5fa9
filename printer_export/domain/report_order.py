"""How a line report is to be taken in; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from codegen.domain.batch import Batch


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
    """A report to take in, and how."""

    batch: Batch
    content_hash: bytes
    on_error: OnError = OnError.SKIP
    activate: Activate = Activate.NONE
    effective_at: datetime | None = None
