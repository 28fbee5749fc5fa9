"""What a campaign promises, as its marketer writes it and as it is kept; pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any, Final

import msgspec

from core.bounds import MAX_POINTS, MAX_TEXT
from core.errors import FieldError
from rewards.domain.chances import WHOLE
from rewards.domain.limits import Per
from rewards.domain.messages import message

MAX_AMOUNT: Final = 1_000_000
MAX_OFFERS: Final = 20
MAX_CAPS: Final = 20
MAX_TIERS: Final = 100

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
_Most = Annotated[int, msgspec.Meta(ge=0, le=MAX_POINTS)]
_Amount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]


class TwoNames(msgspec.Struct, frozen=True, kw_only=True):
    """A name in Chinese and in English."""

    zh: _Text
    en: _Text


class OfferKind(StrEnum):
    """What an offer gives."""

    POINTS = "points"
    COUPON = "coupon"
    TICKET = "ticket"
    CARD = "card"
    RED_PACKET = "red_packet"
    GIFT = "gift"
    CHANCE = "chance"


class Given(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to have; which fields it has depends on its kind."""

    kind: OfferKind
    amount: _Amount | None = None
    pool_id: _Text | None = None
    draw_id: _Text | None = None
    set_id: _Text | None = None
    minor: _Amount | None = None
    name: _Text | None = None


class TierTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tier of a chance, and what who wins it gets; the best tier comes first."""

    tier_id: _Text
    name: _Text
    per_million: Annotated[int, msgspec.Meta(ge=0, le=WHOLE)]
    stock: _Most | None = None
    daily_stock: _Most | None = None
    gives: Given


class OfferTerms(Given, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a campaign."""

    offer_id: _Text
    stock: _Most | None = None
    daily_stock: _Most | None = None
    table: (
        Annotated[tuple[TierTerms, ...], msgspec.Meta(max_length=MAX_TIERS)] | None
    ) = None


class AppliesTo(StrEnum):
    """Whose claims a campaign looks at: of codes bound to it, or all."""

    BOUND = "bound"
    ALL = "all"


class Budget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The most that a campaign pays in all; None is no limit, 0 is nothing."""

    points: _Most | None = None
    minor: _Most | None = None


class CapPer(StrEnum):
    """Whose earnings a cap counts together."""

    MEMBER = "member"
    MEMBER_DAY = "member_day"
    DAY = "day"
    REGION_DAY = "region_day"


class Counted(StrEnum):
    """What a cap counts."""

    CLAIMS = "claims"
    POINTS = "points"
    MINOR = "minor"


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """The most of something that may be had together."""

    per: CapPer
    of: Counted
    most: _Most


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a campaign: when, for whom, what, and how much at most."""

    name: TwoNames
    starts_at: datetime
    ends_at: datetime | None = None
    applies_to: AppliesTo = AppliesTo.BOUND
    when: dict[str, Any] | None = None
    order: int = 100
    exclusive: bool = False
    offers: tuple[OfferTerms, ...]
    budget: Budget | None = None
    caps: tuple[Cap, ...] = ()

    @property
    def points(self) -> int:
        """What a claim earns; of terms that were checked."""
        (offer,) = self.offers
        assert offer.amount is not None
        return offer.amount

    @property
    def limits(self) -> dict[Per, int]:
        """The most points that may be taken, by whose taking counts together.

        So many claims are so many times the points of one, since a version that has a
        cap of claims pays what the one before it paid (find_uncountable).
        """
        mosts: dict[Per, int] = {}
        if self.budget is not None and self.budget.points is not None:
            mosts[Per.TOTAL] = self.budget.points
        for cap in self.caps:
            times = self.points if cap.of is Counted.CLAIMS else 1
            most = min(cap.most * times, MAX_POINTS)
            per = Per(cap.per.value)
            mosts[per] = min(most, mosts.get(per, most))
        return mosts


def find_faults(terms: Terms) -> Iterator[FieldError]:
    """Say what makes no sense in terms."""
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        yield FieldError("/ends_at", "out_of_order", message("ends_before_start"))
    if not terms.offers:
        yield FieldError("/offers", "required", message("no_offers"))
    seen: set[str] = set()
    for place, offer in enumerate(terms.offers):
        if offer.offer_id in seen:
            yield FieldError(
                f"/offers/{place}/offer_id",
                "given_twice",
                message("offer_twice", offer_id=offer.offer_id),
            )
        seen.add(offer.offer_id)
        yield from _find_faults_of_offer(f"/offers/{place}", offer)
    kinds = [(cap.per, cap.of) for cap in terms.caps]
    for place, kind in enumerate(kinds):
        if kind in kinds[:place]:
            yield FieldError(f"/caps/{place}", "given_twice", message("cap_twice"))


# Which fields each kind has, all of which it needs.
_FIELDS: Final = {
    OfferKind.POINTS: ("amount",),
    OfferKind.COUPON: ("pool_id",),
    OfferKind.TICKET: ("draw_id", "amount"),
    OfferKind.CARD: ("set_id",),
    OfferKind.RED_PACKET: ("minor",),
    OfferKind.GIFT: ("name",),
    OfferKind.CHANCE: ("table",),
}
_ALL_FIELDS: Final = tuple(dict.fromkeys(chain.from_iterable(_FIELDS.values())))


def _find_faults_of_offer(pointer: str, offer: OfferTerms) -> Iterator[FieldError]:
    yield from find_faults_of_given(pointer, offer)
    if offer.table is not None and offer.kind is OfferKind.CHANCE:
        yield from _find_faults_of_table(f"{pointer}/table", offer.table)


def find_faults_of_given(pointer: str, given: Given) -> Iterator[FieldError]:
    """Say which fields something lacks, or has too many, for its kind."""
    needed = _FIELDS[given.kind]
    for name in _ALL_FIELDS:
        is_there = getattr(given, name, None) is not None
        if is_there and name not in needed:
            told = message("offer_has_no", kind=given.kind.value, name=name)
            yield FieldError(f"{pointer}/{name}", "not_of_this_kind", told)
        if name in needed and not is_there:
            told = message("offer_lacks", kind=given.kind.value, name=name)
            yield FieldError(f"{pointer}/{name}", "required", told)


def _find_faults_of_table(
    pointer: str, table: tuple[TierTerms, ...]
) -> Iterator[FieldError]:
    if not table:
        yield FieldError(pointer, "required", message("no_tiers"))
    whole = sum(tier.per_million for tier in table)
    if whole > WHOLE:
        told = message("odds_above_one", given=whole, most=WHOLE)
        yield FieldError(pointer, "out_of_range", told)
    seen: set[str] = set()
    for place, tier in enumerate(table):
        if tier.tier_id in seen:
            told = message("tier_twice", tier_id=tier.tier_id)
            yield FieldError(f"{pointer}/{place}/tier_id", "given_twice", told)
        seen.add(tier.tier_id)
        gives = f"{pointer}/{place}/gives"
        if tier.gives.kind is OfferKind.CHANCE:
            told = message("chance_within_chance", tier_id=tier.tier_id)
            yield FieldError(f"{gives}/kind", "not_of_this_kind", told)
        else:
            yield from find_faults_of_given(gives, tier.gives)


def find_unsupported(terms: Terms) -> Iterator[FieldError]:
    """Name what terms may say one day and nothing here can carry out yet."""
    if terms.applies_to is not AppliesTo.BOUND:
        yield _unsupported("/applies_to", terms.applies_to.value)
    if terms.when is not None:
        yield _unsupported("/when", "when")
    if terms.exclusive:
        yield _unsupported("/exclusive", "exclusive")
    for place, offer in enumerate(terms.offers):
        yield from _find_unsupported_of(place, offer)
    if terms.budget is not None and terms.budget.minor is not None:
        yield _unsupported("/budget/minor", "minor")
    for place, cap in enumerate(terms.caps):
        if cap.per is not CapPer.MEMBER_DAY:
            yield _unsupported(f"/caps/{place}/per", cap.per.value)
        if cap.of is Counted.MINOR:
            yield _unsupported(f"/caps/{place}/of", cap.of.value)


def _find_unsupported_of(place: int, offer: OfferTerms) -> Iterator[FieldError]:
    if offer.kind is not OfferKind.POINTS:
        yield _unsupported(f"/offers/{place}/kind", offer.kind.value)
    elif place > 0:
        yield _unsupported(f"/offers/{place}", f"offers/{place}")
    for name in ("stock", "daily_stock"):
        if getattr(offer, name) is not None:
            yield _unsupported(f"/offers/{place}/{name}", name)


def _unsupported(pointer: str, what: str) -> FieldError:
    return FieldError(pointer, "not_supported", message("not_supported", what=what))


def find_uncountable(terms: Terms, before: Terms) -> Iterable[FieldError]:
    """Say what a version after another would count wrongly.

    What was paid before nobody has counted who had no budget, and as points, not as
    claims, where there was a cap.
    """
    if Per.TOTAL in terms.limits and Per.TOTAL not in before.limits:
        yield FieldError("/budget", "not_countable", message("budget_comes_late"))
    counts = any(cap.of is Counted.CLAIMS for cap in (*terms.caps, *before.caps))
    if counts and terms.points != before.points:
        yield FieldError(
            "/offers/0/amount", "not_countable", message("claims_at_one_amount")
        )
