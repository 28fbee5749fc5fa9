"""The SQL of scans that people look at together: what they were, and from where."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers


class TracedScan(NamedTuple):
    """A scan with its trace, as long as that is kept."""

    scan_id: int
    code_id: int
    member_no: int | None
    outcome: str
    network: str | None
    device: bytes | None
    cell: int | None


# Traces have no key: those of a stretch of scans are found by a summary of blocks, so
# they are asked for apart, by the days that the scans are of.
_SCANS: Final = text(
    """
    SELECT s.scan_id, s.code_id, s.member_no, s.outcome
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM scans
        WHERE shard = 0 AND scan_id = u.id OFFSET 0) AS s
    """
)
_TRACES: Final = text(
    """
    SELECT t.scan_id, host(t.network) AS network, t.device, t.cell
    FROM scan_traces AS t
    WHERE t.shard = 0 AND t.scan_id BETWEEN :first AND :last
        AND t.scan_id = ANY(CAST(:ids AS bigint[]))
    """
)


async def load_traced(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, TracedScan]:
    """Read scans with their traces, by scan_id."""
    if not scan_ids:
        return {}
    ids = write_numbers(scan_ids)
    scans = await conn.execute(_SCANS, {"ids": ids})
    span = {"first": min(scan_ids), "last": max(scan_ids)}
    rows = await conn.execute(_TRACES, span | {"ids": ids})
    traces = {row.scan_id: row[1:] for row in rows}
    return {
        row.scan_id: TracedScan(*row, *traces.get(row.scan_id, (None, None, None)))
        for row in scans
    }


_RECENT: Final = text(
    """
    SELECT DISTINCT s.scan_id
    FROM unnest(CAST(:codes AS bigint[])) AS u (code)
    CROSS JOIN LATERAL (SELECT unnest(recent_scans) AS scan_id FROM sightings
        WHERE shard = 0 AND code_id = u.code
        UNION ALL SELECT scan_id FROM claims
        WHERE shard = 0 AND code_id = u.code) AS s
    ORDER BY s.scan_id DESC LIMIT :limit
    """
)


async def find_recent_of_codes(
    conn: AsyncConnection, code_ids: Sequence[int], *, limit: int
) -> list[int]:
    """Find the latest scans of codes, newest first: their claims, and what they keep.

    A code keeps the numbers of the latest eight scans that repeated others.
    """
    found = await conn.execute(
        _RECENT, {"codes": write_numbers(code_ids), "limit": limit}
    )
    return list(found.scalars())


_OF_MEMBERS: Final = text(
    """
    SELECT s.scan_id FROM unnest(CAST(:members AS bigint[])) AS u (member)
    CROSS JOIN LATERAL (SELECT scan_id FROM scans
        WHERE shard = 0 AND member_no = u.member
        ORDER BY scan_id DESC LIMIT :limit) AS s
    ORDER BY s.scan_id DESC LIMIT :limit
    """
)


async def find_recent_of_members(
    conn: AsyncConnection, member_nos: Sequence[int], *, limit: int
) -> list[int]:
    """Find the latest scans of members, newest first."""
    found = await conn.execute(
        _OF_MEMBERS, {"members": write_numbers(member_nos), "limit": limit}
    )
    return list(found.scalars())
