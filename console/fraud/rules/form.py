"""A rule set as the fields of a form: one rule at a time is open; pure.

The document travels with the form, so that nothing is kept of what is being written,
and it works without scripts. What is wrong is told by field, or by rule.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import msgspec

from anti_fraud.domain.entities import Distinct, Entity
from anti_fraud.domain.rule_set_json import MAX_SCORE, parse_rule_set
from anti_fraud.domain.rule_set_warnings import find_warnings
from anti_fraud.domain.verdict import CaseKind, Effect
from console.frame.conditions import (
    CONDITION_FIELDS,
    ConditionForm,
    Kinds,
    WrittenCondition,
    is_condition,
    lay_condition_out,
    read_condition_form,
)
from console.frame.fields import Faults, Reader
from console.frame.messages import message
from core.bounds import MAX_POINTS
from core.errors import FieldError, InvalidInput
from core.names import tidy

Values = dict[str, str]

MOST_AT: Final = 10_000
# Whose scans a counter may count, and in which units its window is told.
COUNTED: Final = (
    *(Entity.MEMBER, Entity.DEVICE, Entity.NETWORK),
    *(Entity.CODE, Entity.CELL),
)
# What of these scans: how many they are, or how many different ones of something.
SCANS: Final = "scans"
WHATS: Final = (SCANS, *(each.value for each in Distinct))
UNITS: Final[Mapping[str, int]] = {"min": 60, "h": 3_600, "d": 86_400}
_OF_RULE: Final = ("id", "zh", "en", "score", "group", "effect", "kind", "expires_on")
# A high prize is held from a lower score: from which, and what is high.
_HIGH: Final = ("high_hold", "high_points", "high_minor")
_OF_ALL: Final = ("hold", "refuse", "note", *_HIGH)
_OF_COUNTER: Final = ("entity", "what", "number", "unit")
FIELDS: Final = frozenset(
    {
        *("document", "open", "do", "expected_active"),
        *_OF_ALL,
        *(f"rule_{name}" for name in _OF_RULE),
        *(f"counter_{name}" for name in _OF_COUNTER),
    }
    | CONDITION_FIELDS
)
_PLACE: Final = re.compile(r"/rules/(\d+)(/.*)?", re.ASCII)
_PARTS: Final[Mapping[str, str]] = {
    "/sentence/zh": "rule_zh",
    "/sentence/en": "rule_en",
    "/sentence": "rule_zh",
}
_STEP: Final = re.compile(r"(open|drop|uncount)_(\d{1,3})", re.ASCII)
_LONGEST: Final = 90 * 86_400


@dataclass(slots=True)
class RuleSetForm:
    """All that stands in the form; `open` is the place of the rule being written."""

    document: dict[str, Any]
    values: Values
    open: int | None = None
    rule: Values = field(default_factory=dict)
    when: ConditionForm = field(default_factory=ConditionForm)
    faults: Faults = field(default_factory=dict)
    _written: WrittenCondition | None = None

    @property
    def rules(self) -> list[dict[str, Any]]:
        """List the document's rules."""
        rules: list[dict[str, Any]] = self.document["rules"]
        return rules

    def encode(self) -> str:
        """Give the document as it travels with the form."""
        return msgspec.json.encode(self.document).decode()

    # Steps ----------------------------------------------------------------------------

    def take_in(self, kinds: Kinds) -> None:
        """Put what stands in the fields into the document, and note what can't be."""
        reader = Reader()
        for name in ("hold", "refuse"):
            at = reader.needed(name, self.values.get(name, ""), 1, MOST_AT)
            self.document["thresholds"][name] = at
        self.document["thresholds"].pop("high_prize", None)
        if any(self.values.get(name) for name in _HIGH):
            self.document["thresholds"]["high_prize"] = self._write_high(reader)
        if self.open is not None:
            self.rules[self.open] = self._write_rule(reader, kinds)
        self.faults |= reader.faults

    def _write_high(self, reader: Reader) -> dict[str, int]:
        given = self.values.get
        minor = reader.money("high_minor", given("high_minor", ""))
        if not given("high_minor"):
            reader.need("high_minor")
        return {
            "hold": reader.needed("high_hold", given("high_hold", ""), 1, MOST_AT),
            "points": reader.needed(
                "high_points", given("high_points", ""), 1, MAX_POINTS
            ),
            "minor": minor or 0,
        }

    def _write_rule(self, reader: Reader, kinds: Kinds) -> dict[str, Any]:
        given = self.rule.get
        self._written = self.when.write(kinds)
        for name, error in self._written.faults:
            reader.note(name, error)
        if self._written.tree is None and not self._written.faults:
            told = message("rule_needs_condition")
            reader.note("when_word", FieldError("when_word", "required", told))
        effect = given("effect") or Effect.SCORE.value
        least = 1 if effect == Effect.SCORE else 0
        written = {
            "id": reader.text("rule_id", given("id", "")),
            "score": reader.needed("rule_score", given("score", ""), least, MAX_SCORE),
            "sentence": {
                "zh": reader.text("rule_zh", given("zh", "")),
                "en": reader.text("rule_en", given("en", "")),
            },
            "when": self._written.tree,
        }
        more = {
            "group": given("group"),
            "kind": given("kind"),
            "effect": None if effect == Effect.SCORE else effect,
            "expires_on": given("expires_on"),
        }
        return written | {name: value for name, value in more.items() if value}

    def change(self, step: str, form: Mapping[str, str]) -> str | None:
        """Take a step that a button asks for; gives the field to go on with.

        None for what is no step of the form itself. A rule with something wrong in it
        stays open.
        """
        within = None if self.open is None else self.when.change(step, form)
        if within is not None:
            # What is not filled in yet is no fault before somebody is done.
            self.faults = {}
            return within
        found = _STEP.fullmatch(step)
        verb, at = (step, -1) if found is None else (found[1], int(found[2]))
        match verb:
            case "count":
                return self._count(form)
            case "uncount":
                del self.document["counters"][at : at + 1]
                return "counter_number"
            case "drop":
                return self._drop(at)
            case "open" | "close" | "new":
                return self._move_on(verb, at)
        return None

    def _move_on(self, verb: str, at: int) -> str:
        """Close the open rule unless something is wrong with it; open another."""
        if self.faults:
            return ""
        closed, self.open = self.open, None
        if verb == "new":
            self.rules.append({"id": "", "score": 20, "sentence": {}, "when": None})
            at = len(self.rules) - 1
        if 0 <= at < len(self.rules):
            self._open(at)
            return "rule_zh"
        return "" if closed is None else f"rule{closed}"

    def _drop(self, at: int) -> str:
        if at == self.open:
            self.open, self.faults = None, {}
        elif self.open is not None and at < self.open:
            self.open -= 1
        del self.rules[at : at + 1]
        return "add_rule"

    def _count(self, form: Mapping[str, str]) -> str:
        """Count something more, under a name that tells what."""
        reader, unit = Reader(), form.get("counter_unit", "")
        entity = reader.choice("counter_entity", form.get("counter_entity", ""), Entity)
        length = UNITS.get(unit, 60)
        given = form.get("counter_number", "")
        number = reader.needed("counter_number", given, 1, _LONGEST // length)
        self.faults |= reader.faults
        if not reader.faults and entity is not None:
            window = f"{number}{ {'min': 'm'}.get(unit, unit) }"
            what = form.get("counter_what", "")
            is_distinct = what in set(Distinct)
            counted = f"{what}s" if is_distinct else SCANS
            counter: dict[str, Any] = {
                "fact": f"{entity.value}_{counted}_{window}",
                "entity": entity.value,
                "window_s": number * length,
            }
            if is_distinct:
                counter["distinct"] = what
            if counter not in self.document["counters"]:
                self.document["counters"].append(counter)
        return "counter_number"

    def _open(self, at: int) -> None:
        """Lay a rule out in the fields."""
        rule, self.open = self.rules[at], at
        sentence = rule["sentence"]
        told = {
            "id": rule.get("id"),
            "zh": sentence.get("zh"),
            "en": sentence.get("en"),
            "score": rule.get("score"),
            "group": rule.get("group"),
            "effect": rule.get("effect", Effect.SCORE.value),
            "kind": rule.get("kind"),
            "expires_on": rule.get("expires_on"),
        }
        self.rule = {name: str(value) for name, value in told.items() if value}
        self.when = lay_condition_out(rule.get("when"))

    # Checks ---------------------------------------------------------------------------

    def check(self, today: date) -> list[FieldError]:
        """Note what is wrong with the document, by field; gives what is odd about it.

        What is wrong with a rule that is not open is told at its row.
        """
        if self.faults:
            return []
        try:
            rule_set = parse_rule_set(self.document)
        except InvalidInput as fault:
            for error in fault.errors:
                self.faults.setdefault(self.field_of(error.pointer), []).append(error)
            return []
        return list(find_warnings(rule_set, today))

    def field_of(self, pointer: str) -> str:
        """Find where on the page a place of the document stands."""
        if pointer.startswith("/thresholds/"):
            within = "high_" if "/high_prize" in pointer else ""
            return within + pointer.rpartition("/")[2]
        found = _PLACE.fullmatch(pointer)
        if found is None:
            return "counters" if pointer.startswith("/counters") else "rules"
        at, within = int(found[1]), found[2] or ""
        if at != self.open:
            return f"rule{at}"
        if within.startswith("/when"):
            place = None if self._written is None else self._written.field_of(within)
            return place or "when_word"
        return _PARTS.get(within) or f"rule_{within.strip('/') or 'id'}"


def form_of(document: Mapping[str, Any]) -> RuleSetForm:
    """Lay a document out as the form, with no rule open."""
    kept = msgspec.json.decode(msgspec.json.encode(document), type=dict[str, Any])
    kept.pop("version", None)
    at = kept["thresholds"]
    values = {"hold": str(at["hold"]), "refuse": str(at["refuse"])}
    if high := at.get("high_prize"):
        values |= {"high_hold": str(high["hold"]), "high_points": str(high["points"])}
        values["high_minor"] = f"{high['minor'] // 100}.{high['minor'] % 100:02}"
    return RuleSetForm(kept, values)


def read_rule_set_form(form: Mapping[str, str]) -> RuleSetForm:
    """Take apart what a form sent; raises InvalidInput if its document is not whole."""
    try:
        document = msgspec.json.decode(form.get("document", ""), type=dict[str, Any])
        msgspec.convert(document, _Document)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidInput(message("document_lost")) from None
    read = RuleSetForm(document, {n: tidy(form.get(n, "")) for n in _OF_ALL})
    at = form.get("open", "")
    if at.isascii() and at.isdigit() and int(at) < len(read.rules):
        read.open = int(at)
        given = {name: tidy(form.get(f"rule_{name}", "")) for name in _OF_RULE}
        read.rule = {name: value for name, value in given.items() if value}
        read.when = read_condition_form(form)
    return read


class _Thresholds(msgspec.Struct):
    hold: int
    refuse: int
    high_prize: dict[str, int] | None = None


class _Rule(msgspec.Struct):
    id: str
    score: int
    sentence: dict[str, str]
    when: Any
    group: str | None = None
    effect: Effect | None = None
    kind: CaseKind | None = None
    expires_on: str | None = None

    def __post_init__(self) -> None:
        """Take a condition only, or none yet; raises ValueError."""
        if self.when is not None and not is_condition(self.when):
            raise ValueError


class _Counter(msgspec.Struct):
    fact: str


class _Throttle(msgspec.Struct):
    entity: Entity
    window_s: int
    limit: int
    block_s: int


class _Document(msgspec.Struct):
    """What a page can show; what else is wrong with a document is told by its place."""

    thresholds: _Thresholds
    counters: list[_Counter]
    throttles: list[_Throttle]
    rules: list[_Rule]


KINDS: Final = tuple(kind.value for kind in CaseKind)
EFFECTS: Final = tuple(effect.value for effect in Effect)
