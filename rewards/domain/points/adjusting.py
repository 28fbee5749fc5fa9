"""Points that one person asks to give or take and another one posts; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

MAX_ADJUSTED: Final = 1_000_000


class AdjustmentState(StrEnum):
    """Whether a second person has posted it, or refused to."""

    WAITING = "waiting"
    POSTED = "posted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points to give, or to take below zero, and who took which step."""

    adjustment_id: int
    member_no: int
    points: int
    reason: str
    state: AdjustmentState
    created_by: str
    approved_by: str | None = None
    approved_at: datetime | None = None
    rejected_by: str | None = None
    rejected_at: datetime | None = None
    # Why it was refused.
    rejection: str | None = None
