"""What a worker does for the tables; none of it ever holds up a scan."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth.idempotency import prune_keys
from core.clock import elapsed_s, utc_datetime
from core.database_clock import DatabaseClock
from core.db import try_briefly
from events.pipeline.events import forget_events
from rewards.store.limits import forget_uses
from scan_api.store.partitions import (
    drop_old_traces,
    keep_code_partitions,
    keep_time_partitions,
)

INTERVAL_S = 3600
DAY_S = 24 * INTERVAL_S
# How soon a new chunk has its partitions, and a lock that was kept is tried again.
STEP_S = 30
# What members took on days that are over. Longer than any scan is dated back (the week
# behind a demo), since a row that is taken from again would begin at nothing. A hold
# that ends later finds no row to give back to, and nobody misses it.
USES_KEPT = timedelta(days=8)

log = structlog.get_logger(logger_name=__name__)


async def run_upkeep(engine: AsyncEngine, clock: DatabaseClock) -> None:
    """Keep the tables in order until cancelled."""
    ahead_at = forget_at = uses_at = elapsed_s()
    while True:
        await _attempt(partial(keep_code_partitions, engine))
        if elapsed_s() >= ahead_at:
            now = utc_datetime(clock.now_ms())
            made = await _attempt(partial(keep_time_partitions, engine, now))
            ahead_at = elapsed_s() + (INTERVAL_S if made else STEP_S)
        if elapsed_s() >= forget_at:
            # What can't be undone goes by the clock that is behind.
            earliest = utc_datetime(clock.earliest_ms())
            await _attempt(partial(drop_old_traces, engine, earliest))
            await _attempt(partial(_prune_keys, engine, earliest))
            await _attempt(partial(_forget_events, engine, earliest))
            forget_at = elapsed_s() + INTERVAL_S
        if elapsed_s() >= uses_at:
            earliest = utc_datetime(clock.earliest_ms())
            await _attempt(partial(_forget_uses, engine, earliest))
            uses_at = elapsed_s() + DAY_S
        await asyncio.sleep(STEP_S)


async def _attempt(work: Callable[[], Awaitable[int]]) -> int:
    """Do one part; if it fails, the others go on, and it is tried again later."""
    try:
        return await work()
    except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
        log.warning("upkeep_failed", cause=fault)
        return 0


async def _prune_keys(engine: AsyncEngine, now: datetime) -> int:
    total = 0
    while pruned := await try_briefly(engine, partial(prune_keys, now=now)):
        total += pruned
    return total


async def _forget_events(engine: AsyncEngine, now: datetime) -> int:
    total = 0
    while forgotten := await try_briefly(engine, partial(forget_events, now=now)):
        total += forgotten
    return total


async def _forget_uses(engine: AsyncEngine, now: datetime) -> int:
    block: int | None = 0
    steps = 0
    before = (now - USES_KEPT).astimezone(UTC).date()
    while block is not None:
        forget = partial(forget_uses, before=before, first_block=block)
        block = await try_briefly(engine, forget)
        steps += 1
    return steps
