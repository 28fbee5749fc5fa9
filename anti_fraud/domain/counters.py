"""Counters: what a rule set has counted of each scan; pure.

Counters of one entity are kept together, so that a scan costs one visit an entity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from anti_fraud.domain.entities import Distinct, Entity
from anti_fraud.domain.facts import FactSource, KnownFact
from anti_fraud.domain.messages import message
from core.conditions import FactKind
from core.messages import Message

# How many a counter tells apart, where it does not say.
USUAL_UP_TO: Final = 32
_ENTITY_NAMES: Final = {
    Entity.MEMBER: message("entity_member"),
    Entity.DEVICE: message("entity_device"),
    Entity.NETWORK: message("entity_network"),
    Entity.CODE: message("entity_code"),
    Entity.SITE: message("entity_site"),
    Entity.LINKED: message("entity_linked"),
    Entity.APP: message("entity_app"),
    Entity.CELL: message("entity_cell"),
}
_DISTINCT_NAMES: Final = {
    Distinct.MEMBER: message("distinct_member"),
    Distinct.DEVICE: message("distinct_device"),
    Distinct.NETWORK: message("distinct_network"),
    Distinct.CODE: message("distinct_code"),
    Distinct.SESSION: message("distinct_session"),
}


@dataclass(frozen=True, slots=True)
class Counter:
    """A fact that counts the scans of an entity over a window.

    With `distinct` it counts what is different among them, and tells `up_to` apart;
    with `near` only codes whose serials are less than so far from this one's.
    """

    fact: str
    entity: Entity
    window_s: int
    distinct: Distinct | None = None
    up_to: int = USUAL_UP_TO
    near: int = 0

    @property
    def what(self) -> tuple[object, ...]:
        """What it counts, whatever that is called."""
        return self.entity, self.window_s, self.distinct, self.up_to, self.near

    @property
    def known_fact(self) -> KnownFact:
        """The counter's fact, as catalogues list it."""
        return KnownFact(
            self.fact,
            FactKind.NUMBER,
            FactSource.SIGNAL,
            self._tell(),
            lambda evidence: evidence.counts.get(self.fact),
            # PostgreSQL finds the scans of a member, and of nobody else.
            rebuildable=self.entity is Entity.MEMBER and self.distinct is None,
        )

    def _tell(self) -> Message:
        entity, window = _ENTITY_NAMES[self.entity], _told_window(self.window_s)
        if self.distinct is None:
            return message("fact_count", entity=entity, window=window)
        told: dict[str, Message | int] = {
            "entity": entity,
            "window": window,
            "up_to": self.up_to,
        }
        if self.near:
            return message("fact_near", **told, near=self.near)
        what = _DISTINCT_NAMES[self.distinct]
        return message("fact_distinct", **told, what=what)


@dataclass(frozen=True, slots=True)
class CountedSet:
    """What is told apart within a window, and how far away it counts: 0 is anywhere."""

    distinct: Distinct
    window_s: int
    most: int
    nears: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountedEntity:
    """All that is counted of one entity.

    A visit gives one number a window, then one for each `near` of each set. `facts`
    tell which number each fact is, and the most that it says.
    """

    entity: Entity
    windows: tuple[int, ...]
    sets: tuple[CountedSet, ...]
    # Whether the last scans are kept, too.
    recent: bool
    facts: tuple[tuple[str, int, int | None], ...]

    def renewed(self, old: "CountedEntity | None") -> tuple["CountedEntity", ...]:
        """Cut what is to be counted for a scan that `old` counted already.

        What only has to be read once more stands first, without sets: whoever is noted
        in a set again is there once. What nobody counted stands second.
        """
        if old is None:
            return (self,)
        again = tuple(w for w in self.windows if w in old.windows)
        fresh = tuple(w for w in self.windows if w not in old.windows)
        order = (*again, *fresh)
        placed = {
            place: order.index(window_s) for place, window_s in enumerate(self.windows)
        }
        read, noted = [], []
        for fact, place, up_to in self.facts:
            at = placed.get(place, place)
            if at < len(again):
                read.append((fact, at, up_to))
            else:
                noted.append((fact, at - len(again), up_to))
        return (
            replace(self, windows=again, sets=(), recent=False, facts=tuple(read)),
            replace(
                self,
                windows=fresh,
                recent=self.recent and not old.recent,
                facts=tuple(noted),
            ),
        )


def count_by_entity(
    counters: Sequence[Counter], *, recent: bool
) -> tuple[CountedEntity, ...]:
    """Group counters by entity; with `recent`, members' last scans are kept."""
    entities = dict.fromkeys(counter.entity for counter in counters)
    if recent:
        entities[Entity.MEMBER] = None
    return tuple(
        _count(
            entity,
            [counter for counter in counters if counter.entity is entity],
            recent=recent and entity is Entity.MEMBER,
        )
        for entity in entities
    )


def _count(
    entity: Entity, counters: Sequence[Counter], *, recent: bool
) -> CountedEntity:
    windows = tuple(dict.fromkeys(c.window_s for c in counters if c.distinct is None))
    told = {(c.distinct, c.window_s) for c in counters if c.distinct is not None}
    sets = []
    for distinct, window_s in sorted(told):
        of_set = [
            c for c in counters if (c.distinct, c.window_s) == (distinct, window_s)
        ]
        nears = sorted({counter.near for counter in of_set})
        most = max(counter.up_to for counter in of_set)
        sets.append(CountedSet(distinct, window_s, most, tuple(nears)))
    read: list[tuple[Distinct | None, int, int]]
    read = [(None, window_s, 0) for window_s in windows]
    for each in sets:
        read += [(each.distinct, each.window_s, near) for near in each.nears]
    facts = [
        (
            counter.fact,
            read.index((counter.distinct, counter.window_s, counter.near)),
            None if counter.distinct is None else counter.up_to,
        )
        for counter in counters
    ]
    return CountedEntity(entity, windows, tuple(sets), recent, tuple(facts))


def _told_window(window_s: int) -> Message:
    """Tell a window in the largest unit that it is whole in."""
    if window_s % 86_400 == 0:
        return message("window_days", n=window_s // 86_400)
    if window_s % 3_600 == 0:
        return message("window_hours", n=window_s // 3_600)
    if window_s % 60 == 0:
        return message("window_minutes", n=window_s // 60)
    return message("window_seconds", n=window_s)
