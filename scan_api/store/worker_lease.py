"""The SQL of worker numbers: an advisory lock for who holds one, a table for who did.

The lock ends with its connection, so a crash frees a number at once. The table keeps
that number from everybody else for a while, since a holder whose connection was cut
notices only a little later. It also guards by itself where locks do not hold, as behind
a pooler that lends one connection to several clients.
"""

import os
import socket
from dataclasses import dataclass
from typing import Any

import psycopg

from core.errors import MisconfiguredError

NUMBERS = 1024
# How long after it was last heard of a holder may still believe in its lease, and how
# long others leave the number alone: the difference is what clocks may be apart.
BELIEVED_S = 20
QUARANTINE_S = 60
_LOCK_CLASS = 4345

# 1767225600000 is core.ids.EPOCH_MS, at which scan_ids begin to count.
_LATEST = """
    SELECT l.lease_no, greatest(l.seen_at, l.ended_at,
        to_timestamp(((l.last_id >> 22) + 1767225600000) / 1000.0)) AS used_at
    FROM worker_leases AS l WHERE l.worker_no = n
    ORDER BY l.lease_no DESC LIMIT 1
"""
_FREE = f"""
    SELECT n FROM generate_series(0, %(numbers)s - 1) AS n
    LEFT JOIN LATERAL ({_LATEST}) AS latest ON true
    WHERE latest.lease_no IS NULL OR latest.lease_no = %(previous)s
        OR latest.used_at < clock_timestamp() - make_interval(secs => %(quarantine)s)
    ORDER BY coalesce(latest.lease_no = %(previous)s, false) DESC,
        (n - %(start)s + %(numbers)s) %% %(numbers)s
"""  # noqa: S608 - of constants
_LEASE = f"""
    INSERT INTO worker_leases
        (worker_no, host, pid, started_at, seen_at, last_id)
    SELECT n, %(host)s, %(pid)s, clock_timestamp(), clock_timestamp(), 0
    FROM (SELECT %(worker_no)s::int AS n) AS wish
    LEFT JOIN LATERAL ({_LATEST}) AS latest ON true
    WHERE latest.lease_no IS NULL OR latest.lease_no = %(previous)s
        OR latest.used_at < clock_timestamp() - make_interval(secs => %(quarantine)s)
    RETURNING lease_no, pg_backend_pid()
"""  # noqa: S608 - of constants
_END_PREVIOUS = """
    UPDATE worker_leases SET ended_at =
        least(clock_timestamp(), seen_at + make_interval(secs => %(believed)s))
    WHERE lease_no = %(previous)s AND ended_at IS NULL
"""
_RENEW = """
    UPDATE worker_leases SET seen_at = clock_timestamp(), last_id = %(last_id)s
    WHERE lease_no = %(lease_no)s AND ended_at IS NULL
    RETURNING pg_backend_pid()
"""
_END = """
    UPDATE worker_leases SET ended_at = clock_timestamp(), last_id = %(last_id)s
    WHERE lease_no = %(lease_no)s AND ended_at IS NULL
"""

Connection = psycopg.AsyncConnection[Any]


class NoNumberFreeError(MisconfiguredError):
    """Every worker number is taken, or was given up too short a time ago."""

    def __init__(self) -> None:
        super().__init__(
            f"All {NUMBERS:,} worker numbers are taken, or were given up less than "
            f"{QUARANTINE_S} seconds ago; stop workers that are not needed, or wait."
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """A number, the row that says so, and the server process that holds its lock."""

    lease_no: int
    worker_no: int
    backend_pid: int


async def take_number(conn: Connection, previous: int | None) -> Lease:
    """Lease a number that nobody has; raises NoNumberFreeError.

    `conn` is in autocommit and belongs to the lease from now on. `previous` is the
    caller's own earlier lease, whose number it may have back at once.
    """
    given: dict[str, Any] = {
        "numbers": NUMBERS,
        "quarantine": QUARANTINE_S,
        "believed": BELIEVED_S,
        "previous": previous,
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    # From place to place, so that a number rests as long as it can.
    cursor = await conn.execute("SELECT nextval('worker_numbers')")
    [row] = await cursor.fetchall()
    given["start"] = row[0] % NUMBERS
    await conn.execute(_END_PREVIOUS, given)
    cursor = await conn.execute(_FREE, given)
    for (worker_no,) in await cursor.fetchall():
        lock = (_LOCK_CLASS, worker_no)
        cursor = await conn.execute("SELECT pg_try_advisory_lock(%s, %s)", lock)
        if await cursor.fetchone() != (True,):
            continue
        # Looked at again under the lock: it may have been had and given up meanwhile.
        cursor = await conn.execute(_LEASE, given | {"worker_no": worker_no})
        leased = await cursor.fetchone()
        if leased is not None:
            return Lease(leased[0], worker_no, leased[1])
        await conn.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
    raise NoNumberFreeError


async def renew(conn: Connection, lease: Lease, last_id: int) -> bool:
    """Say that the holder lives; False if the lease is not its own any more."""
    given = {"lease_no": lease.lease_no, "last_id": last_id}
    cursor = await conn.execute(_RENEW, given)
    return await cursor.fetchone() == (lease.backend_pid,)


async def give_back(conn: Connection, lease: Lease, last_id: int) -> None:
    """Say that the holder gives no id any more."""
    await conn.execute(_END, {"lease_no": lease.lease_no, "last_id": last_id})
