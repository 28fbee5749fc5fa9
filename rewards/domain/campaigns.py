"""What a claim may earn: campaigns, how they change, and the plan for one claim."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.bounds import MAX_TEXT
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.limits import Limit, Per
from rewards.domain.terms import (
    Budget,
    Cap,
    CapPer,
    Counted,
    OfferKind,
    OfferTerms,
    Terms,
    TwoNames,
)


class CampaignState(StrEnum):
    """Whether a campaign pays; a stop is final."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class Move(StrEnum):
    """What a marketer may do to a campaign as a whole."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


# From which states to which one.
MOVES: Final[Mapping[Move, tuple[frozenset[CampaignState], CampaignState]]] = {
    Move.PAUSE: (frozenset({CampaignState.ACTIVE}), CampaignState.PAUSED),
    Move.RESUME: (frozenset({CampaignState.PAUSED}), CampaignState.ACTIVE),
    Move.STOP: (
        frozenset({CampaignState.DRAFT, CampaignState.ACTIVE, CampaignState.PAUSED}),
        CampaignState.STOPPED,
    ),
}


class VersionState(StrEnum):
    """How far a version has come; one at most is active."""

    DRAFT = "draft"
    APPROVED = "approved"
    ACTIVE = "active"
    RETIRED = "retired"


class CampaignPhase(StrEnum):
    """Where a moment falls in a campaign."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED = "ended"


class OfferState(StrEnum):
    """What somebody who claims a cap would find."""

    OPEN = "open"
    NOT_BEGUN = "not_begun"
    PAUSED = "paused"
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

    @property
    def terms(self) -> Terms:
        """The same as the terms of a first version."""
        name = self.name[:MAX_TEXT] or self.campaign_id
        points = OfferTerms(
            offer_id="points", kind=OfferKind.POINTS, amount=self.points
        )
        caps: tuple[Cap, ...] = ()
        if self.daily_cap is not None:
            cap = Cap(per=CapPer.MEMBER_DAY, of=Counted.POINTS, most=self.daily_cap)
            caps = (cap,)
        return Terms(
            name=TwoNames(zh=name, en=name),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            offers=(points,),
            budget=None if self.budget is None else Budget(points=self.budget),
            caps=caps,
        )


@dataclass(frozen=True, slots=True)
class Version:
    """The terms of a campaign as somebody wrote them, and who took which step."""

    version: int
    state: VersionState
    terms: Terms
    created_by: str
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    activated_by: str | None = None
    activated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptCampaign:
    """A campaign with all its versions, newest first, as staff see it.

    `spent` is what was taken of its budget in points, None where it has none.
    """

    campaign_no: int
    campaign_id: str
    brand: str | None
    state: CampaignState
    active_version: int | None
    starts_at: datetime
    ends_at: datetime | None
    budget: int | None
    spent: int | None
    versions: tuple[Version, ...]

    @property
    def active(self) -> Version | None:
        """The version that it pays by."""
        return next(
            (each for each in self.versions if each.version == self.active_version),
            None,
        )

    @property
    def name(self) -> TwoNames:
        """The name that it has, or is to have."""
        return (self.active or self.versions[0]).terms.name

    def find(self, version: int) -> Version | None:
        """Find a version by its number."""
        return next((each for each in self.versions if each.version == version), None)

    def is_changed_by(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may change it."""
        return brand is None or self.brand == brand

    def is_seen_by(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand sees it; all see what is nobody's."""
        return self.brand is None or self.is_changed_by(brand)


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
    state: CampaignState = CampaignState.ACTIVE

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

    def offer(self, now: datetime, spent: Collection[int]) -> Offer | None:
        """Tell what there is to claim, but for what a member has had today.

        `spent` are the numbers of the campaigns whose budget pays no more claim. What
        was stopped before it began never was.
        """
        state = _OFFERED[self.phase(now)]
        if self.state is CampaignState.STOPPED:
            if state is OfferState.NOT_BEGUN:
                return None
            state = OfferState.ENDED
        elif state is not OfferState.ENDED and self.state in _WAITING:
            state = OfferState.PAUSED
        elif state is OfferState.OPEN and self.campaign_no in spent:
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


# What does not pay now and may one day: a cap keeps its worth meanwhile.
_WAITING = frozenset({CampaignState.DRAFT, CampaignState.PAUSED})
_OFFERED = {
    CampaignPhase.NOT_BEGUN: OfferState.NOT_BEGUN,
    CampaignPhase.RUNNING: OfferState.OPEN,
    CampaignPhase.ENDED: OfferState.ENDED,
}
