"""Ids that are given only while the worker's number is surely its own."""

import asyncio
from dataclasses import dataclass, field

import psycopg
import structlog

from core.clock import Clock, elapsed_s
from core.db import DATABASE_AWAY, why_away
from core.errors import Unavailable
from core.ids import TimeIds, time_of_id
from scan_api.domain.messages import message
from scan_api.store import worker_lease as store
from scan_api.store.worker_lease import (
    BELIEVED_S,
    Connection,
    Lease,
    NoNumberFreeError,
)

RENEW_EVERY_S = 1.0
TAKE_WITHIN_S = 10.0
RENEW_WITHIN_S = 5.0
# So that the server too lets go within seconds of a machine that vanished.
_SERVER_OPTIONS = (
    "-c statement_timeout=5s -c lock_timeout=5s -c idle_session_timeout=0"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=10000"
)

_LATE = "PostgreSQL does not answer in time."

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class LeasedIds(TimeIds):
    """Chooses ids under a number leased from PostgreSQL.

    A connection of its own holds the lease, and says every second that the worker
    lives. When that fails no id is given until a number is leased again.
    """

    worker_no: int = field(default=0, init=False)
    database_url: str = field(repr=False, kw_only=True)
    clock: Clock = field(kw_only=True)
    _conn: Connection | None = None
    _lease: Lease | None = None
    _previous: int | None = None
    _newest: int = 0
    _floor_ms: int = 0
    _sure_s: float = 0.0
    _sure_ms: int = 0
    _said: str = ""

    def next_id(self, now_ms: int) -> int:
        """Choose an id of something kept; raises Unavailable without a lease."""
        if not self.is_leased(now_ms):
            raise Unavailable(message("no_number"), retry_after_s=1)
        return self.unstored_id(now_ms)

    def is_leased(self, now_ms: int) -> bool:
        """Tell whether the number is surely this worker's own.

        Two clocks must agree that the lease was confirmed a moment ago: a machine that
        slept finds only one of them moved on.
        """
        return (
            self._lease is not None
            and elapsed_s() - self._sure_s <= BELIEVED_S
            and now_ms - self._sure_ms <= BELIEVED_S * 1000
        )

    def unstored_id(self, now_ms: int) -> int:
        """Choose an id for an answer of which nothing is kept; needs no lease."""
        self._newest = TimeIds.next_id(self, max(now_ms, self._floor_ms))
        return self._newest

    async def take(self) -> None:
        """Lease a number; raises NoNumberFreeError or psycopg.Error."""
        conn: Connection | None = None
        try:
            async with asyncio.timeout(TAKE_WITHIN_S):
                conn = await _connect(self.database_url)
                began_s, began_ms = elapsed_s(), self.clock.now_ms()
                lease = await store.take_number(conn, self._previous)
                # What follows only tells that the holder lives; a crash may lose it.
                await conn.execute("SET synchronous_commit = off")
        except BaseException as fault:
            if conn is not None:
                await conn.close()
            if isinstance(fault, TimeoutError):
                raise psycopg.OperationalError(_LATE) from None
            raise
        # Ids of one number must not go on in the millisecond of another's.
        self._floor_ms = time_of_id(self._newest) + 1 if self._newest else 0
        self.worker_no = lease.worker_no
        self._conn, self._lease, self._previous = conn, lease, lease.lease_no
        self._sure_s, self._sure_ms = began_s, began_ms
        self._said = ""
        log.info(
            "worker_number_leased", worker_no=lease.worker_no, lease_no=lease.lease_no
        )

    async def hold(self) -> None:
        """Keep the lease, and take another when it is lost, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            await self.renew()

    async def renew(self) -> None:
        """Confirm the lease; without one, try to take one."""
        if self._conn is not None and self._lease is not None:
            cause = await self._confirm(self._conn, self._lease)
            if cause is None:
                return
            log.warning(
                "worker_number_lost", worker_no=self._lease.worker_no, cause=cause
            )
            await self._let_go()
        try:
            await self.take()
        except (NoNumberFreeError, psycopg.Error) as fault:
            self._say_once(_why(fault))

    async def give_back(self) -> None:
        """Let the number go; nothing is given after it."""
        conn, lease = self._conn, self._lease
        self._lease = None
        if conn is not None and lease is not None:
            try:
                async with asyncio.timeout(RENEW_WITHIN_S):
                    await store.give_back(conn, lease, self._newest)
            except (psycopg.Error, TimeoutError) as fault:
                # It rests for a minute from when it was last heard of.
                log.info("worker_number_not_given_back", cause=_why(fault))
        await self._let_go()

    async def _confirm(self, conn: Connection, lease: Lease) -> str | None:
        """Renew; tells why the lease is lost if it is."""
        began_s, began_ms = elapsed_s(), self.clock.now_ms()
        try:
            async with asyncio.timeout(RENEW_WITHIN_S):
                if not await store.renew(conn, lease, self._newest):
                    return "It is not this worker's any more."
        except (psycopg.Error, TimeoutError) as fault:
            return _why(fault)
        self._sure_s, self._sure_ms = began_s, began_ms
        return None

    async def _let_go(self) -> None:
        conn, self._conn, self._lease = self._conn, None, None
        if conn is not None:
            await conn.close()

    def _say_once(self, cause: str) -> None:
        if cause != self._said:
            log.warning("worker_number_not_leased", cause=cause)
        self._said = cause


async def _connect(database_url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(
        database_url,
        autocommit=True,
        connect_timeout=3,
        application_name="crowncap worker number",
        keepalives=1,
        keepalives_idle=2,
        keepalives_interval=1,
        keepalives_count=3,
        tcp_user_timeout=5000,
        options=_SERVER_OPTIONS,
    )


def _why(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return _LATE
    return why_away(fault) if isinstance(fault, DATABASE_AWAY) else str(fault).strip()
