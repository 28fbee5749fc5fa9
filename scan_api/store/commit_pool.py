"""The hot path's own connections to PostgreSQL: one a batch, mended when they break."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from core.clock import elapsed_s
from core.db import CONNECTION_BOUNDS, BoundedConnection

Result = TypeVar("Result")

# PostgreSQL ends what waits or works too long. One that was stopped ends nothing,
# hence a bound of our own, a little later.
_OPTIONS = "-c statement_timeout=8s -c lock_timeout=5s"
_ANSWER_WITHIN_S = 9.0


@dataclass(slots=True)
class CommitRecord:
    """How the commits of a worker went last."""

    succeeded_at_s: float = float("-inf")
    failed_at_s: float = float("-inf")
    fault: Exception | None = None

    def fault_within(self, seconds: float) -> Exception | None:
        """Give why the latest commit failed, if that was lately."""
        failed = self.failed_at_s > self.succeeded_at_s
        return (
            self.fault if failed and elapsed_s() - self.failed_at_s < seconds else None
        )


class _HotConnection(BoundedConnection):
    """A connection of the hot path."""

    answer_within_s = _ANSWER_WITHIN_S


@dataclass(slots=True)
class CommitConnection:
    """One connection, used by one batch at a time."""

    database_url: str = field(repr=False)
    record: CommitRecord = field(default_factory=CommitRecord)
    kind: type[BoundedConnection] = _HotConnection
    _conn: psycopg.AsyncConnection[Any] | None = None

    async def run(
        self, work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Result]]
    ) -> Result:
        """Do `work`; a transient fault is met with one more try on a sound connection.

        Raises psycopg.Error. The work must be safe to do twice.
        """
        try:
            try:
                result = await work(await self._sound())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                # Lost connections, deadlocks, serialisation failures: all of these.
                result = await work(await self._sound())
        except psycopg.Error as fault:
            if stops_every_commit(fault):
                self.record.failed_at_s, self.record.fault = elapsed_s(), fault
            raise
        self.record.succeeded_at_s = elapsed_s()
        return result

    async def _sound(self) -> psycopg.AsyncConnection[Any]:
        if self._conn is None or self._conn.broken or self._conn.closed:
            await self.close()
            self._conn = await self.kind.connect(
                self.database_url,
                autocommit=True,
                application_name="crowncap commit",
                options=_OPTIONS,
                **CONNECTION_BOUNDS,
            )
        return self._conn

    async def close(self) -> None:
        """Let the connection go."""
        if self._conn is not None:
            await self._conn.close()
            self._conn = None


def is_transient(fault: psycopg.Error) -> bool:
    """Tell what may go well another time from what the data themselves forbid."""
    return isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError)


def stops_every_commit(fault: psycopg.Error) -> bool:
    """Tell a fault of PostgreSQL's state from one of what was to be committed."""
    if isinstance(fault, psycopg.errors.CheckViolation):
        # A row for which there is no partition; a constraint would have a name.
        return fault.diag.constraint_name is None
    return isinstance(
        fault,
        psycopg.OperationalError
        | psycopg.InterfaceError
        | psycopg.errors.ReadOnlySqlTransaction,
    )


@dataclass(slots=True)
class CommitPool:
    """The connections that a worker commits on: two batches in flight are enough."""

    database_url: str = field(repr=False)
    count: int = 2
    record: CommitRecord = field(default_factory=CommitRecord)
    _free: list[CommitConnection] = field(default_factory=list)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[CommitConnection]:
        """Borrow a connection; there are never more batches than `count`."""
        if self._free:
            connection = self._free.pop()
        else:
            connection = CommitConnection(self.database_url, self.record)
        try:
            yield connection
        finally:
            self._free.append(connection)

    async def close(self) -> None:
        """Close every idle connection."""
        while self._free:
            await self._free.pop().close()
