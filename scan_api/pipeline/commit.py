"""Committing a batch: what PostgreSQL permits of its plans, and the answers to that."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import structlog
from psycopg import errors as pg

from core.clock import elapsed_s, next_business_day
from core.errors import Fault, Unavailable
from core.ids import TimeIds
from rewards.domain.awards import Award
from rewards.domain.plans import PlannedReward, RewardKind
from rewards.store.awards import load_awards_below
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome, Plan, Scan
from scan_api.pipeline.answered import Answered, replay_of, to_record, unstorable_member
from scan_api.pipeline.metrics import COMMIT_SECONDS, POSTGRES_UP
from scan_api.pipeline.plans import note_fault
from scan_api.pipeline.responses import answer_invalid, answer_scan
from scan_api.pipeline.texts import Calendar
from scan_api.store import scans as store
from scan_api.store.commit_pool import CommitConnection, is_transient
from scan_api.store.planned_rewards import in_order
from scan_api.store.scans import Committed, Decided

STALE_RANGES = "CC001"
WRONGLY_CLAIMED = "CC004"
CLAIMED_MEANWHILE = "CC006"
DECIDE_AGAIN = frozenset({STALE_RANGES, WRONGLY_CLAIMED, CLAIMED_MEANWHILE})

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class ScanCommitter:
    """Commits the plans of a batch, and answers each of its scans in order.

    `observe` is told what was decided and what came of it, once it is durable.
    """

    timezone: ZoneInfo
    observe: Callable[[Sequence[Decided], Sequence[Committed]], None]
    # Gives numbers that no coupon has had, where coupons are.
    take_coupons: Callable[[int], Awaitable[Sequence[int]]]
    ids: TimeIds

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
        coupons = await self._take_coupons(decided)
        if coupons is None:
            # Nothing is promised to them, and the others need not wait.
            answers |= {
                each.scan.scan_id: Unavailable(message("no_coupons_now"))
                for each in decided
                if _count_coupons(each)
            }
            decided = [each for each in decided if not _count_coupons(each)]
        self._number_rewards(decided, coupons or ())
        committed = await self._commit(connection, decided, version, today)
        ids = (d.scan.scan_id for d in decided)
        answers |= zip(ids, committed, strict=True)
        return [answers[scan.scan_id] for scan in scans]

    async def _take_coupons(self, decided: Sequence[Decided]) -> Sequence[int] | None:
        """Take numbers for all coupons that may be earned; None where there are none.

        While no epoch of the key is open, no coupon is issued.
        """
        count = sum(map(_count_coupons, decided))
        try:
            return await self.take_coupons(count) if count else ()
        except (Fault, OSError) as fault:
            log.error("no_coupon_numbers", count=count, cause=fault)
            return None

    def _number_rewards(self, decided: list[Decided], numbers: Sequence[int]) -> None:
        """Give each reward its number: the first its scan's, a coupon its own."""
        coupons = iter(numbers)
        for place, each in enumerate(decided):
            if _is_plain(each.plan.rewards):
                continue
            transfers = [
                next(coupons)
                if _is_coupon(reward)
                else self.ids.next_id(each.scan.at_ms)
                if index
                else each.scan.scan_id
                for index, (reward, _) in enumerate(in_order(each.plan.rewards))
            ]
            decided[place] = msgspec.structs.replace(each, transfers=tuple(transfers))

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
                originals = await _load_originals(conn, decided, committed)
                answers = self._answer(decided, committed, originals, today)
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
            originals = await _load_originals(conn, decided, committed)
            answers = self._answer(decided, committed, originals, today)
        self.observe(decided, committed)
        return answers

    def _answer(
        self,
        decided: Sequence[Decided],
        committed: Sequence[Committed],
        originals: Mapping[int, tuple[Award, ...]],
        today: date,
    ) -> list[Answered | Exception]:
        settled = [
            store.settle(c, d, originals.get(c.claim_scan_id or d.scan.scan_id, ()))
            for c, d in zip(committed, decided, strict=True)
        ]
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


def _is_plain(rewards: Sequence[PlannedReward]) -> bool:
    """Tell whether a plan needs no number but its scan's, as nearly all do."""
    return not rewards or (
        len(rewards) == 1 and not _is_coupon(rewards[0]) and not rewards[0].otherwise
    )


def _is_coupon(reward: PlannedReward) -> bool:
    return reward.kind is RewardKind.COUPON


def _count_coupons(decided: Decided) -> int:
    if _is_plain(decided.plan.rewards):
        return 0
    return sum(_is_coupon(reward) for reward, _ in in_order(decided.plan.rewards))


async def _load_originals(
    conn: psycopg.AsyncConnection[Any],
    decided: Sequence[Decided],
    committed: Sequence[Committed],
) -> Mapping[int, tuple[Award, ...]]:
    """Load, by scan, what was earned before by those who are told of it again.

    They scan what they claimed themselves, or had won though their answer was lost.
    """
    scans = {
        c.claim_scan_id or d.scan.scan_id
        for d, c in zip(decided, committed, strict=True)
        if c.original_points
        or c.original_others
        or (c.outcome in _EARNING and not c.earned)
    }
    return await load_awards_below(conn, scans) if scans else {}


_EARNING: Final = frozenset({Outcome.REWARDED, Outcome.HELD})
