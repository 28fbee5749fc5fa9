"""PostgreSQL: one engine for SQLAlchemy Core, and how to spell its address."""

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# Held shared by every batch of scans and exclusively by every change of a range or an
# epoch, so that an acknowledged recall is never overtaken by a scan decided before it.
FENCE_SHARED = "SELECT pg_advisory_xact_lock_shared(4343, 1)"
FENCE_EXCLUSIVE = "SELECT pg_advisory_xact_lock(4343, 1)"

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
