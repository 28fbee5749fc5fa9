"""Campaigns as workers pay by them, and the plan that they make for one claim."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from core.conditions import Test
from rewards.domain.campaigns import CampaignState
from rewards.domain.claim_facts import COUNTED_FACTS, FACTS_OF_RECORD, FACTS_OF_TIME
from rewards.domain.limits import Counts, Limit, Per
from rewards.domain.offers import Chance
from rewards.domain.plans import (
    NOTHING,
    Claim,
    Hindrance,
    HindranceReason,
    PlannedReward,
    RewardKind,
    RewardPlan,
    open_at,
    with_cards,
)


class CampaignPhase(StrEnum):
    """Where a moment falls in a campaign."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED = "ended"


class OfferState(StrEnum):
    """What somebody who claims a cap would find, the best first."""

    OPEN = "open"
    FULL_TODAY = "full_today"
    PAUSED = "paused"
    NOT_BEGUN = "not_begun"
    FULL = "full"
    SPENT = "spent"
    ENDED = "ended"


_BEST: Final = {state: place for place, state in enumerate(OfferState)}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a campaign has for a claim now; it ends before `ends_at`, or never."""

    state: OfferState
    begins_at: datetime
    ends_at: datetime | None

    def is_over_by(self, at: datetime) -> bool:
        """Tell whether there is nothing to come back for at a later time."""
        return self.ends_at is not None and self.ends_at <= at

    def put_off(self, until: datetime | None) -> "Offer":
        """Give what a claim finds that this is not for, and that may be paid later."""
        if until is None:
            return replace(self, state=OfferState.PAUSED)
        return replace(self, state=OfferState.NOT_BEGUN, begins_at=until)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign pays for a claimed cap, when, to whom, and how much at most.

    `limits` are those of all its offers together, and begin with the budget, so that of
    two that are full a member is told of the day's; each reward carries those that are
    its own. A campaign with a brand is for products of that brand. One that is
    `for_all` needs not be named by a code.
    """

    campaign_no: int
    campaign_id: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    rewards: tuple[PlannedReward, ...] = ()
    chances: tuple[Chance, ...] = ()
    limits: tuple[Limit, ...] = ()
    brand: str | None = None
    state: CampaignState = CampaignState.ACTIVE
    for_all: bool = False
    order: int = 100
    when: Test | None = None
    # The facts that `when` asks for, each once.
    asked: tuple[str, ...] = ()
    version: int = 0

    @property
    def asks_for_time(self) -> bool:
        """Whether its condition may hold at another time though it does not now."""
        return not FACTS_OF_TIME.isdisjoint(self.asked)

    @property
    def asks_for_claims(self) -> bool:
        """Whether its condition asks which of a member's claims one is."""
        return not COUNTED_FACTS.isdisjoint(self.asked)

    @property
    def asks_for_regions(self) -> bool:
        """Whether what it pays depends on where a code was scanned."""
        per_region = (each.per is Per.REGION_DAY for each in self.limits)
        return "scan_region" in self.asked or any(per_region)

    @property
    def points(self) -> int:
        """The points that it pays for one cap."""
        points = (r.amount for r in self.rewards if r.kind is RewardKind.POINTS)
        return sum(points)

    @property
    def budget(self) -> Limit | None:
        """Limit the points that it pays in all."""
        return self._limit(Per.TOTAL)

    @property
    def daily_cap(self) -> Limit | None:
        """Limit the points that it pays a member on a business day."""
        return self._limit(Per.MEMBER_DAY)

    def _limit(self, per: Per) -> Limit | None:
        found = (each for each in self.limits if each.per is per)
        return next((each for each in found if each.counts is Counts.POINTS), None)

    def phase(self, now: datetime) -> CampaignPhase:
        """Tell whether the campaign has begun and not ended."""
        if now < self.starts_at:
            return CampaignPhase.NOT_BEGUN
        if self.ends_at is not None and now >= self.ends_at:
            return CampaignPhase.ENDED
        return CampaignPhase.RUNNING

    @property
    def possible(self) -> tuple[PlannedReward, ...]:
        """All that a claim may come to get, each tier of a chance by itself."""
        tiers = (each for chance in self.chances for each in chance.rewards)
        return (*self.rewards, *tiers)

    @property
    def opens_at(self) -> datetime | None:
        """When the first of its draws opens, if it gives nothing but tickets."""
        opening = [each.begins_at for each in self.rewards]
        known = [at for at in opening if at is not None]
        return None if self.chances or len(known) < len(opening) else min(known)

    def offer(self, now: datetime, spent: Collection[int]) -> Offer | None:
        """Tell what there is to claim, but for what a member has had.

        `spent` are the numbers of the campaigns of which nothing is left. What was
        stopped before it began never was.
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
        offer = Offer(state, self.starts_at, self.ends_at)
        opens_at = self.opens_at if state is OfferState.OPEN else None
        is_early = opens_at is not None and now < opens_at
        return offer.put_off(opens_at) if is_early else offer

    def hindrance(self, claim: Claim, now: datetime) -> Hindrance | None:
        """Tell why it pays a claim nothing, whatever its limits have room for."""
        reason = _HINDERS[self.phase(now)]
        until = self.starts_at if reason is HindranceReason.NOT_BEGUN else None
        if self.state is CampaignState.STOPPED:
            reason = HindranceReason.ENDED
        elif reason is not HindranceReason.ENDED and self.state in _WAITING:
            reason, until = HindranceReason.PAUSED, None
        if reason is not HindranceReason.ENDED and not self._is_for(claim, reason):
            # It would not pay this claim later, either.
            reason, until = HindranceReason.CONDITION, None
        return None if reason is None else Hindrance(self.campaign_id, reason, until)

    def _is_for(self, claim: Claim, reason: HindranceReason | None) -> bool:
        """Tell whether its condition holds; what asks for the time may do so later."""
        if self.when is None or (reason is not None and self.asks_for_time):
            return True
        return self.when(claim.facts())


def best_offer(offers: Iterable[Offer | None]) -> Offer | None:
    """Tell what there is to claim where several campaigns have something."""
    there = [offer for offer in offers if offer is not None]
    return min(there, key=lambda offer: _BEST[offer.state], default=None)


class Basis(NamedTuple):
    """What plans are made on that nothing else tells once they were made.

    Which versions of which campaigns were asked, in their order, and the facts that
    they asked for and that can't be read again from the scan.
    """

    versions: tuple[tuple[int, int], ...] = ()
    facts: tuple[str, ...] = ()
    asks_for_claims: bool = False


# A plan of one campaign's first version, which asks for nothing, needs no basis: the
# scan that it pays names the campaign. Who loses a chance is perhaps paid nothing.
NO_BASIS: Final = Basis()
FIRST_VERSION: Final = 1


def basis_of(campaigns: Iterable[Campaign]) -> Basis:
    """Tell what a plan is made on; who is paused or stopped is not asked."""
    asked = [each for each in campaigns if each.state is CampaignState.ACTIVE]
    names = dict.fromkeys(name for each in asked for name in each.asked)
    facts = tuple(name for name in names if name not in FACTS_OF_RECORD)
    if len(asked) <= 1 and not facts and all(_is_named(each) for each in asked):
        return NO_BASIS
    versions = tuple((each.campaign_no, each.version) for each in asked)
    return Basis(versions, facts, not COUNTED_FACTS.isdisjoint(facts))


def _is_named(campaign: Campaign) -> bool:
    return campaign.version == FIRST_VERSION and not campaign.chances


@dataclass(frozen=True, slots=True)
class Campaigns:
    """All campaigns by id; those that a code's claim may be paid by, in order."""

    by_id: Mapping[str, Campaign] = field(default_factory=dict)
    # Whether anything that may be paid depends on where codes are scanned.
    ask_for_regions: bool = False
    _for_all: tuple[Campaign, ...] = ()
    _bases: dict[tuple[str | None, str | None], Basis] = field(default_factory=dict)
    _candidates: dict[tuple[str | None, str | None], tuple[Campaign, ...]] = field(
        default_factory=dict
    )

    @classmethod
    def of(cls, by_id: Mapping[str, Campaign]) -> "Campaigns":
        """Put campaigns in the order in which they pay."""
        there = [c for c in by_id.values() if c.state is not CampaignState.STOPPED]
        for_all = sorted((c for c in there if c.for_all), key=_in_order)
        return cls(by_id, any(c.asks_for_regions for c in there), tuple(for_all))

    def with_changed(self, changed: Mapping[str, Campaign]) -> "Campaigns":
        """Give these campaigns with some that are new or have changed."""
        return Campaigns.of({**self.by_id, **changed}) if changed else self

    def candidates(self, bound: str | None, brand: str | None) -> tuple[Campaign, ...]:
        """Give the campaigns that may pay a claim of a code of a brand.

        One that the code is `bound` to, and those for all codes of its brand.
        """
        found = self._candidates.get((bound, brand))
        if found is None:
            there = [c for c in self._for_all if c.brand in {None, brand}]
            own = self.by_id.get(bound or "")
            if own is not None and not own.for_all:
                there.append(own)
            found = tuple(sorted(there, key=_in_order))
            self._candidates[bound, brand] = found
        return found

    def basis(self, bound: str | None, brand: str | None) -> Basis:
        """Tell what plans for claims of such a code are made on."""
        found = self._bases.get((bound, brand))
        if found is None:
            found = basis_of(self.candidates(bound, brand))
            self._bases[bound, brand] = found
        return found


def _in_order(campaign: Campaign) -> tuple[int, int]:
    return campaign.order, campaign.campaign_no


def plan_rewards(
    campaigns: Sequence[Campaign], claim: Claim, now: datetime
) -> RewardPlan:
    """Plan what a claim is to get of campaigns, in their order.

    Whether limits have room, and what an exclusive campaign keeps out, is for who
    commits the plan.
    """
    if not campaigns:
        return NOTHING
    rewards: list[PlannedReward] = []
    hindrances: list[Hindrance] = []
    for campaign in campaigns:
        hindrance = campaign.hindrance(claim, now)
        if hindrance is None:
            rewards += campaign.rewards
            for chance in campaign.chances:
                won = chance.reward(claim)
                if won is not None:
                    rewards.append(won)
        else:
            hindrances.append(hindrance)
    if any(reward.varies for reward in rewards):
        hindrances += _not_begun(rewards, now)
        there = (open_at(reward, now) for reward in rewards)
        rewards = [with_cards(each, claim.pick) for each in there if each is not None]
    return RewardPlan(tuple(rewards), hindrances)


def _not_begun(rewards: Sequence[PlannedReward], now: datetime) -> Iterator[Hindrance]:
    """Name campaigns that have something for a claim once a draw opens."""
    for reward in rewards:
        begins_at = reward.begins_at
        if begins_at is not None and now < begins_at and open_at(reward, now) is None:
            reason = HindranceReason.NOT_BEGUN
            yield Hindrance(reward.campaign_id, reason, begins_at)


# What does not pay now and may one day: a cap keeps its worth meanwhile.
_WAITING: Final = frozenset({CampaignState.DRAFT, CampaignState.PAUSED})
_OFFERED: Final = {
    CampaignPhase.NOT_BEGUN: OfferState.NOT_BEGUN,
    CampaignPhase.RUNNING: OfferState.OPEN,
    CampaignPhase.ENDED: OfferState.ENDED,
}
_HINDERS: Final = {
    CampaignPhase.NOT_BEGUN: HindranceReason.NOT_BEGUN,
    CampaignPhase.RUNNING: None,
    CampaignPhase.ENDED: HindranceReason.ENDED,
}
