"""What a campaign promises, as its marketer writes it and as it is kept; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from core.bounds import MAX_POINTS, MAX_TEXT
from core.errors import FieldError
from rewards.domain.chances import WHOLE
from rewards.domain.limits import Counts, Per
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


class AccountTerms(NamedTuple):
    """An account that terms pay from: of an offer, or of a tier of a chance."""

    offer_id: str
    tier_id: str
    kind: str


class GivenTerms(NamedTuple):
    """Something that terms give: from which account, and where they say so."""

    account: AccountTerms
    given: Given
    pointer: str


class LimitTerms(NamedTuple):
    """A limit that terms have; of one offer where `offer_id` names it."""

    per: Per
    counts: Counts
    most: int
    offer_id: str = ""
    tier_id: str = ""


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
        """What a claim earns of all offers of points together."""
        kinds = (offer for offer in self.offers if offer.kind is OfferKind.POINTS)
        return sum(offer.amount or 0 for offer in kinds)

    @property
    def given(self) -> tuple[GivenTerms, ...]:
        """What may be given, and the account of each; of a chance each of its tiers."""
        found: list[GivenTerms] = []
        for place, offer in enumerate(self.offers):
            pointer = f"/offers/{place}"
            if offer.table is None or offer.kind is not OfferKind.CHANCE:
                account = AccountTerms(offer.offer_id, "", offer.kind.value)
                found.append(GivenTerms(account, offer, pointer))
                continue
            for below, tier in enumerate(offer.table):
                kind = tier.gives.kind.value
                account = AccountTerms(offer.offer_id, tier.tier_id, kind)
                pointer_below = f"{pointer}/table/{below}/gives"
                found.append(GivenTerms(account, tier.gives, pointer_below))
        return tuple(found)

    @property
    def accounts(self) -> tuple[AccountTerms, ...]:
        """The accounts that it pays from, in the order of its offers."""
        return tuple(each.account for each in self.given)

    @property
    def tier_names(self) -> tuple[tuple[str, str, str], ...]:
        """What the tiers of its chances are called, by their offers and their ids."""
        return tuple(
            (offer.offer_id, tier.tier_id, tier.name)
            for offer in self.offers
            for tier in offer.table or ()
        )

    @property
    def limits(self) -> tuple[LimitTerms, ...]:
        """The most that may be taken: of all offers, then of each that has a stock."""
        budget = self.budget or Budget()
        found = [
            LimitTerms(Per.TOTAL, counts, most)
            for counts, most in (
                (Counts.POINTS, budget.points),
                (Counts.MINOR, budget.minor),
            )
            if most is not None
        ]
        found += [
            LimitTerms(Per(cap.per.value), Counts(cap.of.value), cap.most)
            for cap in self.caps
        ]
        for offer in self.offers:
            found += _stocks(offer, offer.offer_id)
            for tier in offer.table or ():
                found += _stocks(tier, offer.offer_id, tier.tier_id)
        return tuple(found)


def _stocks(
    of: OfferTerms | TierTerms, offer_id: str, tier_id: str = ""
) -> Iterator[LimitTerms]:
    for per, stock in ((Per.TOTAL, of.stock), (Per.DAY, of.daily_stock)):
        if stock is not None:
            yield LimitTerms(per, Counts.AWARDS, stock, offer_id, tier_id)


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
    if offer.kind is OfferKind.CHANCE:
        for name in ("stock", "daily_stock"):
            if getattr(offer, name) is not None:
                told = message("offer_has_no", kind=offer.kind.value, name=name)
                yield FieldError(f"{pointer}/{name}", "not_of_this_kind", told)
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


def find_uncountable(terms: Terms, before: Sequence[Terms]) -> Iterable[FieldError]:
    """Say what a version after others, which paid, would count wrongly.

    What was paid before nobody has counted, where there was no limit for all time.
    """
    accounts = {(each.offer_id, each.tier_id): each for each in terms.accounts}
    for limit in terms.limits:
        if limit.per not in {Per.TOTAL, Per.MEMBER}:
            continue
        account = accounts.get((limit.offer_id, limit.tier_id))
        if any(
            _counted(limit) not in map(_counted, each.limits)
            for each in before
            if account is None or account in each.accounts
        ):
            yield FieldError(
                _pointer(limit, terms), "not_countable", message("limit_comes_late")
            )


def _counted(limit: LimitTerms) -> LimitTerms:
    return limit._replace(most=0)


def _pointer(limit: LimitTerms, terms: Terms) -> str:
    """Name the field that says a limit."""
    if limit.offer_id:
        ids = [offer.offer_id for offer in terms.offers]
        place = ids.index(limit.offer_id)
        if not limit.tier_id:
            return f"/offers/{place}/stock"
        tiers = [tier.tier_id for tier in terms.offers[place].table or ()]
        return f"/offers/{place}/table/{tiers.index(limit.tier_id)}/stock"
    if limit.per is Per.TOTAL:
        return "/budget"
    kinds = [(cap.per.value, cap.of.value) for cap in terms.caps]
    return f"/caps/{kinds.index((limit.per.value, limit.counts.value))}"
