"""Campaigns as people make them: their states, and their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.bounds import MAX_TEXT
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
    def paid_by(self) -> tuple[Terms, ...]:
        """The terms of the versions that it has ever paid by."""
        states = {VersionState.ACTIVE, VersionState.RETIRED}
        return tuple(each.terms for each in self.versions if each.state in states)

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
