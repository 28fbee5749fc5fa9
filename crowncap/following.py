"""What follows the scans: who is linked, and whose goods turn up elsewhere."""

from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.pipeline.clusters import SETTLED, follow_scans
from anti_fraud.pipeline.dealers import count_dealers, watch_dealers
from core.clock import utc_datetime
from core.database_clock import DatabaseClock
from core.db import create_engine, try_briefly
from core.settings import Settings
from crowncap.dealer_ports import dealer_ports
from crowncap.link_ports import LINK_PORTS

FOLLOW_WITHIN_S: Final = 60


async def follow_links(engine: AsyncEngine, timezone: ZoneInfo, now: datetime) -> None:
    """Take in what was scanned ten minutes ago and before, by whom and on what."""
    step = partial(follow_scans, ports=LINK_PORTS, timezone=timezone, now=now)
    while await try_briefly(engine, step, limit_s=FOLLOW_WITHIN_S):
        pass


async def follow_goods(engine: AsyncEngine, timezone: ZoneInfo, now: datetime) -> None:
    """Count whose codes were claimed where, as long ago; watch what is diverted."""
    ports = dealer_ports(timezone)
    count = partial(count_dealers, read_sold=ports.read_sold, now=now)
    watch = partial(watch_dealers, ports=ports, now=now)
    for step in (count, watch):
        while await try_briefly(engine, step, limit_s=FOLLOW_WITHIN_S):
            pass


async def catch_up(database_url: str, settings: Settings) -> None:
    """Take in all that was scanned so far, for who knows that nobody scans.

    What is under way meanwhile would never be counted.
    """
    engine, clock = create_engine(database_url), DatabaseClock()
    try:
        await clock.measure(engine)
        now = utc_datetime(clock.now_ms()) + SETTLED
        await follow_links(engine, settings.timezone, now)
        await follow_goods(engine, settings.timezone, now)
    finally:
        await engine.dispose()
