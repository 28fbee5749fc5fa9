"""Read a rule set from JSON data, strictly: every mistake is named with its place."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from anti_fraud.domain.entities import Entity
from anti_fraud.domain.facts import KNOWN_KINDS, FactKind
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_sets import Counter, Rule, RuleSet, Throttle
from anti_fraud.domain.rules import (
    OPS,
    ORDERED_OPS,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Negation,
)
from core.errors import FieldError, InvalidInput
from core.messages import Message

T = TypeVar("T")
_Kinds = Mapping[str, FactKind]

MAX_SCORE: Final = 100
MAX_DEPTH: Final = 8
# The packed counters need ten sub-buckets of whole milliseconds; 90 days is how long
# anything about a scan's origin is kept.
MIN_WINDOW_S: Final = 10
MAX_WINDOW_S: Final = 90 * 86_400
_LANGUAGES: Final = frozenset({"en", "zh"})
_SHOWN: Final = 40
_TOLD_KINDS: Final = {
    FactKind.NUMBER: message("a_number"),
    FactKind.FLAG: message("a_flag"),
    FactKind.TEXT: message("a_text"),
}


def parse_rule_set(
    data: Any, *, known_facts: Mapping[str, FactKind] = KNOWN_KINDS
) -> RuleSet:
    """Return the rule set that decoded JSON describes.

    Facts are those known plus the set's own counters. Raises InvalidInput whose
    `errors` hold one entry a mistake, each with a JSON pointer (RFC 6901).
    """
    fields = _object(
        data, "", {"version", "thresholds", "counters", "throttles", "rules"}
    )
    problems: list[FieldError] = []
    refuse_at, hold_at = _collect(problems, _thresholds, fields["thresholds"]) or (1, 1)
    version = _collect(problems, _version, fields["version"]) or 1
    counters = _each(problems, fields["counters"], "/counters", _counter)
    throttles = _each(problems, fields["throttles"], "/throttles", _throttle)
    _unique(problems, "/counters", [counter.fact for counter in counters])
    kinds = {**known_facts, **{counter.fact: FactKind.NUMBER for counter in counters}}
    rules = _each(
        problems,
        fields["rules"],
        "/rules",
        lambda item, pointer: _rule(item, pointer, kinds),
    )
    _unique(problems, "/rules", [rule.rule_id for rule in rules])
    if problems:
        raise InvalidInput(_summary(problems), errors=tuple(problems))
    return RuleSet(
        version, refuse_at, hold_at, tuple(counters), tuple(throttles), tuple(rules)
    )


def _summary(problems: list[FieldError]) -> Message:
    where, what = problems[0].pointer, problems[0].detail
    if len(problems) == 1:
        return message("rule_set_wrong", where=where, what=what)
    count = len(problems)
    return message("rule_set_wrong_often", count=count, where=where, what=what)


def _version(value: Any) -> int:
    return _integer(value, "/version", 1, 2**31 - 1)


def _thresholds(value: Any) -> tuple[int, int]:
    fields = _object(value, "/thresholds", {"refuse", "hold"})
    refuse_at = _integer(fields["refuse"], "/thresholds/refuse", 1, 10_000)
    hold_at = _integer(fields["hold"], "/thresholds/hold", 1, 10_000)
    if hold_at >= refuse_at:
        raise _wrong(
            "/thresholds/hold",
            message("hold_not_below", hold=hold_at, refuse=refuse_at),
        )
    return refuse_at, hold_at


def _counter(value: Any, pointer: str) -> Counter:
    fields = _object(value, pointer, {"fact", "entity", "window_s"})
    return Counter(
        _text(fields["fact"], f"{pointer}/fact"),
        _entity(fields["entity"], f"{pointer}/entity"),
        _integer(fields["window_s"], f"{pointer}/window_s", MIN_WINDOW_S, MAX_WINDOW_S),
    )


def _throttle(value: Any, pointer: str) -> Throttle:
    fields = _object(value, pointer, {"entity", "window_s", "limit", "block_s"})
    return Throttle(
        _entity(fields["entity"], f"{pointer}/entity"),
        _integer(fields["window_s"], f"{pointer}/window_s", MIN_WINDOW_S, MAX_WINDOW_S),
        # A sub-bucket of a counter holds sixteen bits.
        _integer(fields["limit"], f"{pointer}/limit", 1, 65_535),
        _integer(fields["block_s"], f"{pointer}/block_s", 1, MAX_WINDOW_S),
    )


def _rule(value: Any, pointer: str, kinds: _Kinds) -> Rule:
    fields = _object(value, pointer, {"id", "score", "sentence", "when"})
    sentence = _object(fields["sentence"], f"{pointer}/sentence", _LANGUAGES)
    for language, text in sentence.items():
        _text(text, f"{pointer}/sentence/{language}")
    return Rule(
        _text(fields["id"], f"{pointer}/id"),
        _integer(fields["score"], f"{pointer}/score", 1, MAX_SCORE),
        sentence,
        _condition(fields["when"], f"{pointer}/when", kinds, depth=1),
    )


def _condition(value: Any, pointer: str, kinds: _Kinds, *, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise _wrong(pointer, message("too_deep", most=MAX_DEPTH))
    if isinstance(value, dict) and len(value) == 1:
        ((word, part),) = value.items()
        if word == "not":
            return Negation(_condition(part, f"{pointer}/not", kinds, depth=depth + 1))
        if word in {"all", "any"}:
            if not isinstance(part, list) or not part:
                raise _wrong(
                    f"{pointer}/{word}", message("conditions_needed", word=word)
                )
            parts = tuple(
                _condition(item, f"{pointer}/{word}/{index}", kinds, depth=depth + 1)
                for index, item in enumerate(part)
            )
            return AllOf(parts) if word == "all" else AnyOf(parts)
    return _comparison(_object(value, pointer, {"fact", "op", "value"}), pointer, kinds)


def _comparison(fields: Mapping[str, Any], pointer: str, kinds: _Kinds) -> Comparison:
    fact = _text(fields["fact"], f"{pointer}/fact")
    kind = kinds.get(fact)
    if kind is None:
        raise _wrong(
            f"{pointer}/fact",
            message("no_fact", given=fact, known=", ".join(sorted(kinds))),
        )
    op = _text(fields["op"], f"{pointer}/op")
    if op not in OPS:
        raise _wrong(
            f"{pointer}/op",
            message("no_comparison", given=op, known=", ".join(sorted(OPS))),
        )
    if op in ORDERED_OPS and kind is not FactKind.NUMBER:
        raise _wrong(
            f"{pointer}/op", message("no_order", fact=fact, kind=_TOLD_KINDS[kind])
        )
    value = fields["value"]
    if op == "in":
        if not isinstance(value, list) or not value:
            raise _wrong(f"{pointer}/value", message("values_needed"))
        for index, item in enumerate(value):
            _operand(item, f"{pointer}/value/{index}", fact, kind)
        return Comparison(fact, op, tuple(value))
    _operand(value, f"{pointer}/value", fact, kind)
    return Comparison(fact, op, value)


def _operand(value: Any, pointer: str, fact: str, kind: FactKind) -> None:
    # A bool is an int to Python, and JSON readers may let NaN through.
    fits = {
        FactKind.FLAG: isinstance(value, bool),
        FactKind.TEXT: isinstance(value, str),
        FactKind.NUMBER: isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value),
    }
    if not fits[kind]:
        raise _wrong(
            pointer,
            message(
                "value_of_other_kind",
                fact=fact,
                kind=_TOLD_KINDS[kind],
                given=_shown(value),
            ),
        )


def _object(
    value: Any, pointer: str, names: set[str] | frozenset[str]
) -> dict[str, Any]:
    """Return a JSON object that has exactly these members."""
    if not isinstance(value, dict):
        raise _wrong(pointer, message("object_needed", names=", ".join(sorted(names))))
    if missing := sorted(names - value.keys()):
        raise _wrong(pointer, message("members_missing", names=", ".join(missing)))
    if unknown := sorted(map(str, value.keys() - names)):
        raise _wrong(
            pointer,
            message(
                "members_unknown",
                names=", ".join(unknown),
                known=", ".join(sorted(names)),
            ),
        )
    return value


def _integer(value: Any, pointer: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(pointer, message("whole_number_needed", given=_shown(value)))
    if not least <= value <= most:
        raise _wrong(
            pointer, message("number_outside", least=least, most=most, given=value)
        )
    return value


def _text(value: Any, pointer: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(pointer, message("text_needed"))
    return value


def _entity(value: Any, pointer: str) -> Entity:
    text = _text(value, pointer)
    if text not in set(Entity):
        raise _wrong(pointer, message("no_entity", given=text, known=", ".join(Entity)))
    return Entity(text)


def _each(
    problems: list[FieldError],
    value: Any,
    pointer: str,
    parse: Callable[[Any, str], T],
) -> list[T]:
    """Parse the items of a list; one that is wrong is noted and left out."""
    if not isinstance(value, list):
        problems.append(FieldError(pointer, "rule_set", message("list_needed")))
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
        FieldError(pointer, "rule_set", message("named_twice", name=name))
        for name in twice
    )


def _shown(value: Any) -> str:
    """Show a value as it stands in JSON."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]


def _wrong(pointer: str, detail: Message) -> InvalidInput:
    return InvalidInput.field(pointer, "rule_set", detail)
