"""What a worker does for the tables; none of it ever holds up a scan."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import elapsed_s, utc_datetime
from core.database_clock import DatabaseClock
from scan_api.store.partitions import (
    drop_old_traces,
    keep_code_partitions,
    keep_time_partitions,
)

INTERVAL_S = 3600
# How soon a new chunk has its partitions, and a lock that was kept is tried again.
STEP_S = 30

log = structlog.get_logger(logger_name=__name__)


async def run_upkeep(engine: AsyncEngine, clock: DatabaseClock) -> None:
    """Keep the tables in order until cancelled."""
    ahead_at = forget_at = elapsed_s()
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
            forget_at = elapsed_s() + INTERVAL_S
        await asyncio.sleep(STEP_S)


async def _attempt(work: Callable[[], Awaitable[int]]) -> int:
    """Do one part; if it fails, the others go on, and it is tried again later."""
    try:
        return await work()
    except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
        log.warning("upkeep_failed", cause=fault)
        return 0
