"""PostgreSQL: one engine for SQLAlchemy Core, and how to spell its address."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import psycopg
from psycopg import errors as pg
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Result = TypeVar("Result")

# Held shared by every batch of scans and exclusively by every change of a range or an
# epoch, so that an acknowledged recall is never overtaken by a scan decided before it.
FENCE_SHARED = "SELECT pg_advisory_xact_lock_shared(4343, 1)"
FENCE_EXCLUSIVE = "SELECT pg_advisory_xact_lock(4343, 1)"

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
        connect_args={"connect_timeout": 5, "application_name": "crowncap"},
    )


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
