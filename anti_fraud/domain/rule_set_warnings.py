"""What can be read of a rule set, and will not do what its author may think; pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from anti_fraud.domain.counters import Counter
from anti_fraud.domain.entities import SCANNED
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_sets import Rule, RuleSet
from anti_fraud.domain.verdict import Effect
from core.conditions import AllOf, AnyOf, Comparison, Condition, without_not
from core.errors import FieldError

# Ways to meet a condition multiply; who writes more than so many is not warned.
_MOST_STEPS: Final = 2_000


def find_warnings(rule_set: RuleSet, today: date) -> Iterator[FieldError]:
    """Say what is odd about a rule set, each with the place in its document."""
    told = {known.name for known in rule_set.facts if known.rebuildable}
    for index, rule in enumerate(rule_set.rules):
        pointer = f"/rules/{index}"
        if rule.expires_on is not None and rule.expires_on < today:
            yield FieldError(
                f"{pointer}/expires_on",
                "expired",
                message("warn_expired", rule=rule.rule_id, day=str(rule.expires_on)),
            )
        elif not can_hold(rule.when):
            yield FieldError(
                f"{pointer}/when",
                "never_fires",
                message("warn_never_fires", rule=rule.rule_id),
            )
        for fact in sorted({each.fact for each in rule.comparisons} - told):
            yield FieldError(
                f"{pointer}/when",
                "not_rebuildable",
                message("warn_not_rebuildable", rule=rule.rule_id, fact=fact),
            )
        counters = {counter.fact: counter for counter in rule_set.counters}
        yield from _beyond(rule, f"{pointer}/when", counters)
    yield from _in_vain(rule_set)
    yield from _out_of_reach(rule_set)


def _beyond(
    rule: Rule, pointer: str, counters: Mapping[str, Counter]
) -> Iterator[FieldError]:
    """Say what a rule asks of a counter that does not count so far."""
    for each in rule.comparisons:
        counter = counters.get(each.fact)
        if counter is None or counter.distinct is None:
            continue
        up_to = counter.up_to
        if (each.op == ">" and each.value >= up_to) or (
            each.op in {">=", "=="} and each.value > up_to
        ):
            told = {"fact": each.fact, "value": each.value, "up_to": up_to}
            yield FieldError(
                pointer,
                "beyond_up_to",
                message("warn_beyond_up_to", rule=rule.rule_id, **told),
            )


def _in_vain(rule_set: RuleSet) -> Iterator[FieldError]:
    """Say which counters count nothing."""
    known = ", ".join(sorted(SCANNED))
    for index, counter in enumerate(rule_set.counters):
        fact, entity = counter.fact, counter.entity
        if entity not in SCANNED:
            yield FieldError(
                f"/counters/{index}/entity",
                "never_counted",
                message("warn_never_counted", entity=entity, fact=fact, known=known),
            )


def _out_of_reach(rule_set: RuleSet) -> Iterator[FieldError]:
    """Say which thresholds no sum of scores comes up to."""
    alone = {rule.effect for rule in rule_set.rules}
    most = highest_score(rule_set.rules)
    for name, at, effect in (
        ("hold", rule_set.hold_at, Effect.HOLD),
        ("refuse", rule_set.refuse_at, Effect.REFUSE),
    ):
        if most < at and effect not in alone:
            yield FieldError(
                f"/thresholds/{name}",
                "out_of_reach",
                message("warn_out_of_reach", name=name, at=at, most=most),
            )


def highest_score(rules: Sequence[Rule]) -> int:
    """Add up all scores, of each group the highest."""
    heaviest: dict[str, int] = {}
    for index, rule in enumerate(rules):
        # No name of a group begins with a number sign and a place of its own.
        name = f"#{index}" if rule.group is None else f"group {rule.group}"
        heaviest[name] = max(heaviest.get(name, 0), rule.score)
    return sum(heaviest.values())


def can_hold(condition: Condition) -> bool:
    """Tell whether any facts meet a condition; True where that takes too long."""
    steps = iter(range(_MOST_STEPS))
    try:
        return _can_hold([without_not(condition)], {}, steps)
    except StopIteration:
        return True


@dataclass(slots=True)
class _Room:
    """What a fact may still be, after what was asked of it."""

    above: float = -math.inf
    above_is_in: bool = False
    below: float = math.inf
    below_is_in: bool = False
    among: frozenset[Any] | None = None
    never: frozenset[Any] = field(default_factory=frozenset)

    def take(self, comparison: Comparison) -> "_Room":
        """Give what is left once a comparison holds."""
        op, value = comparison.op, comparison.value
        left = _Room(
            *(self.above, self.above_is_in, self.below, self.below_is_in),
            *(self.among, self.never),
        )
        if op in {">", ">="} and (value, op == ">") > (
            self.above,
            not self.above_is_in,
        ):
            left.above, left.above_is_in = value, op == ">="
        elif op in {"<", "<="} and (-value, op == "<") > (
            -self.below,
            not self.below_is_in,
        ):
            left.below, left.below_is_in = value, op == "<="
        elif op in {"==", "in"}:
            given = frozenset(value if op == "in" else [value])
            left.among = given if self.among is None else self.among & given
        elif op in {"!=", "not in"}:
            left.never = self.never | set(value if op == "not in" else [value])
        return left

    def is_empty(self) -> bool:
        """Tell whether nothing is left."""
        if self.among is not None:
            return not any(map(self._lets_in, self.among))
        if self.above == self.below:
            return not (self.above_is_in and self.below_is_in)
        return self.above > self.below

    def _lets_in(self, value: Any) -> bool:
        if value in self.never:
            return False
        if isinstance(value, str):
            return True
        over = value > self.above or (self.above_is_in and value == self.above)
        under = value < self.below or (self.below_is_in and value == self.below)
        return over and under


def _can_hold(
    asked: list[Condition], rooms: dict[str, _Room], steps: Iterator[int]
) -> bool:
    """Tell whether all that is asked can hold together, in what room is left."""
    next(steps)
    if not asked:
        return True
    first, *rest = asked
    match first:
        case Comparison():
            room = rooms.get(first.fact, _Room()).take(first)
            return not room.is_empty() and _can_hold(
                rest, rooms | {first.fact: room}, steps
            )
        case AllOf(parts):
            return _can_hold([*parts, *rest], rooms, steps)
        case AnyOf(parts):
            # No generator, which would make another fault of the steps' end.
            ways = [[part, *rest] for part in parts]
            return bool([way for way in ways if _can_hold(way, rooms, steps)])
        case _:
            raise AssertionError("without_not leaves none")
