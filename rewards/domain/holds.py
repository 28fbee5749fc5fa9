"""Rewards that wait, and how they end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DrawFrozenError(Exception):
    """A draw was frozen while its tickets were let go; who begins anew sees it."""


class HoldReason(StrEnum):
    """Why a reward waits."""

    SIGNALS = "signals"
    EPOCH = "epoch"
    RULES = "rules"


class Resolution(StrEnum):
    """How a hold ends, once."""

    POSTED = "posted"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Hold:
    """A reward that waits; `transfer_id` is the scan_id it came from."""

    transfer_id: int
    code_id: int
    member_no: int
    amount: int
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class HoldState:
    """How a hold stands: while it waits, it has neither a resolution nor its time."""

    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    reason: HoldReason = HoldReason.RULES
