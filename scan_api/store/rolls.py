"""The SQL of scans that had a chance of something, and where they were made."""

from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conditions import Fact
from scan_api.store.kept_facts import PlannedScan, read_planned, unpack_facts

# So many are read at once.
_AT_MOST: Final = 20_000
# A code whose claim ended with a denied case counts by the first claim alone.
_PLANNED: Final = text(
    """SELECT scan_id, code_id, member_no, outcome, campaign_no, facts FROM scans AS s
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
        AND outcome IN ('rewarded', 'held', 'no_reward', 'limit_reached')
        AND (SELECT true FROM released_claims AS r WHERE r.shard = s.shard
            AND r.code_id = s.code_id AND r.scan_id < s.scan_id LIMIT 1) IS NULL
    ORDER BY scan_id LIMIT :most"""
)
_CELLS: Final = text(
    """SELECT scan_id, cell FROM scan_traces
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto AND cell IS NOT NULL"""
)


class RolledScan(NamedTuple):
    """A scan that campaigns were asked about, by which facts it was judged, and where.

    The first of the facts is the version of the rules, which name the others.
    """

    planned: PlannedScan
    judged: tuple[Fact, ...]
    cell: int | None


async def read_rolled(
    conn: AsyncConnection, after: int, upto: int
) -> tuple[int, list[RolledScan]]:
    """Read some of the scans after one, up to another at most, and tell up to which.

    Those that don't say which campaigns were asked are left out, won or lost alike.
    """
    span = {"after": after, "upto": upto}
    rows = (await conn.execute(_PLANNED, span | {"most": _AT_MOST})).all()
    if len(rows) == _AT_MOST:
        span["upto"] = rows[-1].scan_id
    cells = {row.scan_id: row.cell for row in await conn.execute(_CELLS, span)}
    found = []
    for row in rows:
        kept = unpack_facts(row.facts)
        if kept.campaigns:
            planned = read_planned(row, kept)
            found.append(
                RolledScan(planned, tuple(kept.judged), cells.get(row.scan_id))
            )
    return span["upto"], found
