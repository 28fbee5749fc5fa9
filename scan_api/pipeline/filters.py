"""Workers look for what is missing in Redis, and fill it from PostgreSQL behind scans.

A Redis that was emptied, restarted or swapped for another lacks the marker that every
worker looks for each second; then all segments are asked for. A segment stays on the
list until it is filled, whatever fails meanwhile. Several workers share the work: a
segment is leased while one of them fills it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.store import load_segments
from core.clock import elapsed_s
from core.ids import random_token
from core.redis import PackedBatch, RedisAway, RedisClient
from scan_api.pipeline.metrics import REDIS_UP, SEGMENTS_MISSING
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.filters import READY_BIT, FilterBuilder, claimed_key

INTERVAL_S = 1.0
# A segment alone may be lost too (evicted, or half filled by a worker that died).
LOOK_AT_ALL_S = 60.0
LEASE_S = 30
AT_ONCE = 2
_ASKED_A_CALL = 1_000
_MARKER = b"filters:marker"

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class FilterUpkeep:
    """Keeps the filters of one Redis whole; every worker runs one."""

    engine: AsyncEngine
    redis: RedisClient
    states: WorkerStateKeeper
    _builder: FilterBuilder = field(init=False)
    _missing: set[int] = field(default_factory=set)
    _wrong: set[int] = field(default_factory=set)
    _changed: set[int] = field(default_factory=set)
    _marker: bytes | None = None
    _look_at_all_s: float = 0.0

    def __post_init__(self) -> None:
        """Take the builder that commands use as well."""
        self._builder = FilterBuilder(self.engine, self.redis)

    async def run(self) -> None:
        """Look and fill until cancelled."""
        while True:
            try:
                await self.tend()
            except RedisAway:
                REDIS_UP.set(0)
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("filters_not_tended", cause=fault)
            await asyncio.sleep(INTERVAL_S)

    async def tend(self) -> None:
        """Look once, and fill what is missing. Raises RedisAway."""
        self._wrong |= self.states.take_wrong_segments()
        self._changed |= self.states.take_stale_segments()
        await self._look()
        # A new batch has segments that nobody has filled yet, and others may have
        # filled what was missing.
        doubtful = sorted(self._missing | self._changed)
        self._missing = set(await missing_segments(self.redis, doubtful))
        REDIS_UP.set(1)
        todo = sorted(self._missing | self._wrong | self._changed)
        began, waiting = elapsed_s(), len(self._missing)
        for at in range(0, len(todo), AT_ONCE):
            await asyncio.gather(*(self._fill(s) for s in todo[at : at + AT_ONCE]))
            SEGMENTS_MISSING.set(len(self._missing))
        if waiting:
            filled = waiting - len(self._missing)
            took_s = round(elapsed_s() - began, 3)
            log.info("filters_filled", segments=filled, took_s=took_s)

    async def _look(self) -> None:
        """Ask for the marker, and for all segments if it is not the one known."""
        marker = await self.redis.call(b"GET", _MARKER)
        now_s = elapsed_s()
        if (
            marker is not None
            and marker == self._marker
            and now_s < self._look_at_all_s
        ):
            return
        async with self.engine.connect() as conn:
            segments = await load_segments(conn)
        self._missing.update(await missing_segments(self.redis, segments))
        SEGMENTS_MISSING.set(len(self._missing))
        if marker is None:
            fresh = random_token(9).encode()
            await self.redis.call(b"SET", _MARKER, fresh, b"NX")
            marker = await self.redis.call(b"GET", _MARKER)
        self._marker = marker
        self._look_at_all_s = now_s + LOOK_AT_ALL_S

    async def _fill(self, segment: int) -> None:
        """Fill one segment, unless another worker is about to."""
        if segment in self._missing or segment in self._wrong:
            lease = b"filling:{s%x}" % segment
            if not await self._take(lease):
                # Whoever has it may die of it, so it stays on the list.
                return
            try:
                await self._builder.rebuild_claimed(segment)
                await self._builder.rebuild_void(self.states.keys, segment)
            finally:
                await self.redis.call(b"DEL", lease)
            self._missing.discard(segment)
            self._wrong.discard(segment)
        else:
            await self._builder.rebuild_void(self.states.keys, segment)
        self._changed.discard(segment)

    async def _take(self, lease: bytes) -> bool:
        expiry = b"EX", str(LEASE_S).encode()
        return await self.redis.call(b"SET", lease, b"1", b"NX", *expiry) is not None


async def missing_segments(redis: RedisClient, segments: Sequence[int]) -> list[int]:
    """Tell which segments have no ready bitmap. Raises RedisAway."""
    missing: list[int] = []
    for at in range(0, len(segments), _ASKED_A_CALL):
        part = segments[at : at + _ASKED_A_CALL]
        batch = PackedBatch()
        handles = [batch.bit(claimed_key(segment), READY_BIT) for segment in part]
        results = await batch.run(redis)
        missing += [
            segment
            for segment, handle in zip(part, handles, strict=True)
            if results.bit(handle) != 1
        ]
    return missing
