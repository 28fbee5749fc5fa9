"""What a claim may earn: campaigns, and the plan for one claim."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CampaignPhase(StrEnum):
    """Where a moment falls in a campaign."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Points for each claimed cap, within a time, a budget and a daily cap a member."""

    campaign_no: int
    campaign_id: str
    name: str
    points: int
    starts_at: datetime
    ends_at: datetime | None
    budget: int | None
    daily_cap: int | None

    def phase(self, now: datetime) -> CampaignPhase:
        """Tell whether the campaign has begun and not ended."""
        if now < self.starts_at:
            return CampaignPhase.NOT_BEGUN
        if self.ends_at is not None and now >= self.ends_at:
            return CampaignPhase.ENDED
        return CampaignPhase.RUNNING


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
class Wallet:
    """What a member has: points to spend, and points that wait for a review."""

    available: int
    pending: int
