"""How many reports a network or a member may make."""

from typing import NoReturn

import structlog

from core.errors import Throttled
from core.redis import PackedBatch, RedisAway, RedisClient
from scan_api.domain.fakes import MOST_AN_HOUR
from scan_api.domain.messages import message

_HOUR_S = 3_600

log = structlog.get_logger(logger_name=__name__)


class TooManyReports(Throttled):
    """Enough reports came from there for now."""


async def count_reporters(redis: RedisClient, tags: tuple[bytes, ...]) -> None:
    """Count a report against whoever makes it; raises TooManyReports.

    While Redis is away only the limit of all together holds.
    """
    batch = PackedBatch()
    handles = [batch.count(b"fake:" + tag, 1, (_HOUR_S,)) for tag in tags]
    try:
        results = await batch.run(redis)
    except RedisAway:
        log.warning("fake_reports_uncounted")
        return
    if any(results.count(handle)[0] > MOST_AN_HOUR for handle in handles):
        raise_throttled()


def raise_throttled() -> NoReturn:
    """Say that there were too many; raises TooManyReports."""
    raise TooManyReports(message("too_many_reports"), retry_after_s=_HOUR_S)
