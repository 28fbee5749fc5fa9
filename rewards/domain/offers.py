"""What the offers of a campaign's terms come to, made ready for every claim; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from core.errors import FieldError
from rewards.domain.cards import CardSet
from rewards.domain.chances import pick_tier, tiers_to_try
from rewards.domain.coupons import Pool
from rewards.domain.draws.terms import Draw
from rewards.domain.ledger import (
    COUPONS_UNIT,
    GIFTS_UNIT,
    MONEY_UNIT,
    POINTS_UNIT,
    TICKETS_UNIT,
)
from rewards.domain.limits import Counts, Limit, Per
from rewards.domain.messages import message
from rewards.domain.plans import Claim, PlannedReward, RewardKind
from rewards.domain.terms import AccountTerms, Given, OfferKind, Terms, TierTerms

# The unit of a card that nobody has picked yet.
NO_UNIT: Final = -1
# Which limits of all offers together a kind of reward counts against, beside those
# that count scans.
_AMOUNTS: Final = {
    RewardKind.POINTS: Counts.POINTS,
    RewardKind.RED_PACKET: Counts.MINOR,
}


# No limit of anybody's: it has room for nothing, so that a plan stays as it is and is
# never paid. Numbers from -3 to -1 mean other things where rewards are chosen.
FROZEN: Final = Limit(-4, Per.TOTAL, 0, Counts.AWARDS)


@dataclass(frozen=True, slots=True)
class Things:
    """What offers give, by the names that terms give it; gifts by their offer too.

    Draws and sets never change once they are made; a pool's stock does.
    """

    pools: Mapping[str, Pool] = field(default_factory=dict)
    gifts: Mapping[tuple[int, str], int] = field(default_factory=dict)
    draws: Mapping[str, Draw] = field(default_factory=dict)
    sets: Mapping[str, CardSet] = field(default_factory=dict)


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
        tiers = tiers_to_try(self.table, self._roll(claim))
        return self.rewards[tiers[0]] if tiers else None

    def tier_won(self, claim: Claim) -> str | None:
        """Name the tier that a claim has won, whether it pays now or not."""
        won = pick_tier(self.table, self._roll(claim))
        return None if won is None else self.table[won].tier_id

    def _roll(self, claim: Claim) -> int:
        return claim.roll(self.campaign_no, self.version, self.place)


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
    # The accounts that pay nothing for now: whoever wins of them gets the next tier's.
    frozen: Collection[int] = ()

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
                    varies=reward.varies or (below is not None and below.varies),
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
        if offer_no in self.frozen:
            limits.append(FROZEN)
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
        kind, things = RewardKind(given.kind.value), self.things
        match kind:
            case RewardKind.POINTS:
                assert given.amount is not None
                return PlannedReward(0, 0, kind, POINTS_UNIT, given.amount)
            case RewardKind.COUPON:
                return _coupon(things.pools[given.pool_id or ""])
            case RewardKind.TICKET:
                assert given.amount is not None
                return _tickets(things.draws[given.draw_id or ""], given.amount)
            case RewardKind.CARD:
                return _card(things.sets[given.set_id or ""])
            case RewardKind.RED_PACKET:
                assert given.minor is not None
                return PlannedReward(0, 0, kind, MONEY_UNIT, given.minor)
            case RewardKind.GIFT:
                gift_no = things.gifts.get((offer_no, given.name or ""), 0)
                return PlannedReward(
                    *(0, 0, kind, GIFTS_UNIT, 1), ref=gift_no, name=given.name
                )


def _coupon(pool: Pool) -> PlannedReward:
    return PlannedReward(
        *(0, 0, RewardKind.COUPON, COUPONS_UNIT, 1),
        limits=tuple(replace(each, counts=Counts.AWARDS) for each in pool.limits),
        ref=pool.pool_no,
        name=pool.name,
        pool=pool,
        ends_at=pool.valid_until,
        varies=pool.valid_until is not None,
    )


def _tickets(draw: Draw, amount: int) -> PlannedReward:
    """Give tickets while the draw is open; its limit counts each of them."""
    return PlannedReward(
        *(0, 0, RewardKind.TICKET, TICKETS_UNIT, amount),
        limits=() if draw.limit is None else (draw.limit,),
        ref=draw.draw_no,
        name=draw.name,
        draw=draw,
        begins_at=draw.opens_at,
        ends_at=draw.closes_at,
        varies=True,
    )


def _card(cards: CardSet) -> PlannedReward:
    """Give a card of a set; until one is picked, it is called as the set is."""
    return PlannedReward(
        *(0, 0, RewardKind.CARD, NO_UNIT, 1), name=cards.name, cards=cards, varies=True
    )


def find_missing(
    terms: Terms, things: Things, brand: str | None
) -> Iterator[FieldError]:
    """Say which of what terms give is not there, or not for who is of a brand."""
    for _, given, pointer in terms.given:
        yield from find_missing_given(pointer, given, things, brand)
        draw = things.draws.get(given.draw_id or "")
        if draw is not None and draw.is_of(brand):
            yield from _find_untimely(f"{pointer}/draw_id", draw, terms)


def find_missing_given(
    pointer: str, given: Given, things: Things, brand: str | None
) -> Iterator[FieldError]:
    """Say that what is given is not there, or not for who is of a brand."""
    if given.pool_id is not None:
        pool = things.pools.get(given.pool_id)
        if pool is None or not pool.is_of(brand):
            told = message("no_pool", pool_id=given.pool_id)
            yield FieldError(f"{pointer}/pool_id", "unknown_pool", told)
    elif given.draw_id is not None:
        draw = things.draws.get(given.draw_id)
        if draw is None or not draw.is_of(brand):
            told = message("no_draw", draw_id=given.draw_id)
            yield FieldError(f"{pointer}/draw_id", "unknown_draw", told)
    elif given.set_id is not None:
        cards = things.sets.get(given.set_id)
        if cards is None or not cards.is_seen_by(brand):
            told = message("no_set", set_id=given.set_id)
            yield FieldError(f"{pointer}/set_id", "unknown_set", told)


def _find_untimely(pointer: str, draw: Draw, terms: Terms) -> Iterator[FieldError]:
    """Say where a campaign has no moment at which its draw is open."""
    ends_at = terms.ends_at
    if draw.closes_at <= terms.starts_at or (
        ends_at is not None and ends_at <= draw.opens_at
    ):
        told = message(
            "draw_never_open",
            draw_id=draw.draw_id,
            opens=draw.opens_at.isoformat(),
            closes=draw.closes_at.isoformat(),
        )
        yield FieldError(pointer, "out_of_range", told)
