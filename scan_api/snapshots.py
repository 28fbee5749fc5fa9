"""What a worker knows of ranges, campaigns, keys and rules, and how it stays fresh."""

import asyncio
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain import RuleSet
from anti_fraud.store import load_rule_set
from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import SEGMENT_BITS, CodeRange
from codegen.keyring import MasterKeyFile
from codegen.pipeline import check_keys
from codegen.store import current_version, load_voids_since
from core.errors import MisconfiguredError
from core.redis import RedisAway
from scan_api.domain import Snapshot
from scan_api.filters import FilterBuilder
from scan_api.metrics import INCIDENTS, POSTGRES_UP, REDIS_UP
from scan_api.partitions import keep_code_partitions
from scan_api.store import load_snapshot

_MAX_NOTED = 1_000

log = structlog.get_logger(room=__name__)


@dataclass(slots=True)
class SnapshotKeeper:
    """Holds the newest snapshot; `refresh` replaces it when its version is old."""

    engine: AsyncEngine
    key_file: MasterKeyFile
    filters: FilterBuilder
    keys: EpochKeys = field(init=False)
    current: Snapshot = field(init=False)
    rule_set: RuleSet = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _never_issued: list[int] = field(default_factory=list)
    _seen_void_change: int = 0
    _stale_segments: set[int] = field(default_factory=set)

    async def start(self) -> None:
        """Load everything; raises MisconfiguredError when a key is missing or wrong."""
        self.keys = self.key_file.load()
        async with self.engine.connect() as conn:
            await check_keys(conn, self.keys)
        await self._load()

    async def refresh(self) -> None:
        """Load a newer snapshot if there is one."""
        seen = self.current.table.version
        async with self._lock:
            if self.current.table.version != seen:
                return
            async with self.engine.connect() as conn:
                version = await current_version(conn)
            if version != seen:
                await self._load()

    async def _load(self) -> None:
        async with self.engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ")
            snapshot = await load_snapshot(conn)
            self.rule_set = await load_rule_set(conn)
            voids = await load_voids_since(conn, self._seen_void_change)
        if set(snapshot.table.epochs) - set(self.keys.epochs):
            self.keys = self.key_file.load()
            async with self.engine.connect() as conn:
                await check_keys(conn, self.keys)
        # What can't be made now, upkeep makes: no reason to decide on old ranges.
        await keep_code_partitions(self.engine, pauses_s=())
        before = self.current.table.ranges if hasattr(self, "current") else ()
        self.current = snapshot
        self._note_changes(before, snapshot.table.ranges)
        for code_id, change_id in voids:
            self._stale_segments.add(code_id >> SEGMENT_BITS)
            self._seen_void_change = max(self._seen_void_change, change_id)

    def _note_changes(
        self, before: tuple[CodeRange, ...], after: tuple[CodeRange, ...]
    ) -> None:
        known = set(before)
        for r in after:
            if r not in known:
                self._stale_segments.update(
                    range(
                        r.first_code_id >> SEGMENT_BITS,
                        (r.last_code_id >> SEGMENT_BITS) + 1,
                    )
                )

    async def mend_filters(self) -> None:
        """Rebuild the segments that changes touched; they wait while Redis is away."""
        while self._stale_segments:
            segment = self._stale_segments.pop()
            try:
                if await self.filters.missing_segments([segment]):
                    await self.filters.rebuild_claimed(segment)
                await self.filters.rebuild_void(self.keys, segment)
            except RedisAway:
                self._stale_segments.add(segment)
                return

    def note_never_issued(self, code_id: int) -> None:
        """Remember a code that opened though nobody issued it; a key may be out."""
        INCIDENTS.inc()
        if len(self._never_issued) < _MAX_NOTED:
            self._never_issued.append(code_id)

    def take_never_issued(self) -> list[int]:
        """Hand over what was noted."""
        taken, self._never_issued = self._never_issued, []
        return taken

    async def follow(self, interval_s: float = 1.0) -> None:
        """Stay fresh until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self.refresh()
                POSTGRES_UP.set(1)
                await self._look_for_redis()
                await self.mend_filters()
            except MisconfiguredError as fault:
                log.error("snapshot_not_loaded", cause=str(fault))
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                POSTGRES_UP.set(0)
                log.warning("refresh_failed", cause=repr(fault))

    async def _look_for_redis(self) -> None:
        try:
            await self.filters.redis.call(b"PING")
        except RedisAway:
            REDIS_UP.set(0)
        else:
            REDIS_UP.set(1)
