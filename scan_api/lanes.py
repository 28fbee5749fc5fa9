"""The hot path's own connections to PostgreSQL: one a lane, mended when they break."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from scan_api.binary_arrays import register_binary_arrays

Result = TypeVar("Result")


@dataclass(slots=True)
class Lane:
    """One connection, used by one batch at a time."""

    database_url: str = field(repr=False)
    _conn: psycopg.AsyncConnection[Any] | None = None

    async def run(
        self, work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Result]]
    ) -> Result:
        """Do `work`; a transient fault is met with one more try on a sound connection.

        Raises psycopg.Error. The work must be safe to do twice.
        """
        try:
            return await work(await self._sound())
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # Lost connections, deadlocks and serialisation failures are all of these.
            return await work(await self._sound())

    async def _sound(self) -> psycopg.AsyncConnection[Any]:
        if self._conn is None or self._conn.broken or self._conn.closed:
            await self.close()
            self._conn = await psycopg.AsyncConnection.connect(
                self.database_url,
                autocommit=True,
                connect_timeout=3,
                application_name="crowncap lane",
                options="-c statement_timeout=15s -c lock_timeout=10s",
            )
            register_binary_arrays(self._conn)
        return self._conn

    async def close(self) -> None:
        """Let the connection go."""
        if self._conn is not None:
            await self._conn.close()
            self._conn = None


@dataclass(slots=True)
class Lanes:
    """The lanes of a worker: two batches in flight are enough."""

    database_url: str = field(repr=False)
    count: int = 2
    _free: list[Lane] = field(default_factory=list)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[Lane]:
        """Borrow a lane; there is always one, since batches are as many as lanes."""
        lane = self._free.pop() if self._free else Lane(self.database_url)
        try:
            yield lane
        finally:
            self._free.append(lane)

    async def close(self) -> None:
        """Close every idle lane."""
        while self._free:
            await self._free.pop().close()
