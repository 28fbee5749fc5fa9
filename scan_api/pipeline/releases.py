"""Rewards held while Redis was away, or an epoch frozen, are decided again later.

The facts are read from PostgreSQL this time, as of each scan: how often its member had
scanned by then, and where the code had been scanned before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.decision import decide
from anti_fraud.domain.entities import Entity
from anti_fraud.domain.places import Place, travel
from anti_fraud.domain.verdict import Verdict
from codegen.domain.ranges import EpochState
from codegen.store import find_active_codes
from core.clock import Clock, business_day, utc_datetime
from core.fence import share_fence
from core.ids import TimeIds, first_id_at, time_of_id
from core.redis import RedisAway, RedisClient
from rewards.domain.ledger import Hold, Resolution
from rewards.store.ledger import keep_for_review, load_open_holds, resolve_holds
from scan_api.domain.scans import WorkerState, judged_facts, look_up_code
from scan_api.pipeline.metrics import RELEASED
from scan_api.pipeline.signals import PLACE_TTL_S
from scan_api.pipeline.worker_state import WorkerStateKeeper

BATCH = 200
INTERVAL_S = 2.0

log = structlog.get_logger(logger_name=__name__)

_MEMBER_SCANS = text(
    """
    SELECT u.transfer_id, count(s.scan_id) AS n
    FROM unnest(CAST(:ids AS bigint[]), CAST(:members AS bigint[]),
        CAST(:starts AS bigint[])) AS u (transfer_id, member_no, start)
    LEFT JOIN scans AS s ON s.shard = 0 AND s.member_no = u.member_no
        AND s.scan_id > u.start AND s.scan_id <= u.transfer_id
    GROUP BY u.transfer_id
    """
)

# The places of a code while a place counts; traces say where, scans what.
_PLACES = text(
    """
    SELECT s.code_id, s.scan_id, t.cell
    FROM scan_traces AS t JOIN scans AS s USING (shard, scan_id)
    WHERE shard = 0 AND t.scan_id BETWEEN :first AND :last
        AND s.scan_id BETWEEN :first AND :last
        AND t.cell IS NOT NULL AND s.code_id = ANY(CAST(:codes AS bigint[]))
    ORDER BY s.scan_id
    """
)


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
        worker_state = self.states.current
        frozen = [
            epoch
            for epoch, state in worker_state.epochs.items()
            if state is EpochState.FROZEN
        ]
        async with self.engine.begin() as conn:
            await share_fence(conn)
            held = await load_open_holds(conn, frozen_epochs=frozen, limit=BATCH)
            if not held:
                return 0
            good = await self._still_good(conn, held)
            kept = [hold.transfer_id for hold in held if hold not in good]
            now_ms = self.clock.now_ms()
            await resolve_holds(
                conn,
                good,
                new_ids=[self.ids.next_id(now_ms) for _ in good],
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
        """Keep what the rules pass and what is still active under the fence."""
        code_ids = [hold.code_id for hold in held]
        # Under the fence, so that nothing newer is overlooked.
        worker_state = await self.states.of_codes(code_ids)
        facts = await self._facts(conn, held, worker_state)
        active = await find_active_codes(conn, code_ids)
        return [
            hold
            for hold, fact in zip(held, facts, strict=True)
            if hold.code_id in active
            and decide(worker_state.rule_set, fact).verdict is Verdict.PASS
        ]

    async def _facts(
        self, conn: AsyncConnection, held: Sequence[Hold], worker_state: WorkerState
    ) -> list[dict[str, Any]]:
        facts: list[dict[str, Any]] = [{"signals_available": True} for _ in held]
        rule_set = worker_state.rule_set
        windows = rule_set.windows.get(Entity.MEMBER, ())
        names = rule_set.counter_facts.get(Entity.MEMBER, ())
        for window_s, name in zip(windows, names, strict=True):
            starts = [
                first_id_at(time_of_id(h.transfer_id) - window_s * 1000) for h in held
            ]
            rows = await conn.execute(
                _MEMBER_SCANS,
                {
                    "ids": [h.transfer_id for h in held],
                    "members": [h.member_no for h in held],
                    "starts": starts,
                },
            )
            counts = {row.transfer_id: row.n for row in rows}
            for fact, hold in zip(facts, held, strict=True):
                fact[name] = counts[hold.transfer_id]
        await self._add_places(conn, held, facts)
        found = worker_state.table.find_all([hold.code_id for hold in held])
        now = utc_datetime(self.clock.now_ms())
        return [
            judged_facts(
                fact,
                look_up_code(worker_state, terms, hold.code_id, None, now).sell_by,
                business_day(time_of_id(hold.transfer_id), self.timezone),
            )
            for fact, hold, terms in zip(facts, held, found, strict=True)
        ]

    async def _add_places(
        self, conn: AsyncConnection, held: Sequence[Hold], facts: list[dict[str, Any]]
    ) -> None:
        ids = [h.transfer_id for h in held]
        rows = await conn.execute(
            _PLACES,
            {
                "first": first_id_at(time_of_id(min(ids)) - PLACE_TTL_S * 1000),
                "last": max(ids),
                "codes": [h.code_id for h in held],
            },
        )
        places: dict[int, list[tuple[int, int]]] = {}
        for row in rows:
            places.setdefault(row.code_id, []).append((row.scan_id, row.cell))
        for fact, hold in zip(facts, held, strict=True):
            seen = [p for p in places.get(hold.code_id, ()) if p[0] <= hold.transfer_id]
            if len(seen) > 1 and seen[-1][0] == hold.transfer_id:
                previous, current = (
                    Place(cell, time_of_id(scan_id) // 1000)
                    for scan_id, cell in seen[-2:]
                )
                found = travel(previous, current)
                fact["place_distance_km"] = found.distance_km
                fact["place_elapsed_s"] = found.elapsed_s
                fact["place_speed_kmh"] = found.speed_kmh
