"""Rule sets: what is counted, what is throttled, what scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from anti_fraud.domain.entities import Entity
from anti_fraud.domain.rules import (
    Comparison,
    Condition,
    Test,
    comparisons,
    compile_condition,
    without_not,
)


@dataclass(frozen=True, slots=True)
class Counter:
    """A fact that counts the scans of an entity over a window."""

    fact: str
    entity: Entity
    window_s: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """After `limit` invalid codes in a window an entity is turned away for a while."""

    entity: Entity
    window_s: int
    limit: int
    block_s: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition with a score and a sentence for people, by language."""

    rule_id: str
    score: int
    sentence: Mapping[str, str]
    when: Condition
    # Derived once, since a rule is tested for every scan.
    test: Test = field(init=False, repr=False, compare=False)
    comparisons: tuple[Comparison, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the condition."""
        condition = without_not(self.when)
        object.__setattr__(self, "test", compile_condition(condition))
        object.__setattr__(self, "comparisons", comparisons(condition))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """An immutable version of the rules; scores add and meet two thresholds."""

    version: int
    refuse_at: int
    hold_at: int
    counters: tuple[Counter, ...]
    throttles: tuple[Throttle, ...]
    rules: tuple[Rule, ...]
    # By entity, in one order: the windows to count and the facts they give.
    windows: Mapping[Entity, tuple[int, ...]] = field(init=False, compare=False)
    counter_facts: Mapping[Entity, tuple[str, ...]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Group the counters by entity."""
        windows: dict[Entity, tuple[int, ...]] = {}
        facts: dict[Entity, tuple[str, ...]] = {}
        for counter in self.counters:
            entity = counter.entity
            windows[entity] = (*windows.get(entity, ()), counter.window_s)
            facts[entity] = (*facts.get(entity, ()), counter.fact)
        object.__setattr__(self, "windows", MappingProxyType(windows))
        object.__setattr__(self, "counter_facts", MappingProxyType(facts))
