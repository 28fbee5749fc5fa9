"""What a claim may earn: campaigns, and the plan for one claim."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import msgspec

# The account unit that is points; whatever else can be owned has a number of its own.
POINTS_UNIT = 0
# The period of a limit that has none, and who holds what everybody shares.
ALWAYS = date(1970, 1, 1)
EVERYBODY = 0


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


class Per(StrEnum):
    """Whose taking a limit counts together; those but `total` let more be had later."""

    TOTAL = "total"
    MEMBER = "member"
    DAY = "day"
    MEMBER_DAY = "member_day"


_OF_MEMBERS = frozenset({Per.MEMBER, Per.MEMBER_DAY})
_OF_DAYS = frozenset({Per.DAY, Per.MEMBER_DAY})


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be taken of a unit by one holder in one period."""

    limit_no: int
    per: Per
    most: int
    of_member: bool = field(init=False)
    by_day: bool = field(init=False)

    def __post_init__(self) -> None:
        """Know once what is asked for every scan."""
        object.__setattr__(self, "of_member", self.per in _OF_MEMBERS)
        object.__setattr__(self, "by_day", self.per in _OF_DAYS)

    def holder(self, member_no: int) -> int:
        """Tell whose row a member takes from."""
        return member_no if self.of_member else EVERYBODY

    def period(self, day: date) -> date:
        """Tell which row a business day takes from."""
        return day if self.by_day else ALWAYS


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
