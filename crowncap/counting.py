"""What campaigns and rules came to is counted from what other features keep."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.pipeline import figures as fraud_figures
from core.db import try_briefly
from events.pipeline.events import end_of_rows, read_rows, read_unsettled
from rewards.domain.figures import Sources
from rewards.pipeline import figures
from scan_api.pipeline.past_scans import read_judged
from scan_api.store.past_scans import count_unpaid
from scan_api.store.scan_events import SCANS

SOURCES: Final = Sources(read_rows, end_of_rows, read_unsettled, count_unpaid, SCANS)
_LIMIT_S: Final = 60

log = structlog.get_logger(logger_name=__name__)


async def count_figures(
    engine: AsyncEngine, *, timezone: ZoneInfo, now: Callable[[], datetime]
) -> None:
    """Count all that happened since; anew where nothing tells what that was."""
    while True:
        step = partial(figures.count_figures, sources=SOURCES, timezone=timezone)
        done = await try_briefly(engine, partial(step, now=now()), limit_s=_LIMIT_S)
        if done is None:
            log.info("figures_counted_anew")
            await count_anew(engine, timezone=timezone, now=now())
        if not done:
            return


async def count_anew(engine: AsyncEngine, *, timezone: ZoneInfo, now: datetime) -> None:
    """Count everything anew."""
    await figures.count_anew(engine, SOURCES, timezone=timezone, now=now)


async def count_fraud(
    engine: AsyncEngine, *, timezone: ZoneInfo, now: Callable[[], datetime]
) -> None:
    """Count what rules and analysts came to since."""
    read = partial(read_judged, timezone=timezone)
    while True:
        step = partial(fraud_figures.count_figures, timezone=timezone, now=now())
        if not await try_briefly(
            engine, partial(step, read_judged=read), limit_s=_LIMIT_S
        ):
            return
