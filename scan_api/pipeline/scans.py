"""The scan: open -> gather -> decide -> commit -> observe, for a batch at a time.

This is the one place that sees codes, fraud and rewards together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from anti_fraud.domain.early_scans import EarlySigns, EarlyWatch
from anti_fraud.store.early_scans import load_early_looks
from codegen import store as codegen_store
from core.batching import Batcher, QueueFullError
from core.clock import business_day, elapsed_s, to_ms, utc_datetime
from core.db import DATABASE_AWAY
from core.errors import MisconfiguredError, Unavailable, database_away
from core.ids import TimeIds
from scan_api.domain.messages import message
from scan_api.domain.scans import NO_SIGNALS, Outcome, Plan, Scan, Signals
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.answered import Answered
from scan_api.pipeline.claim_facts import ClaimFactReader
from scan_api.pipeline.commit import (
    CLAIMED_MEANWHILE,
    STALE_RANGES,
    WRONGLY_CLAIMED,
    ScanCommitter,
)
from scan_api.pipeline.member_numbers import MemberNumbers
from scan_api.pipeline.metrics import (
    BATCH_SECONDS,
    BATCH_SIZE,
    CLAIMS_RECOUNTED,
    GATHER_SECONDS,
    POSTGRES_UP,
    QUEUE,
    STALE_RETRIES,
    WRONG_BITS,
)
from scan_api.pipeline.observe import ScanObserver
from scan_api.pipeline.plans import BatchContext, plan_scans
from scan_api.pipeline.signals import SignalStore, doubt_claimed
from scan_api.pipeline.verdict import FindNetwork, know_no_network
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.commit_pool import CommitConnection, CommitPool
from scan_api.store.scans import Decided

MAX_STALE_RETRIES = 10
# What scans of caps that nobody can have bought are told; of known codes.
_NOT_ON_SALE: Final = frozenset({Outcome.INVALID, Outcome.NOT_ACTIVE})

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class ScanPipeline:
    """Takes opened scans from concurrent callers and answers each durably."""

    pool: CommitPool
    signals: SignalStore
    states: WorkerStateKeeper
    timezone: ZoneInfo
    ids: TimeIds
    take_coupons: Callable[[int], Awaitable[Sequence[int]]]
    # Told (scan_id, code_id) of every claim once it is durable.
    note_claims: Callable[[Sequence[tuple[int, int]]], None] = lambda _: None
    # Told what was decided of each batch once it is durable.
    note_decided: Callable[[Sequence[Decided]], None] = lambda _: None
    find_network: FindNetwork = know_no_network
    # Told of scans of codes that are not active, or that are told to be none.
    note_early: Callable[[Scan, Plan], None] = lambda *_: None
    # Told of scans that are refused.
    note_refused: Callable[[Plan], None] = lambda _: None
    batcher: Batcher[Scan, Answered] = field(init=False)
    _members: MemberNumbers = field(default_factory=MemberNumbers)
    _facts: ClaimFactReader = field(default_factory=ClaimFactReader)
    _committer: ScanCommitter = field(init=False)

    def __post_init__(self) -> None:
        self.batcher = Batcher(
            self._process,
            lone_keys=_lone_keys,
            at_once=self.pool.count,
        )
        observer = ScanObserver(self.signals, self.note_claims, self.note_decided)
        self._committer = ScanCommitter(
            self.timezone, observer.observe, self.take_coupons, self.ids
        )

    async def submit(self, scan: Scan) -> Answered:
        """Answer one scan; raises Unavailable, nothing promised, or InvalidInput."""
        try:
            return await self.batcher.submit(scan)
        except QueueFullError:
            raise Unavailable(message("too_many_scans"), retry_after_s=1) from None

    async def _process(self, scans: Sequence[Scan]) -> Sequence[Answered | Exception]:
        BATCH_SIZE.observe(len(scans))
        QUEUE.set(self.batcher.depth)
        started = elapsed_s()
        async with self.pool.borrow() as connection:
            try:
                members, strangers = self._members.recall(scans)
                # Read once: what a batch is counted by is what it is judged by.
                known = self.states.current
                terms = known.table.find_all([scan.code_id for scan in scans])
                signals, _ = await asyncio.gather(
                    self.signals.gather(scans, known.counted, terms),
                    self._members.meet(connection, members, strangers),
                )
                GATHER_SECONDS.observe(elapsed_s() - started)
                gathered = signals or [NO_SIGNALS] * len(scans)
                answers = await self._settle(
                    connection, known, scans, gathered, members
                )
            except (*DATABASE_AWAY, DBAPIError, MisconfiguredError) as fault:
                POSTGRES_UP.set(0)
                log.error("batch_failed", scans=len(scans), cause=fault)
                return [database_away()] * len(scans)
        BATCH_SECONDS.observe(elapsed_s() - started)
        return answers

    # Decide ---------------------------------------------------------------------------

    async def _settle(
        self,
        connection: CommitConnection,
        known: WorkerState,
        scans: Sequence[Scan],
        signals: Sequence[Signals],
        members: dict[str, int],
    ) -> Sequence[Answered | Exception]:
        """Plan on what is known and commit; on what PostgreSQL says while it is not."""
        now = utc_datetime(max(scan.at_ms for scan in scans))
        asked = BatchContext(
            *(now, business_day(to_ms(now), self.timezone), self.timezone, members),
            *(self.states.chance_keys, self.states.card_keys),
            self.find_network,
        )
        voided = await self._look_up_voids(scans, signals)
        worker_state = known
        for _ in range(MAX_STALE_RETRIES):
            batch = await self._look_up(asked, connection, worker_state, scans)
            plans = plan_scans(worker_state, scans, signals, voided, batch)
            if worker_state is known and any(map(_is_unknown, plans)):
                # Never issued, or issued a moment ago: only PostgreSQL can tell, and
                # of campaigns as young as the code it tells as well.
                worker_state, signals = await self._renew(worker_state, scans, signals)
                batch = await self._look_up(asked, connection, worker_state, scans)
                plans = plan_scans(worker_state, scans, signals, voided, batch)
            try:
                answers = await self._committer.commit_plans(
                    connection,
                    scans,
                    plans,
                    members,
                    version=worker_state.version,
                    today=batch.today,
                )
            except pg.Error as fault:
                if fault.sqlstate == WRONGLY_CLAIMED:
                    WRONG_BITS.inc()
                    log.warning("claimed_bits_wrong", mend="crowncap filters rebuild")
                    self.states.note_wrong_bits(scan.code_id for scan in scans)
                    signals = doubt_claimed(signals)
                elif fault.sqlstate == CLAIMED_MEANWHILE:
                    CLAIMS_RECOUNTED.inc()
                elif fault.sqlstate == STALE_RANGES:
                    STALE_RETRIES.inc()
                    worker_state, signals = await self._renew(
                        worker_state, scans, signals
                    )
                else:
                    raise
                continue
            self._note_told(scans, plans, answers)
            return answers
        raise pg.OperationalError("ranges change faster than scans commit")

    async def _look_up(
        self,
        batch: BatchContext,
        connection: CommitConnection,
        worker_state: WorkerState,
        scans: Sequence[Scan],
    ) -> BatchContext:
        """Add what the campaigns and watches of a worker state ask for."""
        return replace(
            batch,
            claim_nos=await self._facts.number_claims(
                connection, worker_state, batch.members
            ),
            regions=await self._facts.find_regions(connection, worker_state, scans),
            early=await self._look_up_early(worker_state.early, scans),
        )

    def _note_told(
        self,
        scans: Sequence[Scan],
        plans: Sequence[Plan | Exception],
        answers: Sequence[Answered | Exception],
    ) -> None:
        """Remember what others look at of a batch that is durable.

        What was answered before, and is only told again, was remembered then.
        """
        for scan, plan, answer in zip(scans, plans, answers, strict=True):
            if isinstance(plan, Exception):
                continue
            if _is_unknown(plan):
                self.states.note_never_issued(scan.code_id)
            if isinstance(answer, Exception) or answer.replayed:
                continue
            if answer.outcome in _NOT_ON_SALE:
                self.note_early(scan, plan)
            elif answer.outcome is Outcome.REFUSED:
                self.note_refused(plan)

    async def _renew(
        self, old: WorkerState, scans: Sequence[Scan], signals: Sequence[Signals]
    ) -> tuple[WorkerState, Sequence[Signals]]:
        """Ask PostgreSQL what it knows of these codes, and count by its rules."""
        fresh = await self.states.of_codes([scan.code_id for scan in scans])
        rules = old.counted, fresh.counted
        terms = fresh.table.find_all([scan.code_id for scan in scans])
        return fresh, await self.signals.recount(scans, signals, *rules, terms)

    async def _look_up_early(
        self, watch: EarlyWatch, scans: Sequence[Scan]
    ) -> Mapping[int, EarlySigns]:
        """Tell what was seen early of codes whose package or roll is watched."""
        if not watch.stretches:
            return {}
        near = {s.code_id: watch.codes_near(s.code_id) for s in scans}
        watched = [code_id for code_id, codes in near.items() if codes]
        if not watched:
            return {}
        async with self.states.engine.connect() as conn:
            looks = await load_early_looks(conn, watched)
        return {
            code_id: EarlySigns(looks.get(code_id, 0), near[code_id])
            for code_id in watched
        }

    async def _look_up_voids(
        self, scans: Sequence[Scan], signals: Sequence[Signals]
    ) -> frozenset[int]:
        maybe = [
            scan.code_id
            for scan, signal in zip(scans, signals, strict=True)
            if signal.maybe_void
        ]
        if not maybe:
            return frozenset()
        async with self.states.engine.connect() as conn:
            return await codegen_store.find_void_codes(conn, maybe)


def _lone_keys(scan: Scan) -> tuple[str | bytes, ...]:
    """Name what a batch may hold only once: a member, an idempotency key."""
    if scan.key_hash:
        alone = (scan.key_hash,)
        return alone if scan.member_id is None else (scan.member_id, *alone)
    return () if scan.member_id is None else (scan.member_id,)


def _is_unknown(plan: Plan | Exception) -> bool:
    return isinstance(plan, Plan) and plan.terms is None
