"""What a claim may earn: campaigns, and the plan for one claim."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.limits import Limit, Per


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


class RewardKind(StrEnum):
    """What a reward is; points are the only kind so far."""

    POINTS = "points"


class PlannedReward(msgspec.Struct, frozen=True, gc=False):
    """What a claim is to get of one offer, if each of its limits has room.

    `otherwise` is what it gets instead when one of them is full.
    """

    campaign_no: int
    offer_no: int
    kind: RewardKind
    unit: int
    amount: int
    limits: tuple[Limit, ...] = ()
    otherwise: "PlannedReward | None" = None


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign as it is asked for: points a cap, and the most it may pay."""

    campaign_id: str
    name: str
    points: int
    starts_at: datetime
    ends_at: datetime | None = None
    budget: int | None = None
    daily_cap: int | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """Points for each claimed cap, within a time and limits.

    `limits` begin with the budget, so that of two that are full a member is told of the
    day's. Only batches of its brand may name a campaign that has one.
    """

    campaign_no: int
    campaign_id: str
    name: str
    points: int
    starts_at: datetime
    ends_at: datetime | None
    limits: tuple[Limit, ...] = ()
    brand: str | None = None

    @property
    def budget(self) -> Limit | None:
        """Limit what it pays in all."""
        return self._limit(Per.TOTAL)

    @property
    def daily_cap(self) -> Limit | None:
        """Limit what it pays a member on a business day."""
        return self._limit(Per.MEMBER_DAY)

    def _limit(self, per: Per) -> Limit | None:
        return next((limit for limit in self.limits if limit.per is per), None)

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
        cap = self.daily_cap
        return cap is not None and earned_today + self.points > cap.most


def plan_rewards(campaign: Campaign) -> tuple[PlannedReward, ...]:
    """Turn a running campaign into what a claim earns, in order."""
    return (
        PlannedReward(
            campaign.campaign_no,
            offer_no=1,
            kind=RewardKind.POINTS,
            unit=POINTS_UNIT,
            amount=campaign.points,
            limits=campaign.limits,
        ),
    )


_OFFERED = {
    CampaignPhase.NOT_BEGUN: OfferState.NOT_BEGUN,
    CampaignPhase.RUNNING: OfferState.OPEN,
    CampaignPhase.ENDED: OfferState.ENDED,
}
