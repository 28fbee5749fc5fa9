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

from rewards.domain.terms import MAX_CAPS, MAX_OFFERS, OfferKind

Values = dict[str, str]

MAX_GROUPS: Final = 6
MAX_ROWS: Final = 10
MAX_TIERS: Final = 20
WORDS: Final = ("all", "any")
# What gives something at once, and so may be what a tier of a chance gives.
GIVEN: Final = tuple(kind for kind in OfferKind if kind is not OfferKind.CHANCE)
SCALARS: Final = (
    *("campaign_id", "name_zh", "name_en", "starts_on", "starts_time", "ends_on"),
    *("ends_time", "applies_to", "order", "exclusive", "budget_points"),
    *("budget_minor", "when_word", "when_kept"),
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
_ROW: Final = ("fact", "op", "value")
_STEP: Final = re.compile(
    r"(add|remove)_(offer|tier|cap|group|row|kept)(?:_(\d{1,2}))?(?:_(\d{1,2}))?",
    re.ASCII,
)


@dataclass(slots=True)
class OfferRow:
    """An offer, by the names of its fields; a chance has tiers."""

    values: Values
    tiers: list[Values] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """Conditions of which all have to hold, or any."""

    word: str
    rows: list[Values] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """All that stands in the form, as texts."""

    values: Values
    groups: list[Group] = field(default_factory=list)
    offers: list[OfferRow] = field(default_factory=list)
    caps: list[Values] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Give what stands in a field that is in no row."""
        return self.values.get(name, "")


def _fields() -> Iterator[str]:
    yield from SCALARS
    yield from ("do", "add_offer_kind", "version")
    for g in range(MAX_GROUPS):
        yield from (f"g{g}_word", f"g{g}_add_fact")
        yield from (f"g{g}_r{r}_{n}" for r in range(MAX_ROWS) for n in _ROW)
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
    for g in range(MAX_GROUPS):
        word = form.get(f"g{g}_word", "")
        if word in WORDS:
            rows = (row(f"g{g}_r{r}", _ROW) for r in range(MAX_ROWS))
            draft.groups.append(Group(word, [each for each in rows if "fact" in each]))
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
        return None
    verb, what = found[1], found[2]
    outer, inner = (-1 if each is None else int(each) for each in found.groups()[2:])
    if verb == "add":
        return _add(draft, what, outer, form)
    _remove(draft, what, outer, inner)
    return {"cap": "add_cap", "offer": "add_offer_kind"}.get(what, "when_word")


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
        case "group" if len(draft.groups) < MAX_GROUPS:
            draft.groups.append(Group("all"))
            return f"g{len(draft.groups) - 1}_add_fact"
        case "row" if outer < len(draft.groups):
            rows = draft.groups[outer].rows
            fact = form.get(f"g{outer}_add_fact", "")
            if fact and len(rows) < MAX_ROWS:
                rows.append({"fact": fact})
            return f"g{outer}_r{len(rows) - 1}_op"
    return "add_offer_kind"


def _free(kind: str, taken: list[Values]) -> str:
    """Find an id for an offer that no other has."""
    ids = {each.get("offer_id") for each in taken}
    names = (kind, *(f"{kind}-{n}" for n in range(2, MAX_OFFERS + 2)))
    return next(name for name in names if name not in ids)


def _remove(draft: Draft, what: str, outer: int, inner: int) -> None:
    lists: dict[str, list[list[Values]]] = {
        "tier": [each.tiers for each in draft.offers],
        "row": [each.rows for each in draft.groups],
    }
    if what == "kept":
        draft.values.pop("when_kept", None)
    elif what in lists:
        if 0 <= outer < len(lists[what]) and 0 <= inner < len(lists[what][outer]):
            del lists[what][outer][inner]
    else:
        rows: list[object] = getattr(draft, f"{what}s")
        if 0 <= outer < len(rows):
            del rows[outer]
