"""The rewards that a claim is to get: campaigns and facts made them, no database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.conditions import Facts
from rewards.domain.cards import Card, CardSet
from rewards.domain.coupons import Pool
from rewards.domain.draws.terms import Draw
from rewards.domain.limits import Limit


class RewardKind(StrEnum):
    """What a reward is."""

    POINTS = "points"
    COUPON = "coupon"
    TICKET = "ticket"
    CARD = "card"
    RED_PACKET = "red_packet"
    GIFT = "gift"


class PlannedReward(msgspec.Struct, frozen=True, gc=False):
    """What a claim is to get of one offer, if each of its limits has room.

    `otherwise` is what it gets instead when one of them is full: the next tier of a
    chance. `ref` numbers what it is one of: the pool of a coupon, the draw of tickets,
    the unit of a card.
    """

    campaign_no: int
    offer_no: int
    kind: RewardKind
    unit: int
    amount: int
    limits: tuple[Limit, ...] = ()
    otherwise: "PlannedReward | None" = None
    campaign_id: str = ""
    offer_id: str = ""
    exclusive: bool = False
    ref: int = 0
    # What it is called, and where it is won by chance, the tier that wins it.
    name: str | None = None
    pool: Pool | None = None
    tier_id: str = ""
    tier_name: str = ""
    draw: Draw | None = None
    # The set of a card; which of its cards a code gives is picked for each claim.
    cards: CardSet | None = None
    card_id: str = ""
    # When there is some of it: a draw opens and closes, a pool's coupons are over.
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    # Whether it is not always the same, or what it is otherwise is not: there is none
    # of it at some time, or a card is picked.
    varies: bool = False
    # The last day of points that expire.
    expires_on: date | None = None


def open_at(reward: PlannedReward | None, now: datetime) -> PlannedReward | None:
    """Give what is there at a moment of a reward and what it is otherwise."""
    if reward is None:
        return None
    otherwise = open_at(reward.otherwise, now)
    if reward.ends_at is not None and reward.ends_at <= now:
        return otherwise
    if reward.begins_at is not None and now < reward.begins_at:
        return otherwise
    if otherwise is reward.otherwise:
        return reward
    return msgspec.structs.replace(reward, otherwise=otherwise)


def with_cards(reward: PlannedReward, pick: Callable[[CardSet], Card]) -> PlannedReward:
    """Say which card it is, of a reward and what it is otherwise."""
    otherwise = reward.otherwise and with_cards(reward.otherwise, pick)
    if reward.cards is None:
        if otherwise is reward.otherwise:
            return reward
        return msgspec.structs.replace(reward, otherwise=otherwise)
    card = pick(reward.cards)
    return msgspec.structs.replace(
        reward,
        otherwise=otherwise,
        unit=card.unit,
        ref=card.unit,
        name=card.name,
        card_id=card.card_id,
    )


class HindranceReason(StrEnum):
    """Why a campaign does not pay a claim."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    PAUSED = "paused"
    CONDITION = "condition"
    BUDGET = "budget"
    STOCK = "stock"
    DAILY_STOCK = "daily_stock"
    CAP_MEMBER = "cap_member"
    CAP_MEMBER_DAY = "cap_member_day"
    CAP_DAY = "cap_day"
    CAP_REGION_DAY = "cap_region_day"
    EXCLUSIVE = "exclusive"


# What stands in the way today and may not one day; a cap keeps its worth meanwhile.
LATER: Final = frozenset({HindranceReason.NOT_BEGUN, HindranceReason.PAUSED})


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as campaigns see it; `facts` are read only where a condition asks.

    `roll` decides a chance: told the campaign's number and version and the offer's
    place, it gives 0..999,999, always the same. `pick` says which card of a set the
    code gives, always the same too.
    """

    code_id: int
    facts: Callable[[], Facts]
    roll: Callable[[int, int, int], int]
    pick: Callable[[CardSet], Card]


class Hindrance(msgspec.Struct, frozen=True, gc=False):
    """A campaign that pays a claim nothing; until when, where that is known."""

    campaign_id: str
    reason: HindranceReason
    until: datetime | None = None


class RewardPlan(msgspec.Struct, frozen=True, gc=False):
    """What a claim is to get, in order, and which campaigns pay it nothing."""

    rewards: tuple[PlannedReward, ...] = ()
    hindrances: Sequence[Hindrance] = ()

    def ending(self, day: date) -> "RewardPlan":
        """Let its points be good until a day."""
        ending = tuple(_ending(each, day) for each in self.rewards)
        return msgspec.structs.replace(self, rewards=ending)

    def counted_by(self, limit: Limit) -> "RewardPlan":
        """Let whatever it pays count the claim, as a limit that comes last."""
        counted = tuple(_counted_by(each, limit) for each in self.rewards)
        return msgspec.structs.replace(self, rewards=counted)

    @property
    def later(self) -> bool:
        """Whether a campaign that does not pay now may pay this claim one day."""
        return any(each.reason in LATER for each in self.hindrances)

    @property
    def later_at(self) -> datetime | None:
        """When the first of those begins to, if that is known."""
        known = (each.until for each in self.hindrances if each.reason in LATER)
        return min((at for at in known if at is not None), default=None)


def _ending(reward: PlannedReward, day: date) -> PlannedReward:
    otherwise = reward.otherwise and _ending(reward.otherwise, day)
    if reward.kind is not RewardKind.POINTS:
        return msgspec.structs.replace(reward, otherwise=otherwise)
    return msgspec.structs.replace(reward, otherwise=otherwise, expires_on=day)


def _counted_by(reward: PlannedReward, limit: Limit) -> PlannedReward:
    return msgspec.structs.replace(
        reward,
        limits=(*reward.limits, limit),
        otherwise=reward.otherwise and _counted_by(reward.otherwise, limit),
    )


NOTHING: Final = RewardPlan()
