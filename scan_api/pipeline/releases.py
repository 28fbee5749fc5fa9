"""Rewards held while Redis was away, or an epoch frozen, are decided again later.

The facts are those that the scan kept, if it had signals; else they are read from
PostgreSQL, as of each scan: how often its member had scanned by then, and where the
code had been scanned before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.decision import decide
from anti_fraud.domain.lists import ListName, Subject
from anti_fraud.domain.verdict import Verdict
from codegen.domain.ranges import EpochState, code_ids_of
from codegen.store import find_active_codes, load_serving_epochs
from core.auth.addresses import pack_address
from core.clock import Clock, utc_datetime
from core.fence import share_fence
from core.ids import TimeIds
from core.redis import RedisAway, RedisClient
from rewards.domain.holds import DrawFrozenError, Hold, Resolution
from rewards.store.holds import keep_for_review, load_open_holds, resolve_holds
from rewards.store.members import load_member_ids
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.metrics import RELEASED
from scan_api.pipeline.recorded_facts import PastFacts, read_facts
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.case_scans import load_traced
from scan_api.store.recorded_facts import MemberScan

BATCH = 200
INTERVAL_S = 2.0

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class HoldReleaser:
    """Resolves what waits for signals; several workers share the work."""

    engine: AsyncEngine
    redis: RedisClient
    clock: Clock
    ids: TimeIds
    states: WorkerStateKeeper
    timezone: ZoneInfo

    async def run(self) -> None:
        """Look for work until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                while await self.release_once() == BATCH:
                    pass
            except RedisAway:
                continue
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("release_failed", cause=fault)

    async def release_once(self) -> int:
        """Decide the oldest holds again; returns how many. Raises RedisAway."""
        await self.redis.call(b"PING")
        while True:
            try:
                return await self._release()
            except DrawFrozenError:
                continue  # Its tickets are late, and the next look sees it.

    async def _release(self) -> int:
        async with self.engine.begin() as conn:
            await share_fence(conn)
            # Under the fence: what is frozen by now is nobody's to look at.
            epochs = await load_serving_epochs(conn)
            frozen = [
                code_ids_of(epoch)
                for epoch, state in epochs.items()
                if state is EpochState.FROZEN
            ]
            held = await load_open_holds(conn, frozen=frozen, limit=BATCH)
            if not held:
                return 0
            good = await self._still_good(conn, held)
            kept = [hold.transfer_id for hold in held if hold not in good]
            now_ms = self.clock.now_ms()
            await resolve_holds(
                conn,
                good,
                next_id=lambda: self.ids.next_id(now_ms),
                resolution=Resolution.POSTED,
                now=utc_datetime(now_ms),
            )
            if kept:
                await keep_for_review(conn, kept)
        RELEASED.inc(len(good))
        log.info("holds_released", posted=len(good), kept_for_review=len(kept))
        return len(held)

    async def _still_good(
        self, conn: AsyncConnection, held: Sequence[Hold]
    ) -> list[Hold]:
        """Keep what rules pass, no list blocks and is active still, under the fence."""
        code_ids = [hold.code_id for hold in held]
        # Under the fence, so that nothing newer is overlooked.
        worker_state = await self.states.of_codes(code_ids)
        past = [MemberScan(h.transfer_id, h.code_id, h.member_no) for h in held]
        facts = await read_facts(conn, past, worker_state, self.timezone)
        active = await find_active_codes(conn, code_ids)
        blocked = await self._find_blocked(conn, held, worker_state)
        return [
            hold
            for hold, known in zip(held, facts, strict=True)
            if hold.code_id in active
            and hold.transfer_id not in blocked
            and _pass(worker_state, known)
        ]

    async def _find_blocked(
        self, conn: AsyncConnection, held: Sequence[Hold], worker_state: WorkerState
    ) -> set[int]:
        """Tell which scans the lists block by now: by whatever is kept of them."""
        if not worker_state.lists:
            return set()
        now = utc_datetime(self.clock.now_ms())
        traced = await load_traced(conn, [hold.transfer_id for hold in held])
        names = await load_member_ids(conn, {hold.member_no for hold in held})
        blocked = set()
        for hold in held:
            terms = worker_state.table.find(hold.code_id)
            scan = traced.get(hold.transfer_id)
            subject = Subject(
                hold.code_id,
                names.get(hold.member_no),
                scan.device.decode() if scan and scan.device else None,
                pack_address(scan.network) if scan else None,
                scan.context.get("store_id") if scan else None,
                scan.cell if scan else None,
                terms.binding.gtin or terms.printed_gtin if terms else None,
            )
            listed = worker_state.lists.find(subject, now).listed
            if listed is not None and listed.list is ListName.BLOCK:
                blocked.add(hold.transfer_id)
        return blocked


def _pass(worker_state: WorkerState, known: PastFacts) -> bool:
    """Tell whether rules let a hold go on its day, and nothing was seen too early."""
    decision = decide(worker_state.rule_set, known.facts, known.day)
    codes, hours = map(known.facts.get, ("package_early_codes", "hours_since_active"))
    is_early = worker_state.early.holds(
        codes if isinstance(codes, int) else 0,
        hours_active=hours if isinstance(hours, int) else None,
        score=decision.score,
    )
    return decision.verdict is Verdict.PASS and not is_early
