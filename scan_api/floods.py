"""Invalid codes: refused at once in memory, counted and sampled in the background."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, NoReturn

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain import InvalidCounter, PendingInvalid, block_key, invalid_key
from anti_fraud.store import report_incidents, report_invalid
from codegen.domain.code_text import mask, normalise
from core.clock import Clock, utc_datetime
from core.errors import Throttled
from core.redis import PackedBatch, RedisAway, RedisClient
from scan_api.domain import Outcome
from scan_api.metrics import OUTCOMES, THROTTLED
from scan_api.snapshots import SnapshotKeeper

FLUSH_INTERVAL_S = 0.1
REPORT_INTERVAL_S = 10.0
MAX_SAMPLES = 20
# The channel of who only looks at a page.
VIEW = "view"
# More invalid codes than this a second, over all callers of a worker, is an alarm.
ALARM_PER_S = 50.0
_LONGEST_TIME = 20

log = structlog.get_logger(room=__name__)


@dataclass(slots=True)
class FloodGate:
    """Tells whose guesses are turned away, and reports what came."""

    counter: InvalidCounter
    redis: RedisClient
    engine: AsyncEngine
    clock: Clock
    snapshots: SnapshotKeeper
    _seen: int = 0
    _scanned: int = 0
    _throttled: int = 0
    _counted: tuple[int, int] = (0, 0)
    _samples: list[dict[str, Any]] = field(default_factory=list)

    def throttled_for(self, tags: tuple[bytes, ...], now_ms: int) -> int:
        """Tell for how many more seconds a caller's guesses are turned away."""
        return self.counter.throttled_for(tags, now_ms / 1000)

    def refuse(self, seconds: int) -> NoReturn:
        """Turn a guess away unread; raises Throttled."""
        self._throttled += 1
        raise Throttled(
            "Too many codes that are not ours came from here; try again later.",
            retry_after_s=seconds,
        )

    def note_invalid(
        self, tags: tuple[bytes, ...], now_ms: int, given: str, channel: str
    ) -> None:
        """Count an invalid code, and keep a few, masked, for people to look at."""
        self.counter.note_invalid(tags, now_ms / 1000)
        self._seen += 1
        # Looking is not scanning: it counts as a guess, not as a scan.
        self._scanned += channel != VIEW
        if len(self._samples) < MAX_SAMPLES:
            code_text = normalise(given)
            self._samples.append(
                {
                    "at": utc_datetime(now_ms).isoformat(),
                    "code": mask(code_text) if code_text else None,
                    "length": len(given),
                    "channel": channel,
                }
            )

    async def run(self) -> None:
        """Flush and report until cancelled."""
        last_report_ms = self.clock.now_ms()
        while True:
            await asyncio.sleep(FLUSH_INTERVAL_S)
            self._count()
            await share_counts(self.counter, self.redis, self.clock.now_ms() / 1000)
            elapsed_ms = self.clock.now_ms() - last_report_ms
            if not 0 <= elapsed_ms < REPORT_INTERVAL_S * 1000:
                last_report_ms = self.clock.now_ms()
                await self.report(elapsed_ms / 1000)

    def _count(self) -> None:
        """Bring the metrics up to date; one by one would cost more than refusing."""
        OUTCOMES[Outcome.INVALID].inc(self._scanned - self._counted[0])
        THROTTLED.inc(self._throttled - self._counted[1])
        self._counted = (self._scanned, self._throttled)

    async def report(self, elapsed_s: float) -> None:
        """Write down what came since the last report."""
        seen, throttled, samples = self._seen, self._throttled, self._samples
        self._count()
        leaked = self.snapshots.take_never_issued()
        self._counted = (0, 0)
        self._seen, self._throttled, self._samples = 0, 0, []
        self._scanned = 0
        if elapsed_s > 0 and (seen + throttled) / elapsed_s > ALARM_PER_S:
            log.warning("invalid_code_flood", seen=seen, throttled=throttled)
        if leaked:
            log.error("key_leak_sign", codes=len(leaked), mend="docs/key-leak.md")
        if not (seen or throttled or leaked):
            return
        now = utc_datetime(self.clock.now_ms())
        try:
            async with self.engine.begin() as conn:
                if seen or throttled:
                    await report_invalid(
                        conn,
                        seen=seen,
                        throttled=throttled,
                        samples=samples,
                        now=now,
                    )
                if leaked:
                    subjects = [f"code:{code_id}" for code_id in leaked]
                    await report_incidents(conn, "key_leak", subjects, now=now)
        except Exception as fault:  # noqa: BLE001 - counts are lost, scans go on
            log.warning("invalid_report_lost", seen=seen, cause=repr(fault))


async def share_counts(
    counter: InvalidCounter, redis: RedisClient, now_s: float
) -> None:
    """Meet the other workers' counts in Redis; while it is away each counts alone."""
    pending = counter.drain(now_s)
    if not pending:
        return
    batch = PackedBatch()
    handles = [_add(batch, entry, now_s) for entry in pending]
    try:
        results = await batch.run(redis)
    except RedisAway:
        return
    for entry, (count, block) in zip(pending, handles, strict=True):
        counter.learn(
            entry,
            results.count(count),
            now_s,
            stored_until_s=float(results.slice(block) or 0),
        )


def _add(batch: PackedBatch, entry: PendingInvalid, now_s: float) -> tuple[int, int]:
    """Add to an entity's counter, read its block, and store a longer one."""
    count = batch.count(invalid_key(entry.tag), entry.n, entry.windows)
    block = batch.slice(block_key(entry.tag), 0, _LONGEST_TIME)
    until_s = entry.blocked_until_s
    if until_s is not None:
        ttl_s = max(1, round(until_s - now_s))
        batch.swap(block_key(entry.tag), b"%d" % until_s, ttl_s)
    return count, block
