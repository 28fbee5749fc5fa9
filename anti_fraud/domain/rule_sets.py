"""Rule sets: what is counted, what is throttled, what scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from anti_fraud.domain.counters import CountedEntity, Counter, count_by_entity
from anti_fraud.domain.entities import Entity
from anti_fraud.domain.facts import (
    KNOWN_FACTS,
    PRIZE_MINOR,
    PRIZE_POINTS,
    Evidence,
    KnownFact,
)
from anti_fraud.domain.recent import OF_RECENT_SCANS
from anti_fraud.domain.verdict import CaseKind, Effect
from core.conditions import (
    Comparison,
    Condition,
    Fact,
    Facts,
    Test,
    comparisons,
    compile_condition,
    without_not,
)

_PRIZES: Final = frozenset({PRIZE_POINTS, PRIZE_MINOR})


@dataclass(frozen=True, slots=True)
class Throttle:
    """After `limit` invalid codes in a window an entity is turned away for a while."""

    entity: Entity
    window_s: int
    limit: int
    block_s: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition with a score and a sentence for people, by language.

    Of the rules of one `group` the heaviest that hits counts: they are steps of one
    thing. What has another `effect` than its score has that by itself as well.
    """

    rule_id: str
    score: int
    sentence: Mapping[str, str]
    when: Condition
    # The last business day on which it is asked.
    expires_on: date | None = None
    group: str | None = None
    effect: Effect = Effect.SCORE
    kind: CaseKind | None = None
    # Derived once, since a rule is tested for every scan.
    test: Test = field(init=False, repr=False, compare=False)
    comparisons: tuple[Comparison, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the condition."""
        condition = without_not(self.when)
        object.__setattr__(self, "test", compile_condition(condition))
        object.__setattr__(self, "comparisons", comparisons(condition))


@dataclass(frozen=True, slots=True)
class HighPrize:
    """From which score a claim is held that is to earn so many points, or money."""

    hold_at: int
    points: int
    minor: int

    def is_met(self, facts: Facts) -> bool:
        """Tell whether the prize is as high; not where nobody knows it."""
        most = ((PRIZE_POINTS, self.points), (PRIZE_MINOR, self.minor))
        return any(
            isinstance(value := facts.get(name), (int, float)) and value >= least
            for name, least in most
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """An immutable version of the rules; scores add and meet two thresholds."""

    version: int
    refuse_at: int
    hold_at: int
    counters: tuple[Counter, ...]
    throttles: tuple[Throttle, ...]
    rules: tuple[Rule, ...]
    # Who is to earn much is held from a lower score.
    high_prize: HighPrize | None = None
    # Facts that others read of what is counted here.
    also_read: frozenset[str] = field(default=frozenset(), compare=False)
    # The facts that its rules read.
    read_facts: frozenset[str] = field(init=False, compare=False)
    # By entity, in one order: the windows to count and the facts they give.
    windows: Mapping[Entity, tuple[int, ...]] = field(init=False, compare=False)
    counter_facts: Mapping[Entity, tuple[str, ...]] = field(init=False, compare=False)
    # What is counted of a scan, by entity.
    counted: tuple[CountedEntity, ...] = field(init=False, compare=False)
    # What its conditions may read, in an order that no later Crowncap changes.
    facts: tuple[KnownFact, ...] = field(init=False, compare=False)
    # Whether any rule ends: only then it matters on which day a scan is judged.
    expires: bool = field(init=False, compare=False)
    # Whether scores just add: no groups, and no effects of rules by themselves.
    plain: bool = field(init=False, compare=False)
    # Whether anything depends on what a claim is to earn.
    asks_for_prize: bool = field(init=False, compare=False)
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _usual: tuple[Fact, ...] = field(init=False, repr=False, compare=False)
    _besides: tuple[KnownFact, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Group the counters by entity."""
        read = frozenset(e.fact for rule in self.rules for e in rule.comparisons)
        object.__setattr__(self, "read_facts", read)
        recent = not (read | self.also_read).isdisjoint(OF_RECENT_SCANS)
        counted_by = count_by_entity(self.counters, recent=recent)
        object.__setattr__(self, "counted", counted_by)
        windows: dict[Entity, tuple[int, ...]] = {}
        facts: dict[Entity, tuple[str, ...]] = {}
        for counter in self.counters:
            if counter.distinct is None:
                entity = counter.entity
                windows[entity] = (*windows.get(entity, ()), counter.window_s)
                facts[entity] = (*facts.get(entity, ()), counter.fact)
        object.__setattr__(self, "windows", MappingProxyType(windows))
        object.__setattr__(self, "counter_facts", MappingProxyType(facts))
        object.__setattr__(self, "expires", any(r.expires_on for r in self.rules))
        plain = all(r.group is None and r.effect is Effect.SCORE for r in self.rules)
        object.__setattr__(self, "plain", plain)
        asks = self.high_prize is not None or not read.isdisjoint(_PRIZES)
        object.__setattr__(self, "asks_for_prize", asks)
        # A counter keeps its name when a later Crowncap knows a fact of that name.
        counted = tuple(counter.known_fact for counter in self.counters)
        names = {known.name for known in counted}
        besides = tuple(known for known in KNOWN_FACTS if known.name not in names)
        object.__setattr__(self, "facts", counted + besides)
        object.__setattr__(self, "_names", tuple(k.name for k in counted + besides))
        object.__setattr__(self, "_usual", tuple(k.usual for k in counted + besides))
        object.__setattr__(self, "_besides", besides)

    def rules_on(self, day: date) -> tuple[Rule, ...]:
        """Give the rules that are asked on a business day."""
        return tuple(
            rule
            for rule in self.rules
            if rule.expires_on is None or day <= rule.expires_on
        )

    def read(self, evidence: Evidence) -> dict[str, Fact]:
        """Read all facts from evidence whose counts are this set's; without unknowns.

        A loop, since this runs for every scan.
        """
        facts: dict[str, Fact] = dict(evidence.counts)
        for known in self._besides:
            value = known.read(evidence)
            if value is not None:
                facts[known.name] = value
        return facts

    def in_order(self, facts: Facts) -> list[Fact]:
        """Give the facts as values in this set's order, up to the last unusual one.

        Only this version's rule set tells what they are: `from_order`.
        """
        values = list(map(facts.get, self._names))
        place = len(values) - 1
        # None and False are one object each.
        while place >= 0 and values[place] is self._usual[place]:
            place -= 1
        return values[: place + 1]

    def from_order(self, values: Sequence[Fact]) -> dict[str, Fact]:
        """Name values that `in_order` gave, whatever Crowncap did; without unknowns."""
        whole = (*values, *self._usual[len(values) :])
        named = zip(self._names, whole, strict=False)
        return {name: value for name, value in named if value is not None}
