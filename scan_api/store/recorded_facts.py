"""The SQL of what is known of past scans: how often, and where."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.ids import first_id_at, time_of_id

_MEMBER_SCANS = text(
    """
    SELECT u.scan_id, count(s.scan_id) AS n
    FROM unnest(CAST(:ids AS bigint[]), CAST(:members AS bigint[]),
        CAST(:starts AS bigint[])) AS u (scan_id, member_no, start)
    LEFT JOIN scans AS s ON s.shard = 0 AND s.member_no = u.member_no
        AND s.scan_id > u.start AND s.scan_id <= u.scan_id
    GROUP BY u.scan_id
    """
)

# The places of a code while a place counts; traces say where, scans what.
_PLACES = text(
    """
    SELECT s.code_id, s.scan_id, t.cell
    FROM scan_traces AS t JOIN scans AS s USING (shard, scan_id)
    WHERE shard = 0 AND t.scan_id BETWEEN :first AND :last
        AND s.scan_id BETWEEN :first AND :last
        AND t.cell IS NOT NULL AND s.code_id = ANY(CAST(:codes AS bigint[]))
    ORDER BY s.scan_id
    """
)


class MemberScan(NamedTuple):
    """A member's scan whose facts are asked for."""

    scan_id: int
    code_id: int
    member_no: int


async def count_member_scans(
    conn: AsyncConnection, past: Sequence[MemberScan], window_s: int
) -> dict[int, int]:
    """Count by scan_id how often its member had scanned within a window by then."""
    ids = [scan.scan_id for scan in past]
    rows = await conn.execute(
        _MEMBER_SCANS,
        {
            "ids": ids,
            "members": [scan.member_no for scan in past],
            "starts": [first_id_at(time_of_id(i) - window_s * 1000) for i in ids],
        },
    )
    return {row.scan_id: row.n for row in rows}


async def load_places(
    conn: AsyncConnection, code_ids: Sequence[int], *, first: int, last: int
) -> Sequence[Row[tuple[int, int, int]]]:
    """Read (code_id, scan_id, cell) of the scans from `first` to `last`, in order."""
    found = await conn.execute(
        _PLACES, {"first": first, "last": last, "codes": list(code_ids)}
    )
    return found.all()
