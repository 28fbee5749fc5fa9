"""The scan: open -> gather -> decide -> commit -> observe, for a batch at a time.

This is the one place that sees codes, fraud and rewards together.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from codegen import store as codegen_store
from core.batching import Batcher, QueueFullError
from core.clock import (
    business_day,
    elapsed_s,
    next_business_day,
    to_ms,
    utc_datetime,
)
from core.db import DATABASE_AWAY
from core.errors import (
    MisconfiguredError,
    Unavailable,
    database_away,
)
from scan_api.domain.scans import (
    CLAIMING,
    NO_SIGNALS,
    Outcome,
    Plan,
    Scan,
    Signals,
    WorkerState,
)
from scan_api.pipeline.answered import Answered, replay_of, to_record, unstorable_member
from scan_api.pipeline.metrics import (
    BATCH_SECONDS,
    BATCH_SIZE,
    COMMIT_SECONDS,
    GATHER_SECONDS,
    OUTCOMES,
    POSTGRES_UP,
    QUEUE,
    STALE_RETRIES,
    WRONG_BITS,
)
from scan_api.pipeline.plans import Moment, doubt_claimed, note_fault, plan_scans
from scan_api.pipeline.responses import answer_invalid, answer_scan
from scan_api.pipeline.signals import SignalStore
from scan_api.pipeline.texts import Calendar
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store import scans as store
from scan_api.store.commit_pool import CommitConnection, CommitPool
from scan_api.store.scans import Committed, Decided

MAX_STALE_RETRIES = 10
MEMBER_CACHE = 200_000
STALE_RANGES = "CC001"
WRONGLY_CLAIMED = "CC004"
DECIDE_AGAIN = frozenset({STALE_RANGES, WRONGLY_CLAIMED})

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class ScanPipeline:
    """Takes opened scans from concurrent callers and answers each durably."""

    pool: CommitPool
    signals: SignalStore
    states: WorkerStateKeeper
    timezone: ZoneInfo
    # Told (scan_id, code_id) of every claim once it is durable.
    note_claims: Callable[[Sequence[tuple[int, int]]], None] = lambda _: None
    batcher: Batcher[Scan, Answered] = field(init=False)
    _members: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.batcher = Batcher(
            self._process,
            lone_keys=_lone_keys,
            lanes=self.pool.count,
        )

    async def submit(self, scan: Scan) -> Answered:
        """Answer one scan; raises Unavailable, nothing promised, or InvalidInput."""
        try:
            return await self.batcher.submit(scan)
        except QueueFullError:
            raise Unavailable(
                "Too many scans wait already; try again shortly.", retry_after_s=1
            ) from None

    async def _process(self, scans: Sequence[Scan]) -> Sequence[Answered | Exception]:
        BATCH_SIZE.observe(len(scans))
        QUEUE.set(self.batcher.depth)
        started = elapsed_s()
        async with self.pool.borrow() as connection:
            try:
                members, strangers = self._recall_members(scans)
                # Read once: what a batch is counted by is what it is judged by.
                known = self.states.current
                signals, _ = await asyncio.gather(
                    self.signals.gather(scans, known.rule_set),
                    self._meet_members(connection, members, strangers),
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

    def _recall_members(
        self, scans: Sequence[Scan]
    ) -> tuple[dict[str, int], list[tuple[str, int]]]:
        """Split members into the numbers known here and the ids that are not.

        A stranger who is new takes the id of this scan for a number.
        """
        numbers: dict[str, int] = {}
        strangers: list[tuple[str, int]] = []
        for scan in scans:
            if scan.member_id is not None:
                known = self._members.get(scan.member_id)
                if known is None:
                    strangers.append((scan.member_id, scan.scan_id))
                else:
                    numbers[scan.member_id] = known
        return numbers, strangers

    async def _meet_members(
        self,
        connection: CommitConnection,
        numbers: dict[str, int],
        strangers: Sequence[tuple[str, int]],
    ) -> None:
        """Find or make members in PostgreSQL, and remember their numbers.

        An id that cannot be stored gets no number, and keeps nobody else from theirs.
        """
        if not strangers:
            return
        try:
            found = await connection.run(
                lambda conn: store.ensure_members(conn, strangers)
            )
        except pg.Error as fault:
            if _is_transient(fault):
                raise
            if len(strangers) == 1:
                log.error("member_unstorable", cause=fault)
                return
            half = len(strangers) // 2
            await self._meet_members(connection, numbers, strangers[:half])
            await self._meet_members(connection, numbers, strangers[half:])
            return
        numbers |= found
        self._members |= found
        while len(self._members) > MEMBER_CACHE:
            self._members.popitem(last=False)

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
        moment = Moment(now, business_day(to_ms(now), self.timezone))
        voided = await self._look_up_voids(scans, signals)
        worker_state = known
        for _ in range(MAX_STALE_RETRIES):
            plans = plan_scans(worker_state, scans, signals, voided, moment)
            if worker_state is known and any(map(_is_unknown, plans)):
                # Never issued, or issued a moment ago: only PostgreSQL can tell.
                worker_state, signals = await self._renew(worker_state, scans, signals)
                plans = plan_scans(worker_state, scans, signals, voided, moment)
            try:
                answers = await self._commit_plans(
                    connection,
                    scans,
                    plans,
                    members,
                    version=worker_state.version,
                    today=moment.today,
                )
            except pg.Error as fault:
                if fault.sqlstate == WRONGLY_CLAIMED:
                    WRONG_BITS.inc()
                    log.warning("claimed_bits_wrong", mend="crowncap filters rebuild")
                    self.states.note_wrong_bits(scan.code_id for scan in scans)
                    signals = doubt_claimed(signals)
                elif fault.sqlstate == STALE_RANGES:
                    STALE_RETRIES.inc()
                    worker_state, signals = await self._renew(
                        worker_state, scans, signals
                    )
                else:
                    raise
                continue
            for scan, plan in zip(scans, plans, strict=True):
                if _is_unknown(plan):
                    self.states.note_never_issued(scan.code_id)
            return answers
        raise pg.OperationalError("ranges change faster than scans commit")

    async def _renew(
        self, old: WorkerState, scans: Sequence[Scan], signals: Sequence[Signals]
    ) -> tuple[WorkerState, Sequence[Signals]]:
        """Ask PostgreSQL what it knows of these codes, and count by its rules."""
        fresh = await self.states.of_codes([scan.code_id for scan in scans])
        rules = old.rule_set, fresh.rule_set
        return fresh, await self.signals.recount(scans, signals, *rules)

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

    # Commit ---------------------------------------------------------------------------

    async def _commit_plans(
        self,
        connection: CommitConnection,
        scans: Sequence[Scan],
        plans: Sequence[Plan | Exception],
        members: dict[str, int],
        *,
        version: int,
        today: date,
    ) -> list[Answered | Exception]:
        """Commit what has a plan that PostgreSQL must see; answer all, in order."""
        answers: dict[int, Answered | Exception] = {}
        decided: list[Decided] = []
        for scan, plan in zip(scans, plans, strict=True):
            member_no = members.get(scan.member_id or "", 0)
            if isinstance(plan, Exception):
                answers[scan.scan_id] = plan
            elif plan.outcome is Outcome.INVALID:
                answer = answer_invalid(scan.scan_id, scan.language)
                answers[scan.scan_id] = Answered(
                    Outcome.INVALID, answer, foreign=plan.foreign
                )
            elif scan.member_id is not None and not member_no:
                answers[scan.scan_id] = unstorable_member()
            else:
                decided.append(Decided(scan, plan, member_no))
        committed = await self._commit(connection, decided, version, today)
        ids = (d.scan.scan_id for d in decided)
        answers |= zip(ids, committed, strict=True)
        return [answers[scan.scan_id] for scan in scans]

    async def _commit(
        self,
        connection: CommitConnection,
        decided: Sequence[Decided],
        version: int,
        today: date,
    ) -> list[Answered | Exception]:
        """Commit what is left of a batch; bisect it on a fault of one scan's data."""
        if not decided:
            return []
        started = elapsed_s()
        try:
            answers = await connection.run(
                lambda conn: self._commit_once(conn, decided, version, today)
            )
        except Exception as fault:
            if isinstance(fault, pg.Error) and (
                fault.sqlstate in DECIDE_AGAIN or _is_transient(fault)
            ):
                raise
            if len(decided) == 1:
                return [note_fault(decided[0].scan, fault)]
            half = len(decided) // 2
            first = await self._commit(connection, decided[:half], version, today)
            return first + await self._commit(
                connection, decided[half:], version, today
            )
        COMMIT_SECONDS.observe(elapsed_s() - started)
        POSTGRES_UP.set(1)
        return answers

    async def _commit_once(
        self,
        conn: psycopg.AsyncConnection[Any],
        decided: Sequence[Decided],
        version: int,
        today: date,
    ) -> list[Answered | Exception]:
        keyed = any(d.scan.key_hash for d in decided)
        try:
            async with AsyncExitStack() as stack:
                if keyed:
                    await stack.enter_async_context(conn.transaction())
                committed = await store.commit_scans(
                    conn, decided, version=version, timezone=self.timezone
                )
                answers = self._answer(decided, committed, today)
                if keyed:
                    await store.record_answers(conn, to_record(decided, answers))
        except pg.UniqueViolation:
            # An attempt whose answer was lost on the way had won after all, unless the
            # row is another's that has the same number.
            found = await store.load_committed(conn, decided)
            if not found:
                raise
            # What equalled an earlier scan has no row, and equals it still.
            rest = [d for d in decided if d.scan.scan_id not in found]
            if rest:
                again = await store.commit_scans(
                    conn, rest, version=version, timezone=self.timezone
                )
                found |= zip((d.scan.scan_id for d in rest), again, strict=True)
            committed = [found[d.scan.scan_id] for d in decided]
            answers = self._answer(decided, committed, today)
        self._observe(decided, committed)
        return answers

    def _answer(
        self,
        decided: Sequence[Decided],
        committed: Sequence[Committed],
        today: date,
    ) -> list[Answered | Exception]:
        settled = [store.settle(c, d) for c, d in zip(committed, decided, strict=True)]
        tomorrow = next_business_day(decided[0].scan.at_ms, self.timezone)
        calendar = Calendar(self.timezone, tomorrow)
        return [
            replay_of(c, d)
            or Answered(
                s.outcome,
                answer_scan(d.scan, d.plan, s, today=today, calendar=calendar),
            )
            for c, d, s in zip(committed, decided, settled, strict=True)
        ]

    # Observe --------------------------------------------------------------------------

    def _observe(
        self, decided: Sequence[Decided], committed: Sequence[Committed]
    ) -> None:
        claims = [
            (d.scan.scan_id, d.scan.code_id)
            for d, c in zip(decided, committed, strict=True)
            if c.outcome in CLAIMING
        ]
        for outcome, number in Counter(c.outcome for c in committed).items():
            OUTCOMES[outcome].inc(number)
        self.signals.observe([code_id for _, code_id in claims])
        self.note_claims(claims)


def _lone_keys(scan: Scan) -> tuple[str | bytes, ...]:
    """Name what a batch may hold only once: a member, an idempotency key."""
    if scan.key_hash:
        alone = (scan.key_hash,)
        return alone if scan.member_id is None else (scan.member_id, *alone)
    return () if scan.member_id is None else (scan.member_id,)


def _is_unknown(plan: Plan | Exception) -> bool:
    return isinstance(plan, Plan) and plan.terms is None


def _is_transient(fault: psycopg.Error) -> bool:
    return isinstance(fault, pg.OperationalError | pg.InterfaceError)
