"""Statements of the hot path, prepared, and run below the driver's cursors.

A cursor asks of each argument and column anew how it is written and read, which a batch
of twenty scans pays as dearly as its arrays themselves. Here a statement says its types
once, and takes and gives bytes in PostgreSQL's binary format.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

_SOUND: Final = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


@dataclass(frozen=True, slots=True, eq=False)
class PreparedStatement:
    """A statement with $1, $2 … for arguments of these types (their oids)."""

    name: bytes
    statement: bytes
    types: tuple[int, ...]
    # The connections that have it; one that was lost takes its statements along.
    _held_by: WeakSet[psycopg.AsyncConnection[Any]] = field(default_factory=WeakSet)

    async def run(
        self, conn: psycopg.AsyncConnection[Any], *arguments: bytes
    ) -> PGresult:
        """Run it on a connection in autocommit, or in its transaction.

        Raises psycopg.Error.
        """
        async with conn.lock:
            if conn not in self._held_by:
                conn.pgconn.send_prepare(self.name, self.statement, self.types)
                await _finish(conn)
                self._held_by.add(conn)
            conn.pgconn.send_query_prepared(
                self.name,
                arguments,
                [Format.BINARY] * len(arguments),
                result_format=Format.BINARY,
            )
            return await _finish(conn)


async def _finish(conn: psycopg.AsyncConnection[Any]) -> PGresult:
    """Wait for the answer to what was sent."""
    results: list[PGresult] = await conn.wait(execute(conn.pgconn))
    for result in results:
        if result.status not in _SOUND:
            raise error_from_result(result)
    return results[-1]
