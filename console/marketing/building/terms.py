"""A campaign's terms as the fields of a form, and back; pure.

What is wrong is told by field: whoever checks terms names places as JSON pointers.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from console.frame.conditions import Values, WrittenCondition, lay_condition_out
from console.frame.fields import Faults, Reader
from console.frame.messages import message
from console.marketing.building.drafts import ASKED, Draft, OfferRow
from core.bodies import take_fields
from core.bounds import MAX_POINTS
from core.errors import FieldError, InvalidInput
from core.moments import read_end, read_start
from rewards.domain.claim_facts import CLAIM_FACT_KINDS
from rewards.domain.terms import MAX_AMOUNT, OfferKind, Terms

MAX_ORDER: Final = 1_000_000
# What campaigns may ask of a claim, as whoever decides knows it.
FACTS: Final = CLAIM_FACT_KINDS
_PLACE: Final = re.compile(
    r"/(offers|caps)/(\d+)(?:/table/(\d+)(?:/gives)?)?(?:/(\w+))?", re.ASCII
)
_FIELDS: Final[Mapping[str, str]] = {
    "/name/zh": "name_zh",
    "/name/en": "name_en",
    "/starts_at": "starts_on",
    "/ends_at": "ends_on",
    "/offers": "add_offer_kind",
    "/budget": "budget_points",
    "/budget/points": "budget_points",
    "/budget/minor": "budget_minor",
}
# How tiers name what the form calls otherwise.
_OF_TIERS: Final = {"name": "title", "per_million": "percent", "table": "percent"}


def field_of(pointer: str, when: WrittenCondition) -> str:
    """Find the field in which a fault is, by its place in the terms."""
    if pointer.startswith("/when"):
        return when.field_of(pointer) or "when_word"
    if pointer in _FIELDS:
        return _FIELDS[pointer]
    found = _PLACE.fullmatch(pointer)
    if found is None:
        return pointer.rpartition("/")[2]
    what, row, tier, name = found.groups()
    if what == "caps":
        return f"c{row}_{name or 'per'}"
    if tier is None:
        return f"o{row}_{ {'table': 'add_kind', None: 'kind'}.get(name, name) }"
    if "/gives" not in pointer:
        name = _OF_TIERS.get(name, name)
    return f"o{row}_t{tier}_{name or 'kind'}"


# From terms to fields -----------------------------------------------------------------


def draft_of(terms: Terms, timezone: ZoneInfo) -> Draft:
    """Lay terms out as the fields of the form."""
    said: dict[str, Any] = msgspec.to_builtins(terms)
    budget = said.get("budget") or {}
    values = {
        "name_zh": terms.name.zh,
        "name_en": terms.name.en,
        "applies_to": terms.applies_to.value,
        "order": str(terms.order),
        "exclusive": "on" if terms.exclusive else "",
        "budget_points": _text(budget.get("points")),
        "budget_minor": _yuan(budget.get("minor")),
        **_say_start(terms.starts_at, timezone),
        **_say_end(terms.ends_at, timezone),
    }
    draft = Draft({name: value for name, value in values.items() if value})
    draft.when = lay_condition_out(said.get("when"))
    draft.offers = [_offer_row(each) for each in said["offers"]]
    draft.caps = [
        each | {"most": _amount_of_cap(each)} for each in said.get("caps", ())
    ]
    return draft


def _amount_of_cap(cap: Mapping[str, Any]) -> str:
    return _yuan(cap["most"]) if cap["of"] == "minor" else _text(cap["most"])


def _say_start(at: datetime, timezone: ZoneInfo) -> Values:
    there = at.astimezone(timezone)
    said = {"starts_on": there.date().isoformat()}
    if there.time().isoformat() != "00:00:00":
        said["starts_time"] = there.strftime("%H:%M:%S").removesuffix(":00")
    return said


def _say_end(at: datetime | None, timezone: ZoneInfo) -> Values:
    """Say an end; midnight is the end of the day before."""
    if at is None:
        return {}
    there = at.astimezone(timezone)
    if there.time().isoformat() == "00:00:00":
        return {"ends_on": (there.date() - timedelta(days=1)).isoformat()}
    time = there.strftime("%H:%M:%S").removesuffix(":00")
    return {"ends_on": there.date().isoformat(), "ends_time": time}


def _offer_row(offer: Mapping[str, Any]) -> OfferRow:
    tiers = []
    for tier in offer.get("table") or ():
        given = {"kind": ""} | dict(tier.get("gives") or {})
        named = {
            "tier_id": tier.get("tier_id", ""),
            "title": tier.get("name", ""),
            "percent": f"{tier.get('per_million', 0) / 10_000:g}",
        }
        own = {name: tier.get(name) for name in ("stock", "daily_stock")}
        tiers.append(_texts(given | own) | named)
    return OfferRow(_texts(offer), tiers)


def _texts(said: Mapping[str, Any]) -> Values:
    texts = {
        name: _yuan(value) if name == "minor" else _text(value)
        for name, value in said.items()
        if name not in {"table", "gives"}
    }
    return {name: value for name, value in texts.items() if value}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _yuan(minor: int | None) -> str:
    return "" if minor is None else f"{minor // 100}.{minor % 100:02}"


# From fields to terms -----------------------------------------------------------------


def write_terms(draft: Draft, timezone: ZoneInfo) -> tuple[Terms | None, Faults]:
    """Make the terms that a draft says; None, and what is wrong by field, if it can't.

    What terms mean together is for whoever keeps them to check.
    """
    reader = Reader()
    when = draft.when.write(FACTS)
    for name, error in when.faults:
        reader.note(name, error)
    body = _write_frame(draft, reader, timezone) | {
        "when": when.tree,
        "offers": [_write_offer(n, o, reader) for n, o in enumerate(draft.offers)],
        "budget": _write_budget(draft, reader),
        "caps": [_write_cap(n, each, reader) for n, each in enumerate(draft.caps)],
    }
    if reader.faults:
        return None, reader.faults
    try:
        return take_fields(body, Terms), {}
    except InvalidInput as fault:
        return None, faults_of(fault, when)


def check_id(draft: Draft) -> Faults:
    """Tell what is wrong with the id of a new campaign."""
    reader = Reader()
    draft.values["campaign_id"] = reader.text("campaign_id", draft.get("campaign_id"))
    return reader.faults


def faults_of(fault: InvalidInput, when: WrittenCondition) -> Faults:
    """Tell what is wrong by field."""
    faults: Faults = {}
    for error in fault.errors:
        faults.setdefault(field_of(error.pointer, when), []).append(error)
    return faults


def place_faults(fault: InvalidInput, draft: Draft) -> Faults:
    """Tell by field what whoever keeps terms finds wrong with those of a draft."""
    return faults_of(fault, draft.when.write(FACTS))


def _write_frame(draft: Draft, reader: Reader, timezone: ZoneInfo) -> dict[str, Any]:
    starts = draft.get("starts_on"), draft.get("starts_time")
    starts_at = reader.moment("starts_on", *starts, read_start, timezone)
    ends_at = None
    if draft.get("ends_on"):
        ends = draft.get("ends_on"), draft.get("ends_time")
        ends_at = reader.moment("ends_on", *ends, read_end, timezone)
    order = reader.number("order", draft.get("order"), 0, MAX_ORDER)
    return {
        "name": {
            "zh": reader.text("name_zh", draft.get("name_zh")),
            "en": reader.text("name_en", draft.get("name_en")),
        },
        "starts_at": starts_at,
        "ends_at": ends_at,
        "applies_to": draft.get("applies_to") or "bound",
        "order": 100 if order is None else order,
        "exclusive": draft.get("exclusive") == "on",
    }


def _write_budget(draft: Draft, reader: Reader) -> dict[str, int] | None:
    points = reader.number("budget_points", draft.get("budget_points"), 0, MAX_POINTS)
    minor = reader.money("budget_minor", draft.get("budget_minor"))
    said = {"points": points, "minor": minor}
    return {name: each for name, each in said.items() if each is not None} or None


def _write_cap(n: int, cap: Values, reader: Reader) -> dict[str, Any]:
    name = f"c{n}_most"
    given = reader.text(name, cap.get("most", ""))
    if cap.get("of") == "minor":
        most = reader.money(name, given)
    else:
        most = reader.number(name, given, 0, MAX_POINTS)
    return {"per": cap["per"], "of": cap.get("of", "claims"), "most": most}


def _write_offer(n: int, offer: OfferRow, reader: Reader) -> dict[str, Any]:
    prefix, values = f"o{n}", offer.values
    said = {
        "offer_id": reader.text(f"{prefix}_offer_id", values.get("offer_id", "")),
        **_write_gift(prefix, values, reader),
        **_write_stocks(prefix, values, reader),
    }
    if values["kind"] == OfferKind.CHANCE:
        tiers = enumerate(offer.tiers)
        said["table"] = [_write_tier(f"{prefix}_t{t}", v, reader) for t, v in tiers]
        if not offer.tiers:
            told = FieldError(f"{prefix}_add_kind", "required", message("no_tiers"))
            reader.note(f"{prefix}_add_kind", told)
    return said


def _write_tier(prefix: str, values: Values, reader: Reader) -> dict[str, Any]:
    return {
        "tier_id": reader.text(f"{prefix}_tier_id", values.get("tier_id", "")),
        "name": reader.text(f"{prefix}_title", values.get("title", "")),
        "per_million": reader.share(f"{prefix}_percent", values.get("percent", "")),
        **_write_stocks(prefix, values, reader),
        "gives": _write_gift(prefix, values, reader),
    }


def _write_gift(prefix: str, values: Values, reader: Reader) -> dict[str, Any]:
    """Write what an offer or a tier gives, by its kind."""
    said: dict[str, Any] = {"kind": values["kind"]}
    for name in ASKED.get(values["kind"], ()):
        at = f"{prefix}_{name}"
        given = reader.text(at, values.get(name, ""))
        if not given:
            continue
        if name == "amount":
            said[name] = reader.number(at, given, 1, MAX_AMOUNT)
        elif name == "minor":
            said[name] = reader.money(at, given)
        else:
            said[name] = given
    return said


def _write_stocks(prefix: str, values: Values, reader: Reader) -> dict[str, int]:
    read = {
        name: reader.number(f"{prefix}_{name}", values.get(name, ""), 0, MAX_POINTS)
        for name in ("stock", "daily_stock")
    }
    return {name: value for name, value in read.items() if value is not None}
