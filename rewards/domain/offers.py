"""What the offers of a campaign's terms come to, made ready for every claim; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from rewards.domain.chances import tiers_to_try
from rewards.domain.coupons import Pool
from rewards.domain.ledger import COUPONS_UNIT, GIFTS_UNIT, MONEY_UNIT, POINTS_UNIT
from rewards.domain.limits import Counts, Limit
from rewards.domain.plans import Claim, PlannedReward, RewardKind
from rewards.domain.terms import AccountTerms, Given, OfferKind, Terms, TierTerms

# Which limits of all offers together a kind of reward counts against, beside those
# that count scans.
_AMOUNTS: Final = {
    RewardKind.POINTS: Counts.POINTS,
    RewardKind.RED_PACKET: Counts.MINOR,
}


@dataclass(frozen=True, slots=True)
class Things:
    """What offers give, by the names that terms give it; gifts by their offer too."""

    pools: Mapping[str, Pool] = field(default_factory=dict)
    gifts: Mapping[tuple[int, str], int] = field(default_factory=dict)


class Chance(msgspec.Struct, frozen=True, gc=False):
    """An offer that a roll decides. Each tier's reward is otherwise the next one's.

    `place` counts offers from 1, as the roll is told.
    """

    offer_id: str
    campaign_no: int
    version: int
    place: int
    table: tuple[TierTerms, ...]
    rewards: tuple[PlannedReward, ...]

    def reward(self, claim: Claim) -> PlannedReward | None:
        """Tell what a claim has won; None is nothing."""
        roll = claim.roll(self.campaign_no, self.version, self.place)
        tiers = tiers_to_try(self.table, roll)
        return self.rewards[tiers[0]] if tiers else None


@dataclass(frozen=True, slots=True)
class OfferBook:
    """What is known of a campaign's offers: their accounts, limits and things.

    Limits come with their offer's number; 0 is all offers together.
    """

    campaign_no: int
    campaign_id: str
    version: int
    terms: Terms
    accounts: Mapping[AccountTerms, int]
    limits: Sequence[tuple[int, Limit]]
    things: Things

    @property
    def shared_limits(self) -> tuple[Limit, ...]:
        """The limits of all offers together."""
        return tuple(limit for offer_no, limit in self.limits if offer_no == 0)

    def sure(self) -> Iterator[PlannedReward]:
        """Give what each claim gets, in the order of offers."""
        for offer in self.terms.offers:
            if offer.kind is not OfferKind.CHANCE:
                yield self._reward(offer, offer.offer_id)

    def chances(self) -> Iterator[Chance]:
        """Give what a roll decides, in the order of offers."""
        for place, offer in enumerate(self.terms.offers, 1):
            if offer.table is not None and offer.kind is OfferKind.CHANCE:
                yield Chance(
                    *(
                        offer.offer_id,
                        self.campaign_no,
                        self.version,
                        place,
                        offer.table,
                    ),
                    tuple(self._chain(offer.offer_id, offer.table)),
                )

    def _chain(
        self, offer_id: str, table: Sequence[TierTerms]
    ) -> Iterable[PlannedReward]:
        """Give each tier's reward, which is otherwise that of the next tier."""
        chain: list[PlannedReward] = []
        for tier in reversed(table):
            reward = self._reward(tier.gives, offer_id, tier.tier_id)
            below = chain[-1] if chain else None
            chain.append(
                msgspec.structs.replace(
                    reward,
                    tier_id=tier.tier_id,
                    tier_name=tier.name,
                    otherwise=below,
                    may_end=reward.may_end or (below is not None and below.may_end),
                )
            )
        return reversed(chain)

    def _reward(self, given: Given, offer_id: str, tier_id: str = "") -> PlannedReward:
        account = AccountTerms(offer_id, tier_id, given.kind.value)
        offer_no = self.accounts[account]
        reward = self._thing(given, offer_no)
        counted = {Counts.CLAIMS, _AMOUNTS.get(reward.kind)}
        limits = [each for each in self.shared_limits if each.counts in counted]
        limits += [limit for of_no, limit in self.limits if of_no == offer_no]
        return msgspec.structs.replace(
            reward,
            campaign_no=self.campaign_no,
            campaign_id=self.campaign_id,
            offer_no=offer_no,
            offer_id=offer_id,
            exclusive=self.terms.exclusive,
            limits=(*limits, *reward.limits),
        )

    def _thing(self, given: Given, offer_no: int) -> PlannedReward:
        """Tell what is given, but for whose it is; terms are checked when written."""
        kind = RewardKind(given.kind.value)
        if given.kind is OfferKind.POINTS:
            assert given.amount is not None
            return PlannedReward(0, 0, kind, POINTS_UNIT, given.amount)
        if given.kind is OfferKind.COUPON:
            pool = self.things.pools[given.pool_id or ""]
            return PlannedReward(
                *(0, 0, kind, COUPONS_UNIT, 1),
                limits=tuple(
                    replace(each, counts=Counts.AWARDS) for each in pool.limits
                ),
                ref=pool.pool_no,
                name=pool.name,
                pool=pool,
                ends_at=pool.valid_until,
                may_end=pool.valid_until is not None,
            )
        if given.kind is OfferKind.RED_PACKET:
            assert given.minor is not None
            return PlannedReward(0, 0, kind, MONEY_UNIT, given.minor)
        gift_no = self.things.gifts.get((offer_no, given.name or ""), 0)
        return PlannedReward(*(0, 0, kind, GIFTS_UNIT, 1), ref=gift_no, name=given.name)
