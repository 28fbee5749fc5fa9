"""Read a rule set from JSON data, strictly: every mistake is named with its place."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from anti_fraud.domain.counters import USUAL_UP_TO, Counter
from anti_fraud.domain.entities import Distinct, Entity
from anti_fraud.domain.facts import KNOWN_KINDS
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_sets import HighPrize, Rule, RuleSet, Throttle
from anti_fraud.domain.verdict import CaseKind, Effect
from core.bounds import DAY_MAX, DAY_MIN, MAX_POINTS
from core.conditions import FactKind
from core.conditions.reading import (
    INVALID,
    Kinds,
    read_condition,
    read_object,
    read_text,
    read_whole_number,
    wrong,
)
from core.errors import FieldError, InvalidInput
from core.messages import Message

T = TypeVar("T")

MAX_SCORE: Final = 100
# The packed counters need ten sub-buckets of whole milliseconds; 90 days is how long
# anything about a scan's origin is kept.
MIN_WINDOW_S: Final = 10
MAX_WINDOW_S: Final = 90 * 86_400
_LANGUAGES: Final = frozenset({"en", "zh"})
# What every scan is counted and asked by is bounded, however long people write.
MAX_RULES: Final = 200
MAX_COUNTERS: Final = 40
# Each set has up to so many members, and each code neighbours up to so far away.
MAX_UP_TO: Final = 200
MAX_NEAR: Final = 10_000
MAX_NAME: Final = 64
_OF_SETS: Final = frozenset({"distinct", "up_to", "near"})
_OPTIONAL: Final = frozenset({"expires_on", "group", "effect", "kind"})
Choice = TypeVar("Choice", bound=StrEnum)


def parse_rule_set(
    data: Any, *, known_facts: Mapping[str, FactKind] = KNOWN_KINDS
) -> RuleSet:
    """Return the rule set that decoded JSON describes.

    Facts are those known plus the set's own counters. Raises InvalidInput whose
    `errors` hold one entry a mistake, each with a JSON pointer (RFC 6901).
    """
    fields = read_object(
        data,
        "",
        {"thresholds", "counters", "throttles", "rules"},
        # People's are numbered as they come.
        frozenset({"version"}),
    )
    problems: list[FieldError] = []
    refuse_at, hold_at, high_prize = _collect(
        problems, _thresholds, fields["thresholds"]
    ) or (1, 1, None)
    version = _collect(problems, _version, fields.get("version", 1)) or 1
    counters = _each(
        problems, fields["counters"], "/counters", _counter, most=MAX_COUNTERS
    )
    throttles = _each(
        problems, fields["throttles"], "/throttles", _throttle, most=MAX_COUNTERS
    )
    _unique(problems, "/counters", [counter.fact for counter in counters])
    kinds = {**known_facts, **{counter.fact: FactKind.NUMBER for counter in counters}}
    rules = _each(
        problems,
        fields["rules"],
        "/rules",
        lambda item, pointer: _rule(item, pointer, kinds),
        most=MAX_RULES,
    )
    _unique(problems, "/rules", [rule.rule_id for rule in rules])
    if problems:
        raise InvalidInput(_summary(problems), errors=tuple(problems))
    return RuleSet(
        *(version, refuse_at, hold_at, tuple(counters), tuple(throttles)),
        tuple(rules),
        high_prize=high_prize,
    )


def _summary(problems: list[FieldError]) -> Message:
    where, what = problems[0].pointer, problems[0].detail
    if len(problems) == 1:
        return message("rule_set_wrong", where=where, what=what)
    count = len(problems)
    return message("rule_set_wrong_often", count=count, where=where, what=what)


def _version(value: Any) -> int:
    return read_whole_number(value, "/version", 1, 2**31 - 1)


def _thresholds(value: Any) -> tuple[int, int, HighPrize | None]:
    fields = read_object(
        value, "/thresholds", {"refuse", "hold"}, frozenset({"high_prize"})
    )
    refuse_at = read_whole_number(fields["refuse"], "/thresholds/refuse", 1, 10_000)
    hold_at = read_whole_number(fields["hold"], "/thresholds/hold", 1, 10_000)
    if hold_at >= refuse_at:
        raise wrong(
            "/thresholds/hold",
            message("hold_not_below", hold=hold_at, refuse=refuse_at),
        )
    high_prize = None
    if "high_prize" in fields:
        high_prize = _high_prize(fields["high_prize"], hold_at)
    return refuse_at, hold_at, high_prize


def _high_prize(value: Any, below: int) -> HighPrize:
    pointer = "/thresholds/high_prize"
    fields = read_object(value, pointer, {"hold", "points", "minor"})
    hold_at, points, minor = (
        read_whole_number(fields[name], f"{pointer}/{name}", 1, most)
        for name, most in (("hold", 10_000), ("points", MAX_POINTS), ("minor", 10**9))
    )
    if hold_at >= below:
        told = message("high_prize_not_below", hold=hold_at, below=below)
        raise wrong(f"{pointer}/hold", told)
    return HighPrize(hold_at, points, minor)


def _counter(value: Any, pointer: str) -> Counter:
    fields = read_object(value, pointer, {"fact", "entity", "window_s"}, _OF_SETS)
    fact = _name(fields["fact"], f"{pointer}/fact")
    entity = _entity(fields["entity"], f"{pointer}/entity")
    window_s = read_whole_number(
        fields["window_s"], f"{pointer}/window_s", MIN_WINDOW_S, MAX_WINDOW_S
    )
    distinct = _choice(fields, pointer, "distinct", Distinct)
    if distinct is None:
        for name in ("up_to", "near"):
            if name in fields:
                detail = message("needs_distinct", field=name)
                raise wrong(f"{pointer}/{name}", detail)
        return Counter(fact, entity, window_s)
    if distinct.value == entity.value:
        detail = message("distinct_is_entity", entity=entity)
        raise wrong(f"{pointer}/distinct", detail)
    if "near" in fields and distinct is not Distinct.CODE:
        raise wrong(f"{pointer}/near", message("near_needs_codes"))
    up_to = fields.get("up_to", USUAL_UP_TO)
    return Counter(
        *(fact, entity, window_s, distinct),
        read_whole_number(up_to, f"{pointer}/up_to", 2, MAX_UP_TO),
        read_whole_number(fields["near"], f"{pointer}/near", 2, MAX_NEAR)
        if "near" in fields
        else 0,
    )


def _throttle(value: Any, pointer: str) -> Throttle:
    fields = read_object(value, pointer, {"entity", "window_s", "limit", "block_s"})
    return Throttle(
        _entity(fields["entity"], f"{pointer}/entity"),
        read_whole_number(
            fields["window_s"], f"{pointer}/window_s", MIN_WINDOW_S, MAX_WINDOW_S
        ),
        # A sub-bucket of a counter holds sixteen bits.
        read_whole_number(fields["limit"], f"{pointer}/limit", 1, 65_535),
        read_whole_number(fields["block_s"], f"{pointer}/block_s", 1, MAX_WINDOW_S),
    )


def _rule(value: Any, pointer: str, kinds: Kinds) -> Rule:
    fields = read_object(value, pointer, {"id", "score", "sentence", "when"}, _OPTIONAL)
    effect = _choice(fields, pointer, "effect", Effect) or Effect.SCORE
    sentence = read_object(fields["sentence"], f"{pointer}/sentence", _LANGUAGES)
    for language, text in sentence.items():
        read_text(text, f"{pointer}/sentence/{language}")
    # What acts by itself need not weigh anything.
    least = 1 if effect is Effect.SCORE else 0
    return Rule(
        _name(fields["id"], f"{pointer}/id"),
        read_whole_number(fields["score"], f"{pointer}/score", least, MAX_SCORE),
        sentence,
        read_condition(fields["when"], f"{pointer}/when", kinds),
        _day(fields.get("expires_on"), f"{pointer}/expires_on"),
        _name(fields["group"], f"{pointer}/group") if "group" in fields else None,
        effect,
        _choice(fields, pointer, "kind", CaseKind),
    )


def _name(value: Any, pointer: str) -> str:
    text = read_text(value, pointer)
    if len(text) > MAX_NAME:
        raise wrong(pointer, message("name_too_long", most=MAX_NAME))
    return text


def _day(value: Any, pointer: str) -> date | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(read_text(value, pointer))
    except ValueError:
        raise wrong(pointer, message("day_needed")) from None
    if not DAY_MIN <= day <= DAY_MAX:
        raise wrong(pointer, message("day_needed"))
    return day


def _choice(
    fields: Mapping[str, Any], pointer: str, name: str, kind: type[Choice]
) -> Choice | None:
    if name not in fields:
        return None
    text = read_text(fields[name], f"{pointer}/{name}")
    if text not in set(kind):
        known = ", ".join(kind)
        raise wrong(
            f"{pointer}/{name}", message("no_choice", given=text[:40], known=known)
        )
    return kind(text)


def _entity(value: Any, pointer: str) -> Entity:
    text = read_text(value, pointer)
    if text not in set(Entity):
        raise wrong(pointer, message("no_entity", given=text, known=", ".join(Entity)))
    return Entity(text)


def _each(
    problems: list[FieldError],
    value: Any,
    pointer: str,
    parse: Callable[[Any, str], T],
    *,
    most: int,
) -> list[T]:
    """Parse the items of a list; one that is wrong is noted and left out."""
    if not isinstance(value, list):
        problems.append(FieldError(pointer, INVALID, message("list_needed")))
        return []
    if len(value) > most:
        detail = message("list_too_long", most=most, count=len(value))
        problems.append(FieldError(pointer, INVALID, detail))
        return []
    parsed = []
    for index, item in enumerate(value):
        try:
            parsed.append(parse(item, f"{pointer}/{index}"))
        except InvalidInput as error:
            problems.extend(error.errors)
    return parsed


def _collect(
    problems: list[FieldError], parse: Callable[[Any], T], value: Any
) -> T | None:
    try:
        return parse(value)
    except InvalidInput as error:
        problems.extend(error.errors)
        return None


def _unique(problems: list[FieldError], pointer: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    problems.extend(
        FieldError(pointer, INVALID, message("named_twice", name=name))
        for name in twice
    )
