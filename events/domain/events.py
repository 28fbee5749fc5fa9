"""An event, its id, and the rows of the outbox from which events are told."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

import msgspec

from core.event_types import SUBJECTS, EventType, Happening

_SHAPE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


class EventId(NamedTuple):
    """Where an event lies: these compare as events follow each other.

    Written as hexadecimal digits of a fixed width, so that texts compare so too. The
    last two are left for a shard.
    """

    era: int
    xid: int
    place: int
    nth: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id; None if it is none."""
        if not _SHAPE.fullmatch(text):
            return None
        ends = ((0, 4), (4, 16), (16, 26), (26, 30))
        return cls(*(int(text[first:end], 16) for first, end in ends))

    def __str__(self) -> str:
        """Write it down."""
        return f"{self.era:04x}{self.xid:012x}{self.place:010x}{self.nth:04x}00"


# What somebody begins with who has read nothing.
BEGINNING: Final = EventId(0, 0, 0, 0)


# Tells of numbered rows what happened to them; each number is in what it gives.
Teller = Callable[[Any, Sequence[int]], Awaitable[Mapping[int, Happening]]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    event_id: str
    type: EventType
    at: datetime
    data: Mapping[str, Any]

    def encode(self) -> bytes:
        """Write it as it is told everywhere."""
        return msgspec.json.encode(self)

    @property
    def subject(self) -> str:
        """Name what it happened to: events of one subject keep their order."""
        field = SUBJECTS[self.type]
        return f"{field}:{self.data.get(field)}"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """What one change did: as it is told, or as numbers of rows that tell it."""

    era: int
    xid: int
    place: int
    at: datetime
    kind: str
    ids: Sequence[int] | None
    events: Sequence[tuple[str, dict[str, Any]]] | None

    @property
    def size(self) -> int:
        """Tell how many events it stands for."""
        return len(self.ids or self.events or ())

    def event_id(self, nth: int) -> EventId:
        """Name one of its events."""
        return EventId(self.era, self.xid, self.place, nth)

    def tell(
        self, told: Mapping[int, Happening], after: EventId | None
    ) -> Iterator[Event]:
        """Give its events past one that was read; `told` knows its numbered rows."""
        happened = (
            [told[each] for each in self.ids]
            if self.ids is not None
            else [Happening(EventType(of), data) for of, data in self.events or ()]
        )
        for nth, each in enumerate(happened):
            event_id = self.event_id(nth)
            if after is None or event_id > after:
                yield Event(str(event_id), each.type, self.at, each.data)
