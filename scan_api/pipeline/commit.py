"""Committing a batch: what PostgreSQL permits of its plans, and the answers to that."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import errors as pg

from core.clock import elapsed_s, next_business_day
from scan_api.domain.scans import Outcome, Plan, Scan
from scan_api.pipeline.answered import Answered, replay_of, to_record, unstorable_member
from scan_api.pipeline.metrics import COMMIT_SECONDS, POSTGRES_UP
from scan_api.pipeline.plans import note_fault
from scan_api.pipeline.responses import answer_invalid, answer_scan
from scan_api.pipeline.texts import Calendar
from scan_api.store import scans as store
from scan_api.store.commit_pool import CommitConnection, is_transient
from scan_api.store.scans import Committed, Decided

STALE_RANGES = "CC001"
WRONGLY_CLAIMED = "CC004"
DECIDE_AGAIN = frozenset({STALE_RANGES, WRONGLY_CLAIMED})


@dataclass(frozen=True, slots=True)
class ScanCommitter:
    """Commits the plans of a batch, and answers each of its scans in order.

    `observe` is told what was decided and what came of it, once it is durable.
    """

    timezone: ZoneInfo
    observe: Callable[[Sequence[Decided], Sequence[Committed]], None]

    async def commit_plans(
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
                fault.sqlstate in DECIDE_AGAIN or is_transient(fault)
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
        self.observe(decided, committed)
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
