"""What a campaign promises, as its marketer writes it and as it is kept; pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from core.bounds import MAX_POINTS, MAX_TEXT
from core.errors import FieldError
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


class OfferTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a campaign; which fields it has depends on its kind."""

    offer_id: _Text
    kind: OfferKind
    stock: _Most | None = None
    daily_stock: _Most | None = None
    amount: _Amount | None = None
    pool_id: _Text | None = None
    draw_id: _Text | None = None
    set_id: _Text | None = None
    minor: _Amount | None = None
    name: _Text | None = None
    table: (
        Annotated[tuple[dict[str, Any], ...], msgspec.Meta(max_length=MAX_TIERS)] | None
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
        if offer.kind is OfferKind.POINTS:
            yield from _find_faults_of_points(place, offer)
    kinds = [(cap.per, cap.of) for cap in terms.caps]
    for place, kind in enumerate(kinds):
        if kind in kinds[:place]:
            yield FieldError(f"/caps/{place}", "given_twice", message("cap_twice"))


def _find_faults_of_points(place: int, offer: OfferTerms) -> Iterator[FieldError]:
    names = ("pool_id", "draw_id", "set_id", "minor", "name", "table")
    for name in names:
        if getattr(offer, name) is not None:
            told = message("offer_has_no", kind=offer.kind.value, name=name)
            yield FieldError(f"/offers/{place}/{name}", "not_of_this_kind", told)
    if offer.amount is None:
        told = message("offer_lacks", kind=offer.kind.value, name="amount")
        yield FieldError(f"/offers/{place}/amount", "required", told)


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
