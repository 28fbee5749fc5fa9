"""PostgreSQL: one engine for SQLAlchemy Core, and how to spell its address."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Result = TypeVar("Result")
Value = TypeVar("Value")

# Every growing table has a shard first in its keys, by which it can be spread over
# machines later. One machine has one, and each statement names it.
SHARD = 0

# What the drivers raise while PostgreSQL cannot be reached.
DATABASE_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
)

# Whoever waits for a lock makes everybody wait who comes after: who changes tables that
# scans use waits this long, lets everybody through, and tries again.
LOCK_TIMEOUT_MS = 200
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
# A lock not given in time, given to another, or a step that took too long.
LOCKED = (pg.LockNotAvailable, pg.DeadlockDetected, pg.QueryCanceled)

# Sessions as people would look for them; to a role that may not see others' sessions,
# without the time. Joined to what says which ones.
SESSIONS = """
    SELECT DISTINCT concat('process ', a.pid, ' (',
        coalesce(nullif(a.application_name, ''), 'no application name'), ', role ',
        a.usename, ', in a transaction since ',
        coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'unknown'), ')')
    FROM pg_stat_activity AS a
"""

# What a server that was stopped, or is unplugged, may keep a caller waiting. The kernel
# of a stopped server goes on acknowledging, so these bounds have to be ours.
CONNECT_S: Final = 3
_PING_S: Final = 3.0
_STATEMENT_S: Final = 60.0
# A server that is unplugged is noticed by TCP. A statement whose caller gave up ends.
CONNECTION_BOUNDS: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """A connection on which no answer is awaited for ever.

    One that waited in vain is closed, not cancelled: who does not answer a statement
    does not answer its cancellation either.
    """

    answer_within_s: float = _PING_S

    async def wait(
        self,
        gen: PQGen[Value],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own
    ) -> Value:
        """Wait for an answer; raises OperationalError when there is none in time."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, self.answer_within_s)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"PostgreSQL did not answer within {self.answer_within_s:g} s"
            ) from None


def sqlalchemy_url(database_url: str) -> URL:
    """Turn a libpq URL into SQLAlchemy's, with psycopg 3 as the driver."""
    return make_url(database_url).set(drivername="postgresql+psycopg")


def create_engine(database_url: str, *, pool_size: int = 5) -> AsyncEngine:
    """Make a pool for routes, commands and background work (not for the hot path)."""
    return create_async_engine(
        sqlalchemy_url(database_url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"application_name": "crowncap"} | CONNECTION_BOUNDS,
    )


def create_serving_engine(database_url: str, *, pool_size: int = 5) -> AsyncEngine:
    """Make the pool of a worker: whatever happens to PostgreSQL, requests end.

    Taking a connection asks it for a sign of life, for which there are seconds;
    a statement has a minute for each piece of its answer.
    """
    engine = create_async_engine(
        sqlalchemy_url(database_url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": "crowncap",
            "options": "-c client_connection_check_interval=5s",
            "async_creator_fn": BoundedConnection.connect,
        }
        | CONNECTION_BOUNDS,
    )

    # A connection is asked for its sign of life between these two.
    @event.listens_for(engine.sync_engine, "checkin")
    def expect_a_ping(connection: Any, _record: object) -> None:
        if connection is not None:
            connection.driver_connection.answer_within_s = _PING_S

    @event.listens_for(engine.sync_engine, "checkout")
    def expect_statements(connection: Any, _record: object, _proxy: object) -> None:
        connection.driver_connection.answer_within_s = _STATEMENT_S

    return engine


def why_away(fault: Exception) -> str:
    """Say in one line why PostgreSQL could not be reached."""
    cause = getattr(fault, "orig", None) or fault
    return str(cause).strip().splitlines()[0].removeprefix("connection failed: ")


async def try_briefly(
    engine: AsyncEngine,
    work: Callable[[AsyncConnection], Awaitable[Result]],
    *,
    pauses_s: Sequence[float] = PAUSES_S,
    limit_s: float = 10,
) -> Result:
    """Do `work` in a transaction that waits for no lock longer than a moment.

    Tries once more after each pause. Raises what PostgreSQL raises: of LOCKED, wrapped
    in DBAPIError, when somebody kept a lock all the time.
    """
    left = list(pauses_s)
    while True:
        try:
            async with engine.begin() as conn:
                await conn.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
                await conn.execute(
                    text(f"SET LOCAL statement_timeout = {round(limit_s * 1000)}")
                )
                return await work(conn)
        except DBAPIError as fault:
            if not left or not isinstance(fault.orig, LOCKED):
                raise
        await asyncio.sleep(left.pop(0))
