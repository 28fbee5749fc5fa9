"""Gather and observe: one Redis round trip for a batch of scans."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import msgspec
import structlog

from anti_fraud.domain.entities import code_tag, place_key
from anti_fraud.domain.places import PLACE_S, Place, Travel, travel
from anti_fraud.domain.rule_sets import RuleSet
from codegen.domain.ranges import SEGMENT_BITS
from codegen.domain.terms import RangeTerms
from core.bloom import block_contains, block_index
from core.clock import elapsed_s
from core.redis import PackedBatch, PackedResults, RedisAway, RedisClient
from scan_api.domain.scans import NO_SIGNALS, ClaimedBit, Scan, Signals
from scan_api.pipeline.counted import (
    Tallied,
    Visits,
    read_counts,
    read_last_scans,
    shape_again,
    shape_tallies,
    visit_tallies,
)
from scan_api.pipeline.metrics import REDIS_UP, SEGMENTS_NOT_READY
from scan_api.store.filters import (
    READY_BIT,
    VOID_BLOCKS,
    claimed_key,
    claimed_offset,
    void_key,
)

# After a fault Redis is left alone for a moment, so that each batch does not wait for
# its own time-out.
RETRY_AFTER_S = 1.0
_BLOCK_BYTES = 32
_MAX_UNSENT_BITS = 100_000

log = structlog.get_logger(logger_name=__name__)


# What is counted of scans without a key, and of those with one.
_Shapes = tuple[Tallied, Tallied]


class _Handles(msgspec.Struct, frozen=True, gc=False):
    claimed: int
    ready: int
    void: int
    visits: Visits
    place: int | None


@dataclass(slots=True)
class SignalStore:
    """Reads and feeds the filters and counters of scans; lives through a lost Redis.

    Bits of claims that happened ride along with the next batch, or go by themselves
    when none comes.
    """

    redis: RedisClient
    # Told the codes whose bits were given up while Redis was away.
    note_lost: Callable[[Iterable[int]], None] = lambda _: None
    _claimed: deque[int] = field(default_factory=deque)
    _retry_at_s: float = 0.0
    _flusher: asyncio.Task[None] | None = None
    _shaped: tuple[RuleSet, _Shapes] | None = None

    async def gather(
        self,
        scans: Sequence[Scan],
        rule_set: RuleSet,
        terms: Sequence[RangeTerms | None] = (),
    ) -> list[Signals] | None:
        """Count the scans and read what is known of them; None while Redis is away.

        `terms` are those of their codes, as far as they are known.
        """
        if elapsed_s() < self._retry_at_s:
            return None
        batch = PackedBatch()
        ready: dict[int, int] = {}
        shapes = self._shape(rule_set)
        handles = [
            _ask_alone(batch, scan, shapes[bool(scan.key_hash)], term, ready)
            for scan, term in zip_longest(scans, terms)
        ]
        bits = self._take_bits(batch)
        try:
            results = await batch.run(self.redis)
        except RedisAway as fault:
            self._note_away(fault, bits)
            return None
        REDIS_UP.set(1)
        return [
            _read_alone(results, scan, handle)
            for scan, handle in zip(scans, handles, strict=True)
        ]

    async def recount(
        self,
        scans: Sequence[Scan],
        signals: Sequence[Signals],
        old: RuleSet,
        new: RuleSet,
        terms: Sequence[RangeTerms | None] = (),
    ) -> Sequence[Signals]:
        """Give the signals of scans that `old` rules counted as `new` ones count.

        What counts in the same windows as before counts nobody twice.
        """
        if new.counted == old.counted:
            return signals
        batch = PackedBatch()
        tallied = shape_again(new, old)
        handles = [
            visit_tallies(batch, scan, tallied, term) if signal.available else ()
            for scan, signal, term in zip_longest(scans, signals, terms)
        ]
        try:
            results = await batch.run(self.redis)
        except RedisAway as fault:
            self._note_away(fault, [])
            return [NO_SIGNALS] * len(scans)
        return [
            msgspec.structs.replace(
                signal,
                counts=read_counts(results, visits),
                recent=read_last_scans(results, visits) or signal.recent,
            )
            for signal, visits in zip(signals, handles, strict=True)
        ]

    def _shape(self, rule_set: RuleSet) -> _Shapes:
        """Shape what a rule set counts; remembered, since it judges many batches."""
        if self._shaped is None or self._shaped[0] is not rule_set:
            plain = shape_tallies(rule_set, keyed=False)
            self._shaped = rule_set, (plain, shape_tallies(rule_set, keyed=True))
        return self._shaped[1]

    def observe(self, claimed: Sequence[int]) -> None:
        """Learn which codes were claimed; told to Redis soon."""
        self._claimed.extend(claimed)
        if self._claimed and self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush_soon())

    async def flush(self) -> None:
        """Tell Redis now what was observed; raises RedisAway."""
        while self._claimed:
            batch = PackedBatch()
            bits = self._take_bits(batch)
            try:
                await batch.run(self.redis)
            except RedisAway:
                self._claimed.extendleft(reversed(bits))
                raise

    async def _flush_soon(self) -> None:
        try:
            await asyncio.sleep(0.02)
            while self._claimed:
                wait_s = self._retry_at_s - elapsed_s()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                try:
                    await self.flush()
                except RedisAway as fault:
                    self._note_away(fault, [])
        finally:
            self._flusher = None

    def _take_bits(self, batch: PackedBatch) -> list[int]:
        bits: list[int] = []
        while self._claimed and len(bits) < 1024:  # noqa: PLR2004 - bounds one call
            code_id = self._claimed.popleft()
            batch.set_bit(claimed_key(code_id >> SEGMENT_BITS), claimed_offset(code_id))
            bits.append(code_id)
        return bits

    def _note_away(self, fault: RedisAway, bits: Sequence[int]) -> None:
        REDIS_UP.set(0)
        self._retry_at_s = elapsed_s() + RETRY_AFTER_S
        self._claimed.extendleft(reversed(bits))
        if len(self._claimed) > _MAX_UNSENT_BITS:
            self.note_lost(self._claimed)
            self._claimed.clear()
            log.warning("claimed_bits_lost", mend="their segments are filled anew")
        log.warning("redis_away", cause=str(fault.__cause__ or fault))


def doubt_claimed(signals: Sequence[Signals]) -> list[Signals]:
    """Take every `claimed` bit for a "maybe", since one of them was wrong."""
    return [
        msgspec.structs.replace(signal, claimed=ClaimedBit.MAYBE)
        if signal.claimed is ClaimedBit.YES
        else signal
        for signal in signals
    ]


def _ask_alone(
    batch: PackedBatch,
    scan: Scan,
    tallied: Tallied,
    terms: RangeTerms | None,
    ready: dict[int, int],
) -> _Handles | None:
    """Ask for a scan's signals; who cannot be asked for costs only its own."""
    try:
        return _ask(batch, scan, tallied, terms, ready)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is this scan's
        log.error("signals_not_asked", scan_id=scan.scan_id, cause=fault)
        return None


def _read_alone(
    results: PackedResults, scan: Scan, handles: _Handles | None
) -> Signals:
    """Read a scan's signals; what cannot be read is as if Redis were away for it."""
    if handles is None:
        return NO_SIGNALS
    try:
        return _read(results, scan, handles)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is this scan's
        log.error("signals_not_read", scan_id=scan.scan_id, cause=fault)
        return NO_SIGNALS


def _ask(
    batch: PackedBatch,
    scan: Scan,
    tallied: Tallied,
    terms: RangeTerms | None,
    ready: dict[int, int],
) -> _Handles:
    segment = scan.code_id >> SEGMENT_BITS
    if segment not in ready:
        ready[segment] = batch.bit(claimed_key(segment), READY_BIT)
    block = block_index(scan.code_hash, VOID_BLOCKS)
    visits = visit_tallies(batch, scan, tallied, terms)
    place = None
    if scan.cell is not None:
        place = batch.swap_dated(
            place_key(code_tag(scan.code_id)),
            Place(scan.cell, scan.judged_at_ms // 1000).pack(),
            PLACE_S,
        )
    return _Handles(
        batch.bit(claimed_key(segment), claimed_offset(scan.code_id)),
        ready[segment],
        batch.slice(void_key(segment), block * _BLOCK_BYTES, _BLOCK_BYTES),
        visits,
        place,
    )


def _read(results: PackedResults, scan: Scan, handles: _Handles) -> Signals:
    block = results.slice(handles.void)
    return Signals(
        _claimed_bit(results.bit(handles.claimed), results.bit(handles.ready)),
        bool(block) and block_contains(block, scan.code_hash),
        read_counts(results, handles.visits),
        _read_travel(results, scan, handles.place),
        recent=read_last_scans(results, handles.visits),
    )


def _read_travel(
    results: PackedResults, scan: Scan, place: int | None
) -> Travel | None:
    if place is None or scan.cell is None:
        return None
    previous = Place.unpack(results.swap(place))
    if previous is None:
        return None
    return travel(previous, Place(scan.cell, scan.judged_at_ms // 1000))


def _claimed_bit(bit: int, ready: int) -> ClaimedBit:
    if bit == 1:
        return ClaimedBit.YES
    if ready == 1:
        return ClaimedBit.NO
    SEGMENTS_NOT_READY.inc()
    return ClaimedBit.MAYBE
