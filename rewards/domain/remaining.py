"""What is left of campaigns for who looks; PostgreSQL has the word at the claim."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from rewards.domain.active_campaigns import Campaign, Offer, OfferState
from rewards.domain.campaigns import CampaignState
from rewards.domain.limits import Limit, Per
from rewards.domain.plans import PlannedReward

# How much is left of limits of all time that are nearly used up, by their numbers.
Rooms = Mapping[int, int]
# A row of what was taken of a limit: (limit_no, holder, period).
Row = tuple[int, int, date]


def find_spent(
    campaigns: Iterable[Campaign], rooms: Rooms, now: datetime
) -> frozenset[int]:
    """Find the numbers of campaigns of which nothing is left for anybody.

    Their draws are closed, their pools over or empty, their stocks and budgets used up.
    """
    return frozenset(
        each.campaign_no
        for each in campaigns
        if each.state is CampaignState.ACTIVE
        and not any(_is_there(reward, rooms, now) for reward in each.possible)
    )


def _is_there(reward: PlannedReward, rooms: Rooms, now: datetime) -> bool:
    """Tell whether anybody may get it, now or once its draw opens."""
    if reward.ends_at is not None and reward.ends_at <= now:
        return False
    return all(
        min(limit.most, rooms.get(limit.limit_no, limit.most)) >= _need(limit, reward)
        for limit in reward.limits
        if limit.per is Per.TOTAL
    )


def _need(limit: Limit, reward: PlannedReward) -> int:
    return reward.amount if limit.by_amount else 1


def rows_of_member(campaign: Campaign, member_no: int, day: date) -> Iterator[Row]:
    """Name the rows that tell what a member has had, and everybody on a day."""
    for reward in campaign.possible:
        for limit in _limits_of_member(reward):
            yield limit.limit_no, limit.holder(member_no), limit.period(day)


def _limits_of_member(reward: PlannedReward) -> Iterator[Limit]:
    """Give those that a look can ask; it does not know a region of a later scan."""
    return (each for each in reward.limits if each.of_member or each.per is Per.DAY)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left for one member at a moment; `uses` are rows_of_member, if there."""

    rooms: Rooms
    uses: Mapping[Row, int]
    member_no: int
    day: date
    now: datetime

    def narrow(self, campaign: Campaign, offer: Offer | None) -> Offer | None:
        """Tell what of an offer is left for the member."""
        if offer is None or offer.state is not OfferState.OPEN:
            return offer
        return replace(offer, state=self._state(campaign))

    def _state(self, campaign: Campaign) -> OfferState:
        """Tell whether the member may get anything, and if not, whether another day."""
        waits = False
        for reward in campaign.possible:
            if not _is_there(reward, self.rooms, self.now) or _is_early(
                reward, self.now
            ):
                continue
            full = [e for e in _limits_of_member(reward) if self._is_full(e, reward)]
            if not full:
                return OfferState.OPEN
            waits = waits or all(limit.by_day for limit in full)
        return OfferState.FULL_TODAY if waits else OfferState.FULL

    def _is_full(self, limit: Limit, reward: PlannedReward) -> bool:
        row = limit.limit_no, limit.holder(self.member_no), limit.period(self.day)
        return self.uses.get(row, 0) + _need(limit, reward) > limit.most


def _is_early(reward: PlannedReward, now: datetime) -> bool:
    return reward.begins_at is not None and now < reward.begins_at
