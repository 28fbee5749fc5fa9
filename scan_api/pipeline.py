"""The scan: open -> gather -> decide -> commit -> observe, for a batch at a time.

This is the one place that sees codes, fraud and rewards together.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import structlog
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from anti_fraud.domain import Decision, RuleSet, decide
from codegen import store as codegen_store
from core.auth.idempotency import reused_key
from core.batching import Batcher, QueueFullError
from core.clock import business_day, elapsed_s, next_business_day, utc_datetime
from core.db import DATABASE_AWAY
from core.errors import (
    InvalidInput,
    MisconfiguredError,
    Unavailable,
    database_away,
)
from rewards.domain import Campaign
from scan_api import store
from scan_api.answers import answer_invalid, answer_scan, encode_answer
from scan_api.domain import (
    CLAIMING,
    NO_SIGNALS,
    ClaimedBit,
    Outcome,
    Plan,
    Scan,
    Signals,
    Snapshot,
    Standing,
    judged_facts,
    plan_scan,
    stand,
)
from scan_api.lanes import Lane, Lanes
from scan_api.metrics import (
    BATCH_SECONDS,
    BATCH_SIZE,
    COMMIT_SECONDS,
    GATHER_SECONDS,
    OUTCOMES,
    POSTGRES_UP,
    QUEUE,
    STALE_RETRIES,
)
from scan_api.signals import SignalStore
from scan_api.snapshots import SnapshotKeeper
from scan_api.store import Committed, Decided

MAX_STALE_RETRIES = 10
MEMBER_CACHE = 200_000
STALE_RANGES = "CC001"

log = structlog.get_logger(room=__name__)


class Answered(msgspec.Struct, frozen=True, gc=False):
    """An answer as bytes; `replayed` when it was recorded for the key before."""

    outcome: Outcome
    body: bytes
    replayed: bool = False


@dataclass(slots=True)
class ScanPipeline:
    """Takes opened scans from concurrent callers and answers each durably."""

    lanes: Lanes
    signals: SignalStore
    snapshots: SnapshotKeeper
    timezone: ZoneInfo
    batcher: Batcher[Scan, Answered] = field(init=False)
    _members: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.batcher = Batcher(
            self._process,
            lone_keys=_lone_keys,
            lanes=self.lanes.count,
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
        async with self.lanes.lane() as lane:
            try:
                rule_set = self.snapshots.rule_set
                members, strangers = self._recall_members(scans)
                if strangers:
                    _, signals = await asyncio.gather(
                        self._meet_members(lane, members, strangers),
                        self.signals.gather(scans, rule_set),
                    )
                else:
                    signals = await self.signals.gather(scans, rule_set)
                GATHER_SECONDS.observe(elapsed_s() - started)
                known = signals or [NO_SIGNALS] * len(scans)
                answers = await self._settle(lane, scans, known, members)
            except (*DATABASE_AWAY, DBAPIError, MisconfiguredError) as fault:
                POSTGRES_UP.set(0)
                log.error("batch_failed", scans=len(scans), cause=repr(fault))
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
        self, lane: Lane, numbers: dict[str, int], strangers: Sequence[tuple[str, int]]
    ) -> None:
        """Find or make members in PostgreSQL, and remember their numbers."""
        found = await lane.run(lambda conn: store.ensure_members(conn, strangers))
        numbers |= found
        self._members |= found
        while len(self._members) > MEMBER_CACHE:
            self._members.popitem(last=False)

    # Decide ---------------------------------------------------------------------------

    async def _settle(
        self,
        lane: Lane,
        scans: Sequence[Scan],
        signals: Sequence[Signals],
        members: dict[str, int],
    ) -> Sequence[Answered | Exception]:
        """Plan on the newest snapshot and commit, again and again while it is stale."""
        now = utc_datetime(max(scan.at_ms for scan in scans))
        today = business_day(round(now.timestamp() * 1000), self.timezone)
        voided = await self._look_up_voids(scans, signals)
        for _ in range(MAX_STALE_RETRIES):
            snapshot = self.snapshots.current
            standings = await self._stand(scans, snapshot, now)
            snapshot = self.snapshots.current
            decisions = self._decide(scans, signals, standings, today)
            plans = [
                plan_scan(
                    standing,
                    member_id=scan.member_id,
                    campaign=_campaign_of(standing, snapshot),
                    decision=decision,
                    signals_available=signal is not NO_SIGNALS,
                    now=now,
                )
                if scan.code_id not in voided
                else _void_plan(standing)
                for scan, standing, signal, decision in zip(
                    scans, standings, signals, decisions, strict=True
                )
            ]
            decided = [
                Decided(scan, plan, members.get(scan.member_id or "", 0))
                for scan, plan in zip(scans, plans, strict=True)
                if plan.outcome is not Outcome.INVALID
            ]
            try:
                answers = await self._commit(lane, decided, snapshot, today)
            except pg.Error as fault:
                if fault.sqlstate != STALE_RANGES:
                    raise
                STALE_RETRIES.inc()
                await self.snapshots.refresh()
                continue
            return self._in_order(scans, plans, answers)
        raise pg.OperationalError("the range table changes faster than scans commit")

    def _decide(
        self,
        scans: Sequence[Scan],
        signals: Sequence[Signals],
        standings: Sequence[Standing],
        today: date,
    ) -> list[Decision | None]:
        rule_set: RuleSet = self.snapshots.rule_set
        return [
            decide(rule_set, judged_facts(signal.facts, standing.sell_by, today))
            if scan.member_id is not None and signal.claimed is not ClaimedBit.YES
            else None
            for scan, signal, standing in zip(scans, signals, standings, strict=True)
        ]

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
        async with self.snapshots.engine.connect() as conn:
            return await codegen_store.find_void_codes(conn, maybe)

    async def _stand(
        self, scans: Sequence[Scan], snapshot: Snapshot, now: datetime
    ) -> list[Standing]:
        standings = [stand(snapshot.table, s.code_id, s.gtin, now) for s in scans]
        if any(s.code_range is None for s in standings):
            # Never issued, or issued a moment ago: only a fresh table can tell.
            await self.snapshots.refresh()
            table = self.snapshots.current.table
            standings = [stand(table, s.code_id, s.gtin, now) for s in scans]
        for scan, standing in zip(scans, standings, strict=True):
            if standing.code_range is None:
                self.snapshots.note_never_issued(scan.code_id)
        return standings

    # Commit ---------------------------------------------------------------------------

    async def _commit(
        self, lane: Lane, decided: Sequence[Decided], snapshot: Snapshot, today: date
    ) -> list[Answered | Exception]:
        """Commit what is left of a batch; bisect it on a fault of one scan's data."""
        if not decided:
            return []
        started = elapsed_s()
        try:
            answers = await lane.run(
                lambda conn: self._commit_once(conn, decided, snapshot, today)
            )
        except pg.Error as fault:
            if fault.sqlstate == STALE_RANGES or _is_transient(fault):
                raise
            if len(decided) == 1:
                log.error("scan_failed", cause=repr(fault))
                return [fault]
            half = len(decided) // 2
            first = await self._commit(lane, decided[:half], snapshot, today)
            return first + await self._commit(lane, decided[half:], snapshot, today)
        COMMIT_SECONDS.observe(elapsed_s() - started)
        POSTGRES_UP.set(1)
        return answers

    async def _commit_once(
        self,
        conn: psycopg.AsyncConnection[Any],
        decided: Sequence[Decided],
        snapshot: Snapshot,
        today: date,
    ) -> list[Answered | Exception]:
        keyed = any(d.scan.key_hash for d in decided)
        try:
            async with AsyncExitStack() as stack:
                if keyed:
                    await stack.enter_async_context(conn.transaction())
                committed = await store.commit_scans(
                    conn, decided, version=snapshot.table.version, day=today
                )
                answers = self._answer(decided, committed, today)
                if keyed:
                    await store.record_answers(conn, _to_record(decided, answers))
        except pg.UniqueViolation:
            # An attempt whose answer was lost on the way had won after all.
            found = await store.load_committed(conn, [d.scan.scan_id for d in decided])
            if len(found) != len(decided):
                raise
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
        return [
            _replay(c, d)
            or Answered(
                s.outcome,
                encode_answer(
                    answer_scan(d.scan, d.plan, s, today=today, tomorrow=tomorrow)
                ),
            )
            for c, d, s in zip(committed, decided, settled, strict=True)
        ]

    # Observe --------------------------------------------------------------------------

    def _observe(
        self, decided: Sequence[Decided], committed: Sequence[Committed]
    ) -> None:
        claimed: list[int] = []
        for d, c in zip(decided, committed, strict=True):
            if c.outcome in CLAIMING:
                claimed.append(d.scan.code_id)
        for outcome, number in Counter(c.outcome for c in committed).items():
            OUTCOMES[outcome].inc(number)
        self.signals.observe(claimed)

    def _in_order(
        self,
        scans: Sequence[Scan],
        plans: Sequence[Plan],
        answers: Sequence[Answered | Exception],
    ) -> list[Answered | Exception]:
        """Put the answers of what never reached PostgreSQL between the others."""
        settled = iter(answers)
        ordered: list[Answered | Exception] = []
        for scan, plan in zip(scans, plans, strict=True):
            if plan.outcome is Outcome.INVALID:
                answer = answer_invalid(scan.scan_id, scan.language)
                ordered.append(Answered(Outcome.INVALID, encode_answer(answer)))
            else:
                ordered.append(next(settled))
        return ordered


def _lone_keys(scan: Scan) -> tuple[str | bytes, ...]:
    """Name what a batch may hold only once: a member, an idempotency key."""
    if scan.key_hash:
        alone = (scan.key_hash,)
        return alone if scan.member_id is None else (scan.member_id, *alone)
    return () if scan.member_id is None else (scan.member_id,)


def _campaign_of(standing: Standing, snapshot: Snapshot) -> Campaign | None:
    bound = standing.code_range.binding.campaign_id if standing.code_range else None
    return snapshot.campaigns.get(bound or "")


def _void_plan(standing: Standing) -> Plan:
    outcome = Outcome.NOT_ACTIVE
    if standing.outcome is Outcome.INVALID:
        outcome = Outcome.INVALID
    return Plan(outcome, code_range=standing.code_range, product=standing.product)


def _replay(committed: Committed, decided: Decided) -> Answered | InvalidInput | None:
    if committed.replay_body is None:
        return None
    if committed.replay_body != decided.scan.body_hash or committed.replay is None:
        return reused_key()
    return Answered(committed.outcome, committed.replay, replayed=True)


def _to_record(
    decided: Sequence[Decided], answers: Sequence[Answered | Exception]
) -> list[tuple[bytes, bytes]]:
    return [
        (d.scan.key_hash, answer.body)
        for d, answer in zip(decided, answers, strict=True)
        if d.scan.key_hash and isinstance(answer, Answered) and not answer.replayed
    ]


def _is_transient(fault: psycopg.Error) -> bool:
    return isinstance(fault, pg.OperationalError | pg.InterfaceError)
