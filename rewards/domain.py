"""What a claim may earn: campaigns, and the plan for one claim."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CampaignPhase(StrEnum):
    """Where a moment falls in a campaign."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED = "ended"


class OfferState(StrEnum):
    """What somebody who claims a cap would find."""

    OPEN = "open"
    NOT_BEGUN = "not_begun"
    FULL_TODAY = "full_today"
    ENDED = "ended"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a campaign has for a claim now; it ends before `ends_at`, or never."""

    state: OfferState
    begins_at: datetime
    ends_at: datetime | None

    def is_over_by(self, at: datetime) -> bool:
        """Tell whether there is nothing to come back for at a later time."""
        return self.ends_at is not None and self.ends_at <= at


@dataclass(frozen=True, slots=True)
class Campaign:
    """Points for each claimed cap, within a time, a budget and a daily cap a member.

    Only batches of its brand may name a campaign that has one.
    """

    campaign_no: int
    campaign_id: str
    name: str
    points: int
    starts_at: datetime
    ends_at: datetime | None
    budget: int | None
    daily_cap: int | None
    brand: str | None = None

    def phase(self, now: datetime) -> CampaignPhase:
        """Tell whether the campaign has begun and not ended."""
        if now < self.starts_at:
            return CampaignPhase.NOT_BEGUN
        if self.ends_at is not None and now >= self.ends_at:
            return CampaignPhase.ENDED
        return CampaignPhase.RUNNING

    def offer(self, now: datetime, spent: Collection[int]) -> Offer:
        """Tell what there is to claim, but for what a member has had today.

        `spent` are the numbers of the campaigns whose budget pays no more claim.
        """
        state = _OFFERED[self.phase(now)]
        if state is OfferState.OPEN and self.campaign_no in spent:
            state = OfferState.SPENT
        return Offer(state, self.starts_at, self.ends_at)

    def is_full(self, earned_today: int) -> bool:
        """Tell whether a member who earned so much today may have no more."""
        return (
            self.daily_cap is not None and earned_today + self.points > self.daily_cap
        )


_OFFERED = {
    CampaignPhase.NOT_BEGUN: OfferState.NOT_BEGUN,
    CampaignPhase.RUNNING: OfferState.OPEN,
    CampaignPhase.ENDED: OfferState.ENDED,
}


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
