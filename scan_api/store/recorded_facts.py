"""The SQL of what is known of past scans: when, how often, and where."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from core.ids import time_of_id
from scan_api.store.kept_facts import own_time
from scan_api.tables import scans

_OF_MEMBERS: Final = text(
    """
    SELECT s.member_no, s.scan_id, s.facts
    FROM unnest(CAST(:members AS bigint[]), CAST(:firsts AS bigint[]),
        CAST(:lasts AS bigint[])) AS u (member_no, first, last)
    JOIN scans AS s ON s.shard = 0 AND s.member_no = u.member_no
        AND s.scan_id BETWEEN u.first AND u.last
    ORDER BY s.member_no, s.scan_id
    """
)

# The places of codes; traces say where, scans what and when.
_PLACES: Final = text(
    """
    SELECT s.code_id, s.scan_id, t.cell, s.facts
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


class Stretch(NamedTuple):
    """Scans of a member that arrived from one to another, both counted."""

    member_no: int
    first: int
    last: int


class TimedScan(NamedTuple):
    """A scan, and its own time in milliseconds since 1970."""

    scan_id: int
    judged_at_ms: int


class PlacedScan(NamedTuple):
    """A scan of a code, its own time, and the H3 cell that it was in."""

    code_id: int
    scan_id: int
    judged_at_ms: int
    cell: int


async def load_own_times(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, int]:
    """Read by scan_id at what time scans were judged."""
    found = await conn.execute(
        select(scans.c.scan_id, scans.c.facts).where(
            scans.c.shard == SHARD,
            scans.c.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
        ),
        {"scan_ids": list(scan_ids)},
    )
    own_times = {scan_id: time_of_id(scan_id) for scan_id in scan_ids}
    return own_times | {row.scan_id: own_time(*row) for row in found}


async def load_scans_of_members(
    conn: AsyncConnection, stretches: Iterable[Stretch]
) -> dict[int, list[TimedScan]]:
    """Read scans by member, in the order of their arrival."""
    members, firsts, lasts = zip(*stretches, strict=True)
    rows = await conn.execute(
        _OF_MEMBERS,
        {
            "members": write_numbers(members),
            "firsts": write_numbers(firsts),
            "lasts": write_numbers(lasts),
        },
    )
    found: dict[int, list[TimedScan]] = {}
    for member_no, scan_id, facts in rows:
        scan = TimedScan(scan_id, own_time(scan_id, facts))
        found.setdefault(member_no, []).append(scan)
    return found


async def load_places(
    conn: AsyncConnection, code_ids: Sequence[int], *, first: int, last: int
) -> list[PlacedScan]:
    """Read where codes were scanned, from one scan to another, as they arrived."""
    rows = await conn.execute(
        _PLACES, {"first": first, "last": last, "codes": list(code_ids)}
    )
    return [
        PlacedScan(code_id, scan_id, own_time(scan_id, facts), cell)
        for code_id, scan_id, cell, facts in rows
    ]
