"""Condition trees, compiled once to closures.

A missing fact (None or absent) makes every condition that reads it false, inside `not`
as well: what is not known is never a reason. To that end `not` is pushed down to the
comparisons when a tree is compiled (De Morgan), where it turns `>` into `<=` and so on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

Fact = float | int | str | bool | None
Facts = Mapping[str, Fact]


class FactKind(StrEnum):
    """What a fact's value is, and so which conditions make sense on it."""

    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"


class ConditionValue(msgspec.Struct, frozen=True, gc=False):
    """One comparison of a condition: what it asked of the facts, and what it saw.

    `holds` is None where the value that was seen can't be compared so.
    """

    fact: str
    op: str
    value: Fact | tuple[Fact, ...]
    actual: Fact
    holds: bool | None


Test = Callable[[Facts], bool]
_Compare = Callable[[Any, Any], Test]

NEGATED_OP: Final[Mapping[str, str]] = MappingProxyType(
    {
        ">": "<=",
        ">=": "<",
        "<": ">=",
        "<=": ">",
        "==": "!=",
        "!=": "==",
        "in": "not in",
        "not in": "in",
    }
)
ORDERED_OPS: Final = frozenset({">", ">=", "<", "<="})
# `not in` is written with `not`; only these are read from data.
OPS: Final = ORDERED_OPS | {"==", "!=", "in"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a fact with a value; `value` is a tuple for `in`."""

    fact: str
    op: str
    value: Any
    test: Test = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile it once."""
        object.__setattr__(self, "test", _COMPARES[self.op](self.fact, self.value))

    def negated(self) -> "Comparison":
        """Return the comparison that holds when this one does not."""
        return Comparison(self.fact, NEGATED_OP[self.op], self.value)

    def explain(self, facts: Facts) -> ConditionValue:
        """Return what this comparison asked of the facts, and saw."""
        actual = facts.get(self.fact)
        holds: bool | None
        try:
            holds = self.test(facts)
        except TypeError:
            # Its rule may have been met without it: by another part of an `any`.
            holds = None
        return ConditionValue(self.fact, self.op, self.value, actual, holds)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """Holds when its part is known not to."""

    part: "Condition"


Condition = Comparison | AllOf | AnyOf | Negation


def without_not(condition: Condition) -> Condition:
    """Return the same condition with every `not` pushed into its comparisons."""
    match condition:
        case Comparison():
            return condition
        case AllOf(parts):
            return AllOf(tuple(map(without_not, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(without_not, parts)))
        case Negation(part):
            return _negation(part)


def comparisons(condition: Condition) -> tuple[Comparison, ...]:
    """Return the comparisons of a condition without `not`, in reading order."""
    match condition:
        case Comparison():
            return (condition,)
        case AllOf(parts) | AnyOf(parts):
            return tuple(each for part in parts for each in comparisons(part))
        case Negation():
            raise AssertionError("call without_not first")


def compile_condition(condition: Condition) -> Test:
    """Return a function that tells whether the facts meet the condition."""
    match condition:
        case Comparison():
            return condition.test
        case AllOf(parts):
            return _compile_all(tuple(map(compile_condition, parts)))
        case AnyOf(parts):
            return _compile_any(tuple(map(compile_condition, parts)))
        case Negation():
            return compile_condition(without_not(condition))


def _negation(condition: Condition) -> Condition:
    match condition:
        case Comparison():
            return condition.negated()
        case AllOf(parts):
            return AnyOf(tuple(map(_negation, parts)))
        case AnyOf(parts):
            return AllOf(tuple(map(_negation, parts)))
        case Negation(part):
            return without_not(part)


def _compile_all(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def every(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - all() over a generator costs twice as much
            if not test(facts):
                return False
        return True

    return every


def _compile_any(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def some(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - any() over a generator costs twice as much
            if test(facts):
                return True
        return False

    return some


# One closure an operator: the comparison itself is then a single bytecode, which is
# what keeps a decision without hits at a few hundred nanoseconds a rule.


def _above(fact: str, value: Any) -> Test:
    def test(facts: Facts) -> bool:
        actual: Any = facts.get(fact)
        return actual is not None and actual > value

    return test


def _at_least(fact: str, value: Any) -> Test:
    def test(facts: Facts) -> bool:
        actual: Any = facts.get(fact)
        return actual is not None and actual >= value

    return test


def _below(fact: str, value: Any) -> Test:
    def test(facts: Facts) -> bool:
        actual: Any = facts.get(fact)
        return actual is not None and actual < value

    return test


def _at_most(fact: str, value: Any) -> Test:
    def test(facts: Facts) -> bool:
        actual: Any = facts.get(fact)
        return actual is not None and actual <= value

    return test


def _equal(fact: str, value: Fact) -> Test:
    def test(facts: Facts) -> bool:
        actual = facts.get(fact)
        return actual is not None and actual == value

    return test


def _unequal(fact: str, value: Fact) -> Test:
    def test(facts: Facts) -> bool:
        actual = facts.get(fact)
        return actual is not None and actual != value

    return test


def _among(fact: str, values: tuple[Fact, ...]) -> Test:
    members = frozenset(values)

    def test(facts: Facts) -> bool:
        actual = facts.get(fact)
        return actual is not None and actual in members

    return test


def _not_among(fact: str, values: tuple[Fact, ...]) -> Test:
    members = frozenset(values)

    def test(facts: Facts) -> bool:
        actual = facts.get(fact)
        return actual is not None and actual not in members

    return test


_COMPARES: Final[Mapping[str, _Compare]] = MappingProxyType(
    {
        ">": _above,
        ">=": _at_least,
        "<": _below,
        "<=": _at_most,
        "==": _equal,
        "!=": _unequal,
        "in": _among,
        "not in": _not_among,
    }
)
