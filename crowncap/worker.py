"""One worker's parts, put together, and its life from start to stop."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.guesses import GuessCounter
from anti_fraud.network_data import NetworkData
from anti_fraud.store.incidents import report_incidents
from codegen.pipeline import Issuance
from core.auth.guesses import INCIDENT, GuessLimit
from core.auth.members import MemberVerifier
from core.auth.refusals import RefusalLog
from core.auth.requests import Authenticator, Once
from core.clock import Clock, utc_datetime
from core.database_clock import DatabaseClock
from core.db import DATABASE_AWAY, create_serving_engine
from core.redis import RedisClient, connect
from core.settings import Settings
from crowncap.awarded_cards import AwardedCards
from crowncap.background import keep_going, watch_loop
from crowncap.code_holders import find_code_holders
from crowncap.coupon_codes import CouponSealing
from crowncap.packaging import packaging_of
from crowncap.paying import payout_terms
from crowncap.recovery.claims import ClaimJournal
from crowncap.recovery.journal import keep_journal
from crowncap.secret_boxes import BoxInfo, open_box
from crowncap.server_urls import issuance_of, member_keys, server_urls
from crowncap.upkeep import run_upkeep
from crowncap.worker_reports import WorkerReports
from printer_export.pipeline.packages.orders import Packaging
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.awarding import Awarding
from rewards.pipeline.coupons.issuing import CouponIssuing
from rewards.pipeline.coupons.numbers import CouponNumbers
from rewards.pipeline.coupons.redeeming import Redeeming
from rewards.pipeline.draws.prizes import PrizeClaiming
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.draws.taking import TicketTaking
from rewards.pipeline.gifts.claims import GiftClaiming
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.terms import PayoutTerms
from scan_api.pipeline.breaker import RefusalCounter
from scan_api.pipeline.code_lookup import CodeLookup
from scan_api.pipeline.early_scans import EarlyScanLog
from scan_api.pipeline.filters import FilterUpkeep
from scan_api.pipeline.guess_throttle import GuessThrottle
from scan_api.pipeline.lateness import Lateness
from scan_api.pipeline.metrics import forget_dead_workers
from scan_api.pipeline.opening import ScanOpening
from scan_api.pipeline.readiness import ReadinessCheck
from scan_api.pipeline.releases import HoldReleaser
from scan_api.pipeline.scans import ScanPipeline
from scan_api.pipeline.shadowing import Shadowing
from scan_api.pipeline.signals import SignalStore
from scan_api.pipeline.worker_lease import LeasedIds
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.routes.scans import ScanRoute
from scan_api.store.commit_pool import CommitPool
from scan_api.store.partitions import ensure_current_partitions

# A batch that waits longer goes on without signals, and its rewards are held.
REDIS_TIMEOUT_S = 0.5

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class Worker:
    """Everything that one worker process holds."""

    settings: Settings
    reports: WorkerReports
    clock: DatabaseClock = field(default_factory=DatabaseClock)
    engine: AsyncEngine = field(init=False)
    redis: RedisClient = field(init=False)
    authenticator: Authenticator = field(init=False)
    refusals: RefusalLog = field(init=False)
    guesses: GuessLimit = field(init=False)
    once: Once = field(init=False)
    issuance: Issuance = field(init=False)
    packaging: Packaging = field(init=False)
    opening: ScanOpening = field(init=False)
    scan_route: ScanRoute = field(init=False)
    early: EarlyScanLog = field(init=False)
    breaker: RefusalCounter = field(init=False)
    codes: CodeLookup = field(init=False)
    readiness: ReadinessCheck = field(init=False)
    claims: ClaimJournal = field(init=False)
    coupon_issuing: CouponIssuing = field(init=False)
    coupon_redeeming: Redeeming = field(init=False)
    gift_claiming: GiftClaiming = field(init=False)
    prize_claiming: PrizeClaiming = field(init=False)
    payouts: PayoutTerms = field(init=False)
    ticket_taking: TicketTaking = field(init=False)
    shadowing: Shadowing = field(init=False)

    def __post_init__(self) -> None:
        urls = server_urls(self.settings)
        self.engine = create_serving_engine(urls.database_url)
        self.redis = connect(urls.redis_url, timeout_s=REDIS_TIMEOUT_S)
        verifier = MemberVerifier.from_file(member_keys(self.settings))
        self.refusals = RefusalLog(self.engine, self.clock)
        self.authenticator = Authenticator(
            self.engine, verifier, self.clock, self.refusals
        )
        self.guesses = GuessLimit(self.engine, partial(_tell_guessing, self.clock))
        self.once = Once(self.engine, self.clock, self.guesses)
        self.issuance = issuance_of(self.settings)
        self.packaging = packaging_of(self.settings)
        keeper = WorkerStateKeeper(self.engine, self.issuance.key_file)
        pool = CommitPool(urls.database_url)
        ids = LeasedIds(database_url=urls.database_url, clock=self.clock)
        self.readiness = ReadinessCheck.of(
            urls.database_url,
            pool.record,
            self.redis,
            lambda: ids.is_leased(self.clock.now_ms()),
        )
        self.claims = ClaimJournal(self.settings.data_dir / "claims")
        sealed = CouponSealing(self.issuance).codes()
        numbers = CouponNumbers(self.engine, sealed)
        self.shadowing = Shadowing(self.engine, self.settings.timezone)
        pipeline = ScanPipeline(
            pool,
            SignalStore(self.redis, keeper.note_wrong_bits),
            keeper,
            self.settings.timezone,
            ids,
            numbers.take,
            self.claims.note,
            self.shadowing.note,
            NetworkData.open(self.settings.network_data).find,
        )
        self.early = EarlyScanLog(self.engine, self.clock, keeper, find_code_holders)
        pipeline.note_early = self.early.note_scan
        self.breaker = RefusalCounter(self.engine, self.clock)
        pipeline.note_refused = self.breaker.note
        throttle = GuessThrottle(
            GuessCounter(()), self.redis, self.engine, self.clock, keeper
        )
        lateness = Lateness(self.settings.late_scan_hours)
        self.opening = ScanOpening(pipeline, throttle, self.clock, ids, lateness)
        self.scan_route = ScanRoute(
            self.opening, self.authenticator, self.settings.trusted_proxies
        )
        timezone = self.settings.timezone
        self.codes = CodeLookup(
            self.engine, self.clock, keeper, throttle, timezone, self.early
        )
        self.coupon_issuing = CouponIssuing(
            self.engine, self.clock, ids, timezone, numbers
        )
        self.coupon_redeeming = Redeeming(self.engine, self.clock, ids, sealed)
        addresses = Addresses(partial(open_box, self.settings, BoxInfo.ADDRESSES))
        self.gift_claiming = GiftClaiming(ids, addresses, timezone)
        cards = AwardedCards(self.issuance.key_file)
        awarding = Awarding(ids, timezone, numbers.take, cards.pick)
        self.prize_claiming = PrizeClaiming(self.engine, addresses, awarding)
        ends = PayoutEnds(ids, self.clock, timezone)
        self.payouts = payout_terms(self.settings, ends)
        self.ticket_taking = TicketTaking(
            self.engine,
            self.clock,
            ids,
            DrawSecrets(partial(open_box, self.settings, BoxInfo.DRAWS)),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load what scans need, keep it fresh, and let everything go at the end."""
        watch_loop(asyncio.get_running_loop())
        async with self.reports.telling_failure():
            await self._load()
        # Its first beat says that the worker serves.
        beats = asyncio.create_task(self.reports.beat_forever())
        tasks = [
            asyncio.create_task(keep_going(name, work))
            for name, work in self._works().items()
        ]
        _calm_garbage_collection()
        try:
            yield
        finally:
            # From here on the supervisor waits only as long as for a silent worker.
            beats.cancel()
            await self.opening.pipeline.batcher.drain()
            await self.coupon_issuing.batcher.drain()
            await self.coupon_redeeming.batcher.drain()
            await self.ticket_taking.batcher.drain()
            for task in tasks:
                task.cancel()
            await asyncio.gather(beats, *tasks, return_exceptions=True)
            await self.opening.throttle.report()
            await self.early.flush()
            await self.breaker.flush()
            await self.claims.flush()
            await self.shadowing.flush()
            with suppress(*DATABASE_AWAY):
                await self.refusals.flush()
            await self.opening.ids.give_back()
            await self.opening.pipeline.pool.close()
            await self.readiness.close()
            await self.redis.close()
            await self.engine.dispose()

    async def _load(self) -> None:
        """Bring everything to where scans can be answered."""
        opening, keeper = self.opening, self.opening.pipeline.states
        await self.clock.measure(self.engine)
        await ensure_current_partitions(self.engine, utc_datetime(self.clock.now_ms()))
        await keeper.start()
        if metrics := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            forget_dead_workers(Path(metrics))
        opening.throttle.obey()
        await opening.ids.take()

    def _works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Name what goes on in the background for as long as the worker lives."""
        opening, keeper = self.opening, self.opening.pipeline.states
        releaser = HoldReleaser(
            self.engine,
            self.redis,
            self.clock,
            opening.ids,
            keeper,
            self.settings.timezone,
        )
        return {
            "worker number": opening.ids.hold,
            "states": keeper.follow,
            "guesses": opening.throttle.run,
            "blocks of others": opening.throttle.listen,
            "early scans": self.early.run,
            "refusals of rules": self.breaker.run,
            "releases": releaser.run,
            "filters": FilterUpkeep(self.engine, self.redis, keeper).run,
            "clock": partial(self.clock.follow, self.engine),
            "claims": self.claims.run,
            "refusals": self.refusals.run,
            "shadow": self.shadowing.run,
            "journal": partial(keep_journal, self.engine, self.issuance.high_water),
            "upkeep": partial(run_upkeep, self.engine, self.clock),
        }


async def _tell_guessing(clock: Clock, conn: AsyncConnection, token_id: str) -> None:
    """Raise an incident about a token that names wrong codes by the thousand."""
    now = utc_datetime(clock.now_ms())
    await report_incidents(conn, INCIDENT, [f"token:{token_id}"], now=now)


def _calm_garbage_collection() -> None:
    """Look for cycles seldom, and not among what lives as long as the worker.

    Measured: with the defaults a full collection stopped every scan of a worker for
    120 to 480 ms, since its caches hold hundreds of thousands of objects. What scans
    leave behind is freed by counting references.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
