"""One worker's parts, put together, and its life from start to stop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain import GuessCounter
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline import Issuance
from core.auth.idempotency import prune_keys
from core.auth.members import MemberVerifier
from core.auth.requests import Authenticator, Once
from core.clock import Clock, SystemClock, utc_datetime
from core.db import create_engine
from core.ids import TimeIds
from core.redis import RedisClient, connect
from core.settings import Settings
from crowncap.places import member_keys, server_urls
from printer_export.pipeline.packages import Packaging
from printer_export.signing import SigningKeyFile
from scan_api.filters import FilterBuilder
from scan_api.guess_throttle import GuessThrottle
from scan_api.hot_route import ScanDesk
from scan_api.lanes import Lanes
from scan_api.metrics import forget_dead_workers
from scan_api.pipeline import ScanPipeline
from scan_api.releases import HoldReleaser
from scan_api.signals import SignalStore
from scan_api.snapshots import SnapshotKeeper
from scan_api.store import drop_old_traces, ensure_time_partitions, next_worker_no
from scan_api.views import ViewDesk

UPKEEP_INTERVAL_S = 3600
# A batch that waits longer goes on without signals, and its rewards are held.
REDIS_TIMEOUT_S = 0.5

log = structlog.get_logger(room=__name__)


@dataclass(slots=True)
class Worker:
    """Everything that one worker process holds."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    engine: AsyncEngine = field(init=False)
    redis: RedisClient = field(init=False)
    authenticator: Authenticator = field(init=False)
    once: Once = field(init=False)
    issuance: Issuance = field(init=False)
    packaging: Packaging = field(init=False)
    desk: ScanDesk = field(init=False)
    views: ViewDesk = field(init=False)

    def __post_init__(self) -> None:
        urls = server_urls(self.settings)
        self.engine = create_engine(urls.database_url)
        self.redis = connect(urls.redis_url, timeout_s=REDIS_TIMEOUT_S)
        verifier = MemberVerifier.from_file(member_keys(self.settings))
        self.authenticator = Authenticator(self.engine, verifier, self.clock)
        self.once = Once(self.engine, self.clock)
        self.issuance = issuance_of(self.settings)
        self.packaging = Packaging(
            self.issuance,
            SigningKeyFile(self.settings.signing_key),
            self.settings.demo,
            self.settings.trusted_proxies,
        )
        keeper = SnapshotKeeper(
            self.engine,
            self.issuance.key_file,
            FilterBuilder(self.engine, self.redis),
        )
        pipeline = ScanPipeline(
            Lanes(urls.database_url),
            SignalStore(self.redis),
            keeper,
            self.settings.timezone,
        )
        throttle = GuessThrottle(
            GuessCounter(()), self.redis, self.engine, self.clock, keeper
        )
        self.desk = ScanDesk(
            pipeline,
            throttle,
            self.authenticator,
            self.clock,
            TimeIds(0),
            self.settings.trusted_proxies,
        )
        self.views = ViewDesk(self.engine, self.clock, keeper, throttle)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load what scans need, keep it fresh, and let everything go at the end."""
        desk = self.desk
        async with self.engine.begin() as conn:
            await ensure_time_partitions(conn, utc_datetime(self.clock.now_ms()))
            desk.ids.worker_no = await next_worker_no(conn)
        keeper = desk.pipeline.snapshots
        await keeper.start()
        if metrics := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            forget_dead_workers(Path(metrics))
        desk.throttle.counter = GuessCounter(keeper.rule_set.throttles)
        releaser = HoldReleaser(
            self.engine,
            self.redis,
            self.clock,
            desk.ids,
            keeper,
            self.settings.timezone,
        )
        tasks = [
            asyncio.create_task(work)
            for work in (
                keeper.follow(),
                desk.throttle.run(),
                desk.throttle.listen(),
                releaser.run(),
                self._upkeep(),
                _end_with_parent(),
            )
        ]
        await keeper.mend_filters()
        _calm_garbage_collection()
        try:
            yield
        finally:
            await desk.pipeline.batcher.drain()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.throttle.report(elapsed_s=0)
            await desk.pipeline.lanes.close()
            await self.redis.close()
            await self.engine.dispose()

    async def _upkeep(self) -> None:
        """Make partitions ahead of time, drop what is past its keeping."""
        while True:
            await asyncio.sleep(UPKEEP_INTERVAL_S)
            now = utc_datetime(self.clock.now_ms())
            try:
                async with self.engine.begin() as conn:
                    await ensure_time_partitions(conn, now)
                    await drop_old_traces(conn, now)
                    await prune_keys(conn, now=now)
            except Exception as fault:  # noqa: BLE001 - tried again in an hour
                log.warning("upkeep_failed", cause=repr(fault))


def issuance_of(settings: Settings) -> Issuance:
    """Tell where keys and the high-water mark are, and what links begin with."""
    return Issuance(
        MasterKeyFile(settings.master_keys),
        HighWaterMark(settings.data_dir / "keys" / "high-water.json"),
        settings.public_url.upper(),
    )


def _calm_garbage_collection() -> None:
    """Look for cycles seldom, and not among what lives as long as the worker.

    Measured: with the defaults a full collection stopped every scan of a worker for
    120 to 480 ms, since its caches hold hundreds of thousands of objects. What scans
    leave behind is freed by counting references.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


async def _end_with_parent() -> None:
    """Stop when the process that started this worker is gone, even if killed."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody announces this
        await asyncio.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
