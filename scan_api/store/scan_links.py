"""The SQL of who scanned on which device, and whose scans were stopped."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers

# So many scans are read at once.
_READ_AT_ONCE: Final = 50_000

_NTH: Final = text(
    """SELECT scan_id FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
    ORDER BY scan_id OFFSET :rows LIMIT 1"""
)
_DEVICES: Final = text(
    """SELECT DISTINCT t.device, s.member_no
    FROM scans AS s JOIN scan_traces AS t USING (shard, scan_id)
    WHERE shard = 0 AND s.scan_id > :after AND s.scan_id <= :upto
        AND t.scan_id > :after AND t.scan_id <= :upto
        AND s.member_no IS NOT NULL AND t.device <> ''"""
)
_STOPPED: Final = text(
    """SELECT DISTINCT member_no FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
        AND outcome IN ('refused', 'held') AND member_no IS NOT NULL"""
)
_STOPPED_OF: Final = text(
    """SELECT s.scan_id, s.member_no, s.outcome
    FROM unnest(CAST(:members AS bigint[])) AS u (member)
    CROSS JOIN LATERAL (SELECT scan_id, member_no, outcome FROM scans
        WHERE shard = 0 AND member_no = u.member AND scan_id > :since
            AND outcome IN ('refused', 'held')
        ORDER BY scan_id DESC LIMIT :each) AS s"""
)
# The latest say enough of a member.
_EACH: Final = 100


class StoppedScan(NamedTuple):
    """A scan that was refused or held."""

    scan_id: int
    member_no: int
    outcome: str


class Read(NamedTuple):
    """Scans up to `end`: (device, member) of them, and whose were stopped."""

    end: int
    devices: list[tuple[bytes, int]]
    stopped: frozenset[int]


async def read_devices(conn: AsyncConnection, after: int, upto: int) -> Read:
    """Read some of the scans after one, up to another at most."""
    span = {"after": after, "upto": upto}
    found = await conn.execute(_NTH, span | {"rows": _READ_AT_ONCE - 1})
    span["upto"] = found.scalar_one_or_none() or upto
    devices = [(bytes(device), no) for device, no in await conn.execute(_DEVICES, span)]
    stopped = frozenset((await conn.execute(_STOPPED, span)).scalars())
    return Read(span["upto"], devices, stopped)


async def find_stopped(
    conn: AsyncConnection, members: Collection[int], since: int
) -> list[StoppedScan]:
    """Find the latest scans of members after one that were refused or held."""
    values = {"members": write_numbers(members), "since": since, "each": _EACH}
    return [StoppedScan(*row) for row in await conn.execute(_STOPPED_OF, values)]
