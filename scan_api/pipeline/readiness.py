"""Whether scans can be committed, seen as a commit sees it and bounded in time.

A look is a transaction that does what makes commits fail: it takes a connection, makes
a file longer, writes to the log and waits until that is durable. However many ask,
there is one look at a time and at most one a second; the rest share its outcome.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import psycopg
import structlog

from core.clock import elapsed_s
from core.db import BoundedConnection
from core.messages import Message
from core.redis import RedisAway, RedisClient
from scan_api.domain.messages import message
from scan_api.store.commit_pool import CommitConnection, CommitRecord

log = structlog.get_logger(logger_name=__name__)

LOOK_WITHIN_S: Final = 2.0
# For so long a commit that failed speaks against what a look has seen.
_FAULT_COUNTS_S: Final = 5.0
_MARK_MS: Final = b"10000"

# The temporary table is emptied by truncation at each commit, so its rows always need
# new room on the disk; a row of an ordinary table finds some in pages that are there.
# The message makes a commit record that is waited for, without any table of its own.
_LOOK: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS room_on_disk (filler text) ON COMMIT DELETE ROWS;
INSERT INTO room_on_disk SELECT repeat('x', 1900) FROM generate_series(1, 128);
SELECT pg_logical_emit_message(true, 'crowncap', 'a look')::text AS written,
    (SELECT min(parent) FROM (VALUES ('scans', 'YYYY_MM'),
        ('scan_traces', 'YYYY_MM_DD')) AS parted (parent, format)
     WHERE NOT EXISTS (
        SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent::regclass
        AND (c.relname = parent || '_' || to_char(now() AT TIME ZONE 'UTC', format)
             OR pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'))) AS unparted
"""


class Status(StrEnum):
    """What a worker can do."""

    OK = "ok"
    # Scans are committed, and what would be rewarded is held.
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a worker can do, and why not more."""

    status: Status
    detail: str = ""


AWAY: Final = message("postgres_away")
SLOW: Final = message("postgres_slow", seconds=LOOK_WITHIN_S)
READS: Final = message("postgres_reads")
FULL: Final = message("postgres_full")
CROWDED: Final = message("postgres_crowded")
UNNUMBERED: Final = message("unnumbered")
NO_REDIS: Final = message("no_redis")


def tell_unparted(table: str) -> Message:
    """Say that a table has no partition for today."""
    return message("unparted", table=table)


class _Look(BoundedConnection):
    answer_within_s = LOOK_WITHIN_S


@dataclass(slots=True)
class ReadinessCheck:
    """Looks at PostgreSQL and Redis for whoever asks."""

    connection: CommitConnection
    commits: CommitRecord
    redis: RedisClient
    # Whether a scan could be given its id at this moment.
    is_numbered: Callable[[], bool]
    # What was seen is told for so long.
    fresh_s: float = 1.0
    _last: Readiness = Readiness(Status.UNAVAILABLE, AWAY)
    _looked_at_s: float = float("-inf")
    _began_at_s: float = float("-inf")
    _look: asyncio.Task[None] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        database_url: str,
        commits: CommitRecord,
        redis: RedisClient,
        is_numbered: Callable[[], bool],
        *,
        fresh_s: float = 1.0,
    ) -> "ReadinessCheck":
        """Look with a connection of its own, made as those of commits are."""
        return cls(
            CommitConnection(database_url, kind=_Look),
            commits,
            redis,
            is_numbered,
            fresh_s,
        )

    async def readiness(self) -> Readiness:
        """Tell what can be done now, within LOOK_WITHIN_S."""
        if elapsed_s() - self._looked_at_s > self.fresh_s:
            if self._look is None or self._look.done():
                self._began_at_s = elapsed_s()
                self._look = asyncio.create_task(self._take_a_look())
            left_s = max(0.0, self._began_at_s + LOOK_WITHIN_S - elapsed_s())
            done, _ = await asyncio.wait({self._look}, timeout=left_s)
            if not done:
                return Readiness(Status.UNAVAILABLE, SLOW)
        fault = self.commits.fault_within(_FAULT_COUNTS_S)
        if fault is not None and self._last.status is not Status.UNAVAILABLE:
            return Readiness(Status.UNAVAILABLE, _sentence(fault))
        if self._last.status is not Status.UNAVAILABLE and not self.is_numbered():
            return Readiness(Status.UNAVAILABLE, UNNUMBERED)
        return self._last

    async def close(self) -> None:
        """Let the connection go."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
        await self.connection.close()

    async def _take_a_look(self) -> None:
        redis_answers, unready = await asyncio.gather(self._ask_redis(), self._commit())
        if unready is not None:
            seen = Readiness(Status.UNAVAILABLE, unready)
        elif redis_answers:
            seen = Readiness(Status.OK)
        else:
            seen = Readiness(Status.DEGRADED, NO_REDIS)
        if seen.status is not self._last.status:
            log.info("readiness", status=seen.status.value, detail=seen.detail)
        self._last, self._looked_at_s = seen, elapsed_s()

    async def _ask_redis(self) -> bool:
        try:
            # A write: a replica, or a server without memory left, answers a PING.
            await self.redis.call(b"SET", b"ready", b"1", b"PX", _MARK_MS)
        except RedisAway:
            return False
        return True

    async def _commit(self) -> Message | None:
        """Commit a little; say in a sentence why that is not possible."""
        try:
            unparted = await self.connection.run(_commit_a_little)
        except Exception as fault:  # noqa: BLE001 - each means: not ready
            log.warning("not_ready", cause=fault)
            return _sentence(fault)
        return None if unparted is None else tell_unparted(unparted)


async def _commit_a_little(conn: psycopg.AsyncConnection[Any]) -> str | None:
    """Commit, and name a table without a partition for today."""
    # Several statements at once are one transaction of the simple protocol.
    cursor = await conn.execute(_LOOK)
    while cursor.nextset():
        pass
    row = await cursor.fetchone()
    assert row is not None
    unparted: str | None = row[1]
    return unparted


def _sentence(fault: Exception) -> Message:
    """Tell anybody why there are no commits; causes with names go to the log."""
    if isinstance(fault, psycopg.errors.DiskFull):
        return FULL
    if isinstance(fault, psycopg.errors.ReadOnlySqlTransaction):
        return READS
    if isinstance(fault, psycopg.errors.CheckViolation):
        return tell_unparted(message("a_table"))
    if "too many clients" in str(fault) or "connection slots" in str(fault):
        return CROWDED
    return AWAY
