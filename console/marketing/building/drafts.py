"""What stands in the form of a campaign while somebody builds it; pure.

Rows are added and taken away by buttons of the form, so that it works without scripts.
Each row knows from when it is added what it is about (the kind of an offer, the fact of
a condition), and so has the fields of that alone. `o2_t0_percent` is the name of a
field: of offer 2, its tier 0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from console.frame.conditions import (
    CONDITION_FIELDS,
    ConditionForm,
    Values,
    read_condition_form,
)
from rewards.domain.terms import MAX_CAPS, MAX_OFFERS, OfferKind

MAX_TIERS: Final = 20
# What gives something at once, and so may be what a tier of a chance gives.
GIVEN: Final = tuple(kind for kind in OfferKind if kind is not OfferKind.CHANCE)
SCALARS: Final = (
    *("campaign_id", "name_zh", "name_en", "starts_on", "starts_time", "ends_on"),
    *("ends_time", "applies_to", "order", "exclusive", "budget_points"),
    "budget_minor",
)
_STOCKS: Final = ("stock", "daily_stock")
# What each kind of offer asks for, as callers of the API name it.
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    OfferKind.POINTS: ("amount",),
    OfferKind.COUPON: ("pool_id",),
    OfferKind.TICKET: ("draw_id", "amount"),
    OfferKind.CARD: ("set_id",),
    OfferKind.RED_PACKET: ("minor",),
    OfferKind.GIFT: ("name",),
    OfferKind.CHANCE: (),
}
_OFFER: Final = (
    *("kind", "offer_id", "amount", "pool_id", "draw_id", "set_id", "minor", "name"),
    *_STOCKS,
)
_TIER: Final = (
    *("kind", "tier_id", "title", "percent", "amount", "pool_id", "draw_id", "set_id"),
    *("minor", "name", *_STOCKS),
)
_CAP: Final = ("per", "of", "most")
_STEP: Final = re.compile(
    r"(add|remove)_(offer|tier|cap)(?:_(\d{1,2}))?(?:_(\d{1,2}))?",
    re.ASCII,
)


@dataclass(slots=True)
class OfferRow:
    """An offer, by the names of its fields; a chance has tiers."""

    values: Values
    tiers: list[Values] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """All that stands in the form, as texts."""

    values: Values
    when: ConditionForm = field(default_factory=ConditionForm)
    offers: list[OfferRow] = field(default_factory=list)
    caps: list[Values] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Give what stands in a field that is in no row."""
        return self.values.get(name, "")


def _fields() -> Iterator[str]:
    yield from SCALARS
    yield from CONDITION_FIELDS
    yield from ("do", "add_offer_kind", "version")
    for o in range(MAX_OFFERS):
        yield f"o{o}_add_kind"
        yield from (f"o{o}_{n}" for n in _OFFER)
        yield from (f"o{o}_t{t}_{n}" for t in range(MAX_TIERS) for n in _TIER)
    yield from (f"c{c}_{n}" for c in range(MAX_CAPS) for n in _CAP)


FIELDS: Final = frozenset(_fields())


def read_draft(form: Mapping[str, str]) -> Draft:
    """Take apart what a form sent; a row is there if what it is about is."""

    def row(prefix: str, names: Iterable[str]) -> Values:
        found = {name: form.get(f"{prefix}_{name}", "").strip() for name in names}
        return {name: value for name, value in found.items() if value}

    draft = Draft({n: form[n].strip() for n in SCALARS if form.get(n, "").strip()})
    draft.when = read_condition_form(form)
    for o in range(MAX_OFFERS):
        values = row(f"o{o}", _OFFER)
        if "kind" in values:
            tiers = (row(f"o{o}_t{t}", _TIER) for t in range(MAX_TIERS))
            kept = [each for each in tiers if "kind" in each]
            draft.offers.append(OfferRow(values, kept))
    caps = (row(f"c{c}", _CAP) for c in range(MAX_CAPS))
    draft.caps = [each for each in caps if "per" in each]
    return draft


def change_draft(draft: Draft, step: str, form: Mapping[str, str]) -> str | None:
    """Add a row or take one away; gives the field to go on with, None for no step.

    What is not there any more, or would be one too many, changes nothing.
    """
    found = _STEP.fullmatch(step)
    if found is None:
        return draft.when.change(step, form)
    verb, what = found[1], found[2]
    outer, inner = (-1 if each is None else int(each) for each in found.groups()[2:])
    if verb == "add":
        return _add(draft, what, outer, form)
    _remove(draft, what, outer, inner)
    return "add_cap" if what == "cap" else "add_offer_kind"


def _add(draft: Draft, what: str, outer: int, form: Mapping[str, str]) -> str:
    match what:
        case "offer" if len(draft.offers) < MAX_OFFERS:
            kind = form.get("add_offer_kind", "")
            if kind in set(OfferKind):
                offer_id = _free(kind, [each.values for each in draft.offers])
                draft.offers.append(OfferRow({"kind": kind, "offer_id": offer_id}))
            return f"o{len(draft.offers) - 1}_offer_id"
        case "tier" if outer < len(draft.offers):
            tiers = draft.offers[outer].tiers
            kind = form.get(f"o{outer}_add_kind", "")
            if kind in set(GIVEN) and len(tiers) < MAX_TIERS:
                tiers.append({"kind": kind, "tier_id": str(len(tiers) + 1)})
            return f"o{outer}_t{len(tiers) - 1}_title"
        case "cap" if len(draft.caps) < MAX_CAPS:
            draft.caps.append({"per": "member_day", "of": "claims"})
            return f"c{len(draft.caps) - 1}_per"
    return "add_offer_kind"


def _free(kind: str, taken: list[Values]) -> str:
    """Find an id for an offer that no other has."""
    ids = {each.get("offer_id") for each in taken}
    names = (kind, *(f"{kind}-{n}" for n in range(2, MAX_OFFERS + 2)))
    return next(name for name in names if name not in ids)


def _remove(draft: Draft, what: str, outer: int, inner: int) -> None:
    if what == "tier":
        if 0 <= outer < len(draft.offers):
            del draft.offers[outer].tiers[inner : inner + 1]
    elif what == "cap":
        del draft.caps[outer : outer + 1]
    else:
        del draft.offers[outer : outer + 1]
