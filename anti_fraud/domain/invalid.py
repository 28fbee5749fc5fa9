"""Invalid codes in floods: counted in memory, so that refusing one costs no I/O.

A worker counts what it sees and flushes the counts to Redis in the background, where
they meet the other workers' counts; the totals come back with `learn`. What is pending
counts at once, so one worker alone throttles exactly at the limit. Several workers
together let through at most their own limits until their next flush.

A block that outlasts its own window cannot be told from counts later on, so it is
stored: other workers, and this one after a restart, learn it with the first flush of
that entity, that is after fewer than `limit` guesses and one flush interval.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Final

from anti_fraud.domain.entities import Entity, entity_of
from anti_fraud.domain.rule_set import Throttle

# A total from Redis covers at least this share of its window, so that is for how long
# the codes in it surely still count.
_FRESH_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class PendingInvalid:
    """What one entity has to flush: add `n` and, when set, store the block."""

    tag: bytes
    n: int
    windows: tuple[int, ...]
    blocked_until_s: float | None


class _Source:
    """What a worker knows about one entity."""

    __slots__ = ("announce", "blocked_until_s", "known", "known_at_s", "pending")

    def __init__(self, width: int) -> None:
        self.pending = 0
        # Totals by window as of `known_at_s`, without what is pending.
        self.known = [0.0] * width
        self.known_at_s = 0.0
        self.blocked_until_s = 0.0
        # The end of a block that Redis has yet to be told.
        self.announce = 0.0


class InvalidCounter:
    """Counts invalid codes by entity and tells who is turned away, and how long.

    Times are Unix seconds and handed in. Entities are tags (see entities.py); those
    whose kind has no throttle are ignored. At most `capacity` entities are
    remembered; past that the one that has been quiet longest is forgotten, with its
    unflushed counts and its block, which is learned again from Redis at its next
    flush. `forgotten` counts them.
    """

    def __init__(
        self, throttles: Iterable[Throttle], *, capacity: int = 50_000
    ) -> None:
        if capacity < 1:
            raise ValueError("An invalid counter remembers at least one entity.")
        self._throttles: dict[Entity, tuple[Throttle, ...]] = {}
        for throttle in throttles:
            before = self._throttles.get(throttle.entity, ())
            self._throttles[throttle.entity] = (*before, throttle)
        self._windows = {
            entity: tuple(one.window_s for one in group)
            for entity, group in self._throttles.items()
        }
        self._capacity = capacity
        # In order of their last invalid code, the quietest first. A plain dict would
        # look for its first item past all that were removed before it.
        self._sources: OrderedDict[bytes, _Source] = OrderedDict()
        self._dirty: OrderedDict[bytes, None] = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        """Return how many entities are remembered."""
        return len(self._sources)

    def throttled_for(self, tags: Iterable[bytes], now_s: float) -> int:
        """Return for how many more seconds a caller is turned away; 0 when free."""
        until_s = now_s
        for tag in tags:
            source = self._sources.get(tag)
            if source is not None and source.blocked_until_s > until_s:
                until_s = source.blocked_until_s
        return ceil(until_s - now_s)

    def note_invalid(self, tags: Iterable[bytes], now_s: float) -> None:
        """Count one invalid code for each entity of its caller.

        Guesses of a caller who is already turned away count too: whoever goes on
        guessing prolongs the block.
        """
        for tag in tags:
            throttles = self._throttles.get(entity_of(tag))
            if throttles is None:
                continue
            source = self._sources.get(tag)
            if source is None:
                if len(self._sources) >= self._capacity:
                    self._forget_quietest()
                source = self._sources[tag] = _Source(len(throttles))
            else:
                self._sources.move_to_end(tag)
            source.pending += 1
            self._dirty[tag] = None
            _judge(source, throttles, now_s)

    def drain(self, now_s: float, *, at_most: int = 256) -> list[PendingInvalid]:
        """Return what to flush, oldest first, and count it as known from here on.

        A flush that fails may simply be dropped: this worker goes on from what it
        counted itself, and the other workers never learn of these.
        """
        drained: list[PendingInvalid] = []
        while self._dirty and len(drained) < at_most:
            tag, _ = self._dirty.popitem(last=False)
            source = self._sources[tag]
            windows = self._windows[entity_of(tag)]
            age_s = max(0.0, now_s - source.known_at_s)
            for index, window_s in enumerate(windows):
                # The new date would make old counts young again, so they fade
                # first; this matters only while Redis is away.
                faded = source.known[index] * max(0.0, 1 - age_s / window_s)
                source.known[index] = faded + source.pending
            source.known_at_s = now_s
            block = source.announce if source.announce > now_s else None
            drained.append(PendingInvalid(tag, source.pending, windows, block))
            source.pending = 0
            source.announce = 0.0
        return drained

    def learn(
        self,
        flushed: PendingInvalid,
        totals: tuple[int, ...],
        now_s: float,
        *,
        stored_until_s: float = 0.0,
    ) -> None:
        """Take over the totals that Redis holds after a flush, and a stored block.

        `stored_until_s` is the end of the block that Redis held before the flush.
        When the flush replaced it by a shorter one, it is announced again.
        """
        source = self._sources.get(flushed.tag)
        if source is None:
            return
        source.known = [float(total) for total in totals]
        source.known_at_s = now_s
        source.blocked_until_s = max(source.blocked_until_s, stored_until_s)
        written = flushed.blocked_until_s
        if written is not None and written < stored_until_s:
            source.announce = stored_until_s
            self._dirty[flushed.tag] = None
        _judge(source, self._throttles[entity_of(flushed.tag)], now_s)
        if source.announce:
            self._dirty[flushed.tag] = None

    def _forget_quietest(self) -> None:
        tag, _ = self._sources.popitem(last=False)
        self._dirty.pop(tag, None)
        self.forgotten += 1


def _judge(source: _Source, throttles: tuple[Throttle, ...], now_s: float) -> None:
    """Block an entity that has reached a limit."""
    age_s = now_s - source.known_at_s
    for known, throttle in zip(source.known, throttles, strict=True):
        total: float = source.pending
        if age_s < _FRESH_SHARE * throttle.window_s:
            total += known
        if total < throttle.limit:
            continue
        until_s = now_s + throttle.block_s
        if until_s <= source.blocked_until_s:
            continue
        source.blocked_until_s = until_s
        if throttle.block_s > throttle.window_s:
            source.announce = until_s
