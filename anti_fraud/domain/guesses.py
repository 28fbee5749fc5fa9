"""Wrong guesses: counted in memory, so that refusing one costs no I/O.

A worker counts what it sees and flushes the counts to Redis in the background, where
they meet the other workers' counts; the totals come back with `learn`. What is pending
counts at once, so one worker alone throttles exactly at the limit. Several workers
together let through at most their own limits until their next flush, and hear of each
other's blocks then (`news`, `hear`), also of callers whom they have not met.

A block that outlasts its own window cannot be told from counts later on, so it is
stored: a worker learns it after a restart with the first flush of that entity, that is
after fewer than `limit` guesses and one flush interval.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Final, NamedTuple

from anti_fraud.domain.entities import STRICT, Entity, entity_of
from anti_fraud.domain.rule_sets import Throttle

# Of a blocked member, device or app token this many right codes are still opened in
# this many seconds: an honest one is served, and nobody claims caps by the hundred.
RIGHT_WHILE_BLOCKED: Final = 20
RIGHT_WINDOW_S: Final = 60
# Once a window holds this many times its limit of wrong guesses nothing is opened for
# a while: whoever had right codes served while wrong ones are refused would still
# learn which is which, as fast as he can ask.
SHUT_AT: Final = 4
SHUT_S: Final = 60

# A total from Redis covers at least this share of its window, so that is for how long
# the codes in it surely still count.
FRESH_SHARE: Final = 0.9
# A block that grows by less is not told to the other workers again.
_TELL_AGAIN_S: Final = 5.0
_RIGHT_WINDOWS: Final = (RIGHT_WINDOW_S,)


class Treatment(Enum):
    """What becomes of a caller's code."""

    FREE = "it is opened, and the answer is told"
    WATCHED = "it is opened; a right code is served, a wrong one counted and refused"
    UNTOLD = "it is opened, so that a wrong one counts; right or wrong, it is refused"
    SHUT = "it is refused unread"


class Admission(NamedTuple):
    """How a caller is treated, and for how many more seconds."""

    treatment: Treatment
    seconds: int


FREE: Final = Admission(Treatment.FREE, 0)


@dataclass(frozen=True, slots=True)
class PendingGuesses:
    """What one entity has to flush: counts to add and, when set, a block to store."""

    tag: bytes
    n: int
    windows: tuple[int, ...]
    right: int
    blocked_until_s: float | None


class Block(NamedTuple):
    """News of one entity: until when it is blocked, and shut (Unix seconds)."""

    tag: bytes
    blocked_until_s: float
    shut_until_s: float


class _Count:
    """A number that grows here and elsewhere, over some windows."""

    __slots__ = ("known", "known_at_s", "pending")

    def __init__(self, width: int) -> None:
        self.pending = 0
        # Totals by window as of `known_at_s`, without what is pending.
        self.known = [0.0] * width
        self.known_at_s = 0.0

    def total(self, index: int, window_s: int, now_s: float) -> float:
        if now_s - self.known_at_s < FRESH_SHARE * window_s:
            return self.pending + self.known[index]
        return self.pending

    def drain(self, windows: tuple[int, ...], now_s: float) -> int:
        """Count what is pending as known from here on, and return how much it was."""
        age_s = max(0.0, now_s - self.known_at_s)
        for index, window_s in enumerate(windows):
            # The new date would make old counts young again, so they fade first;
            # this matters only while Redis is away.
            faded = self.known[index] * max(0.0, 1 - age_s / window_s)
            self.known[index] = faded + self.pending
        self.known_at_s = now_s
        drained, self.pending = self.pending, 0
        return drained

    def learn(self, totals: tuple[int, ...], now_s: float) -> None:
        self.known = [float(total) for total in totals]
        self.known_at_s = now_s


class _Source:
    """What a worker knows about one entity."""

    __slots__ = (
        "announce",
        "blocked_until_s",
        "last_right",
        "right",
        "shut_until_s",
        "told_blocked_s",
        "told_shut_s",
        "wrong",
    )

    def __init__(self, width: int) -> None:
        self.wrong = _Count(width)
        self.right = _Count(len(_RIGHT_WINDOWS))
        # The same code again is the same bottle, not one more.
        self.last_right: int | None = None
        self.blocked_until_s = 0.0
        self.shut_until_s = 0.0
        # The end of a block that Redis has yet to be told.
        self.announce = 0.0
        # What the other workers have heard.
        self.told_blocked_s = 0.0
        self.told_shut_s = 0.0


class GuessCounter:
    """Counts wrong guesses by entity and tells who is turned away, and how long.

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
            raise ValueError("A guess counter remembers at least one entity.")
        self._capacity = capacity
        # In order of their last guess, the quietest first. A plain dict would look
        # for its first item past all that were removed before it.
        self._sources: OrderedDict[bytes, _Source] = OrderedDict()
        self._dirty: OrderedDict[bytes, None] = OrderedDict()
        self._news: OrderedDict[bytes, None] = OrderedDict()
        self.forgotten = 0
        self._windows: dict[Entity, tuple[int, ...]] = {}
        self.obey(tuple(throttles))

    def obey(self, throttles: tuple[Throttle, ...]) -> None:
        """Judge by these throttles from here on.

        Who is blocked stays blocked, unless nothing limits such entities any more.
        Counts begin anew where the windows are others.
        """
        self.throttles = throttles
        self._throttles: dict[Entity, tuple[Throttle, ...]] = {}
        for throttle in throttles:
            group = self._throttles.get(throttle.entity, ())
            self._throttles[throttle.entity] = (*group, throttle)
        before, self._windows = (
            self._windows,
            {
                entity: tuple(one.window_s for one in group)
                for entity, group in self._throttles.items()
            },
        )
        for tag, source in list(self._sources.items()):
            windows = self._windows.get(entity_of(tag))
            if windows is None:
                self._forget(tag)
            elif windows != before[entity_of(tag)]:
                source.wrong = _Count(len(windows))

    def __len__(self) -> int:
        """Return how many entities are remembered."""
        return len(self._sources)

    def admit(self, tags: Iterable[bytes], now_s: float) -> Admission:
        """Tell how a caller is treated, who is all of these entities at once.

        A network is not held against a member, who has a limit of his own: his
        address may be a whole town's.
        """
        shut_s = blocked_s = crowd_s = now_s
        is_member = False
        for tag in tags:
            entity = entity_of(tag)
            is_member = is_member or entity is Entity.MEMBER
            source = self._sources.get(tag)
            if source is None:
                continue
            if entity in STRICT:
                shut_s = max(shut_s, source.shut_until_s)
                blocked_s = max(blocked_s, source.blocked_until_s)
            else:
                crowd_s = max(crowd_s, source.blocked_until_s)
        if shut_s > now_s:
            return Admission(Treatment.SHUT, ceil(shut_s - now_s))
        if crowd_s > now_s and not is_member:
            return Admission(Treatment.UNTOLD, ceil(max(crowd_s, blocked_s) - now_s))
        if blocked_s > now_s:
            return Admission(Treatment.WATCHED, ceil(blocked_s - now_s))
        return FREE

    def blocked_for(self, tags: Iterable[bytes], now_s: float) -> int:
        """Return for how many more seconds wrong guesses of a caller are refused."""
        found = (self._sources.get(tag) for tag in tags)
        ends = (source.blocked_until_s for source in found if source is not None)
        return ceil(max(ends, default=now_s) - now_s)

    def note_guess(self, tags: Iterable[bytes], now_s: float) -> None:
        """Count one wrong guess for each entity of its caller.

        Guesses of a caller who is already turned away count too: whoever goes on
        guessing prolongs the block.
        """
        for tag in tags:
            throttles = self._throttles.get(entity_of(tag))
            if throttles is None:
                continue
            source = self._source(tag, len(throttles))
            source.wrong.pending += 1
            self._dirty[tag] = None
            self._judge_wrong(tag, source, throttles, now_s)

    def note_right(self, tags: Iterable[bytes], code_id: int, now_s: float) -> None:
        """Count a right code that was opened for a blocked caller."""
        for tag in tags:
            source = self._sources.get(tag)
            if source is None or source.blocked_until_s <= now_s:
                continue
            if entity_of(tag) not in STRICT or source.last_right == code_id:
                continue
            source.last_right = code_id
            source.right.pending += 1
            self._dirty[tag] = None
            self._judge_right(tag, source, now_s)

    def drain(self, now_s: float, *, at_most: int = 256) -> list[PendingGuesses]:
        """Return what to flush, oldest first, and count it as known from here on.

        A flush that fails may simply be dropped: this worker goes on from what it
        counted itself, and the other workers never learn of these.
        """
        drained: list[PendingGuesses] = []
        while self._dirty and len(drained) < at_most:
            tag, _ = self._dirty.popitem(last=False)
            source = self._sources[tag]
            windows = self._windows[entity_of(tag)]
            n = source.wrong.drain(windows, now_s) if source.wrong.pending else 0
            right = (
                source.right.drain(_RIGHT_WINDOWS, now_s) if source.right.pending else 0
            )
            block = source.announce if source.announce > now_s else None
            source.announce = 0.0
            drained.append(PendingGuesses(tag, n, windows, right, block))
        return drained

    def learn(
        self,
        flushed: PendingGuesses,
        totals: tuple[int, ...],
        now_s: float,
        *,
        right: tuple[int, ...] = (),
        stored_until_s: float = 0.0,
    ) -> None:
        """Take over the totals that Redis holds after a flush, and a stored block.

        `totals` and `right` are of what was flushed; the other is left empty.
        `stored_until_s` is the end of the block that Redis held before the flush.
        When the flush replaced it by a shorter one, it is announced again.
        """
        tag = flushed.tag
        source = self._sources.get(tag)
        if source is None:
            return
        source.blocked_until_s = max(source.blocked_until_s, stored_until_s)
        written = flushed.blocked_until_s
        if written is not None and written < stored_until_s:
            source.announce = stored_until_s
        # Totals of windows that were given up since are of no use.
        if totals and flushed.windows == self._windows[entity_of(tag)]:
            source.wrong.learn(totals, now_s)
            self._judge_wrong(tag, source, self._throttles[entity_of(tag)], now_s)
        if right:
            source.right.learn(right, now_s)
            self._judge_right(tag, source, now_s)
        if source.announce:
            self._dirty[tag] = None

    @property
    def has_news(self) -> bool:
        """Whether there are blocks that the other workers should hear of."""
        return bool(self._news)

    def news(self, *, at_most: int = 256) -> list[Block]:
        """Return blocks that the other workers should hear of, oldest first."""
        told: list[Block] = []
        while self._news and len(told) < at_most:
            tag, _ = self._news.popitem(last=False)
            source = self._sources[tag]
            source.told_blocked_s = source.blocked_until_s
            source.told_shut_s = source.shut_until_s
            told.append(Block(tag, source.blocked_until_s, source.shut_until_s))
        return told

    def hear(self, block: Block, now_s: float) -> None:
        """Take over a block that another worker found, perhaps a newer program."""
        try:
            throttles = self._throttles.get(entity_of(block.tag))
        except (KeyError, IndexError):
            return
        if throttles is None or max(block.blocked_until_s, block.shut_until_s) <= now_s:
            return
        source = self._source(block.tag, len(throttles))
        source.blocked_until_s = max(source.blocked_until_s, block.blocked_until_s)
        source.shut_until_s = max(source.shut_until_s, block.shut_until_s)
        source.told_blocked_s = max(source.told_blocked_s, block.blocked_until_s)
        source.told_shut_s = max(source.told_shut_s, block.shut_until_s)

    def _source(self, tag: bytes, width: int) -> _Source:
        source = self._sources.get(tag)
        if source is not None:
            self._sources.move_to_end(tag)
            return source
        if len(self._sources) >= self._capacity:
            self._forget(next(iter(self._sources)))
            self.forgotten += 1
        source = self._sources[tag] = _Source(width)
        return source

    def _forget(self, tag: bytes) -> None:
        del self._sources[tag]
        self._dirty.pop(tag, None)
        self._news.pop(tag, None)

    def _judge_wrong(
        self,
        tag: bytes,
        source: _Source,
        throttles: tuple[Throttle, ...],
        now_s: float,
    ) -> None:
        """Block an entity that has reached a limit; shut it where it goes far past."""
        for index, throttle in enumerate(throttles):
            total = source.wrong.total(index, throttle.window_s, now_s)
            if total < throttle.limit:
                continue
            if throttle.entity in STRICT and total >= SHUT_AT * throttle.limit:
                self._shut(tag, source, now_s)
            until_s = now_s + throttle.block_s
            if until_s <= source.blocked_until_s:
                continue
            source.blocked_until_s = until_s
            if throttle.block_s > throttle.window_s:
                source.announce = until_s
            if until_s - source.told_blocked_s > _TELL_AGAIN_S:
                self._news[tag] = None

    def _judge_right(self, tag: bytes, source: _Source, now_s: float) -> None:
        if source.right.total(0, RIGHT_WINDOW_S, now_s) >= RIGHT_WHILE_BLOCKED:
            self._shut(tag, source, now_s)

    def _shut(self, tag: bytes, source: _Source, now_s: float) -> None:
        source.shut_until_s = now_s + SHUT_S
        if source.shut_until_s - source.told_shut_s > _TELL_AGAIN_S:
            self._news[tag] = None
