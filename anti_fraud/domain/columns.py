"""Many scans judged at once: facts as columns, conditions as masks; pure.

What is said here of each of n scans is what `decide` says of it alone. A rule that
columns can't ask exactly (a number that no float holds, facts of mixed kinds) is asked
scan by scan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import NoneType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anti_fraud.domain.lists import ListName
from anti_fraud.domain.rule_sets import Rule, RuleSet
from anti_fraud.domain.verdict import Effect, Verdict
from core.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fact,
    Facts,
    compile_condition,
    without_not,
)

Mask = NDArray[np.bool_]

VERDICTS: Final = tuple(Verdict)
_PASS, _HOLD, _REFUSE = range(len(VERDICTS))
_NUMERIC: Final = frozenset({int, float, bool, NoneType})
# The largest whole number up to which a float holds each.
_EXACT: Final = 1 << 53


class _NotInColumnsError(Exception):
    """What must be asked scan by scan."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A fact of n scans as float64[n]: flags are 0 and 1, what is unknown NaN."""

    values: NDArray[np.float64]

    @property
    def known(self) -> Mask:
        """Tell which are known."""
        return ~np.isnan(self.values)

    def test(self, comparison: Comparison) -> Mask:
        """Tell where a comparison holds; raises _NotInColumnsError."""
        op, value, actual = comparison.op, comparison.value, self.values
        if op in {"in", "not in"}:
            among = np.isin(actual, [_exact(each) for each in value])
            return among if op == "in" else ~among & self.known
        holds: Mask = _OPERATORS[op](actual, _exact(value))
        return holds & self.known if op == "!=" else holds

    def at(self, place: int) -> Fact:
        """Give the fact of one scan."""
        value = float(self.values[place])
        return None if np.isnan(value) else value


@dataclass(frozen=True, slots=True)
class Words:
    """A fact of n scans as int32[n] places among the values that there are."""

    places: NDArray[np.int32]
    words: tuple[Fact, ...]

    @property
    def known(self) -> Mask:
        """Tell which are known."""
        return np.array([word is not None for word in self.words], np.bool_)[
            self.places
        ]

    def test(self, comparison: Comparison) -> Mask:
        """Tell where a comparison holds; raises _NotInColumnsError."""
        test = compile_condition(comparison)
        try:
            holds = [test({comparison.fact: word}) for word in self.words]
        except Exception as fault:
            raise _NotInColumnsError from fault
        return np.array(holds, np.bool_)[self.places]

    def at(self, place: int) -> Fact:
        """Give the fact of one scan."""
        word: Fact = self.words[self.places[place]]
        return word


Column = Numbers | Words
Columns = Mapping[str, Column]

_OPERATORS: Final[Mapping[str, Any]] = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _exact(value: Any) -> float:
    """Give a number as the float that it is; raises _NotInColumnsError if none is."""
    if isinstance(value, int | float) and -_EXACT <= value <= _EXACT:
        return float(value)
    raise _NotInColumnsError


def column_of(values: Sequence[Fact]) -> Column:
    """Make a column of n values."""
    kinds = set(map(type, values))
    if kinds <= _NUMERIC:
        try:
            numbers = np.array(values, np.float64)
        except OverflowError:
            pass
        else:
            unknown = np.isnan(numbers)
            exact = not (np.abs(numbers) > _EXACT).any()
            if exact and np.count_nonzero(unknown) == values.count(None):
                return Numbers(numbers)
    places: dict[Fact, int] = {}
    found = [places.setdefault(value, len(places)) for value in values]
    return Words(np.array(found, np.int32), tuple(places))


def columns_of(rule_set: RuleSet, kept: Sequence[Sequence[Fact]]) -> dict[str, Column]:
    """Name n scans' values that `RuleSet.in_order` gave, as columns."""
    usual = tuple(known.usual for known in rule_set.facts)
    width = len(usual)
    rows = [(*each, *usual[len(each) :])[:width] for each in kept]
    names = (known.name for known in rule_set.facts)
    return dict(zip(names, map(column_of, zip(*rows, strict=True)), strict=True))


@dataclass(frozen=True, slots=True)
class ManyDecisions:
    """What a rule set says of n scans; `hits` and `failed` are by rule, in its order.

    `verdicts` are places in VERDICTS, as int8[n]; `scores` int64[n].
    """

    rule_set: RuleSet
    verdicts: NDArray[np.int8]
    scores: NDArray[np.int64]
    hits: tuple[Mask, ...]
    failed: tuple[Mask, ...]


def decide_many(
    rule_set: RuleSet, columns: Columns, days: NDArray[np.int32]
) -> ManyDecisions:
    """Judge n scans; `days` are their business days, as ordinals int32[n]."""
    asked = [_ask(rule, columns, days) for rule in rule_set.rules]
    hits = tuple(hit for hit, _ in asked)
    scores = _add_up(rule_set.rules, hits, len(days))
    verdicts = np.zeros(len(days), np.int8)
    verdicts[scores >= rule_set.hold_at] = _HOLD
    high = rule_set.high_prize
    if high is not None:
        for place in np.flatnonzero((scores >= high.hold_at) & (verdicts == _PASS)):
            if high.is_met(_facts_at(columns, int(place))):
                verdicts[place] = _HOLD
    verdicts[scores >= rule_set.refuse_at] = _REFUSE
    for rule, hit in zip(rule_set.rules, hits, strict=True):
        if rule.effect is Effect.HOLD:
            verdicts[hit & (verdicts == _PASS)] = _HOLD
        elif rule.effect is Effect.REFUSE:
            verdicts[hit] = _REFUSE
    return ManyDecisions(
        rule_set, verdicts, scores, hits, tuple(failed for _, failed in asked)
    )


def obey_lists(
    verdicts: NDArray[np.int8], listed: Sequence[ListName | None]
) -> NDArray[np.int8]:
    """Give what lists make of n verdicts, as `obey_list` does of one."""
    if not any(listed):
        return verdicts
    obeyed = verdicts.copy()
    for place, name in enumerate(listed):
        if name is ListName.OVERRIDE:
            obeyed[place] = _PASS
        elif name is ListName.BLOCK:
            obeyed[place] = _REFUSE
        elif name is not None and obeyed[place] == _HOLD:
            obeyed[place] = _PASS
    return obeyed


def _ask(rule: Rule, columns: Columns, days: NDArray[np.int32]) -> tuple[Mask, Mask]:
    """Tell of which scans a rule hits, and of which it can't be asked."""
    failed = np.zeros(len(days), np.bool_)
    try:
        hit = _where(without_not(rule.when), columns, len(days))
    except _NotInColumnsError:
        hit = np.zeros(len(days), np.bool_)
        for place in range(len(days)):
            try:
                hit[place] = rule.test(_facts_at(columns, place))
            except Exception:  # noqa: BLE001 - the report tells of it
                failed[place] = True
    if rule.expires_on is not None:
        asked = days <= rule.expires_on.toordinal()
        return hit & asked, failed & asked
    return hit, failed


def _where(condition: Condition, columns: Columns, size: int) -> Mask:
    match condition:
        case Comparison():
            column = columns.get(condition.fact)
            if column is None:
                return np.zeros(size, np.bool_)
            return column.test(condition)
        case AllOf(parts):
            return reduce(np.logical_and, [_where(p, columns, size) for p in parts])
        case AnyOf(parts):
            return reduce(np.logical_or, [_where(p, columns, size) for p in parts])
        case _:
            raise AssertionError("without_not leaves none")


def _add_up(
    rules: Sequence[Rule], hits: Sequence[Mask], size: int
) -> NDArray[np.int64]:
    """Add up the scores of what hits, of each group the highest."""
    scores = np.zeros(size, np.int64)
    grouped: dict[str, NDArray[np.int64]] = {}
    for rule, hit in zip(rules, hits, strict=True):
        score = hit * np.int64(rule.score)
        if rule.group is None:
            scores += score
        else:
            known = grouped.get(rule.group)
            grouped[rule.group] = score if known is None else np.maximum(known, score)
    for score in grouped.values():
        scores += score
    return scores


def _facts_at(columns: Columns, place: int) -> Facts:
    return {name: column.at(place) for name, column in columns.items()}
