"""The SQL of scans that people look at together: what they were, and from where."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from core.ids import time_of_id
from scan_api.store.kept_facts import unpack_facts


class TracedScan(NamedTuple):
    """A scan with its trace, as long as that is kept."""

    scan_id: int
    code_id: int
    member_no: int | None
    outcome: str
    network: str | None
    device: bytes | None
    cell: int | None
    # What its app said of it.
    context: Mapping[str, Any]


# Traces have no key: those of a stretch of scans are found by a summary of blocks, so
# scans of other days are stretches of their own, with nothing read between.
_APART_MS: Final = 10_000
_SCANS: Final = text(
    """
    SELECT s.scan_id, s.code_id, s.member_no, s.outcome, s.facts
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM scans
        WHERE shard = 0 AND scan_id = u.id OFFSET 0) AS s
    """
)
_TRACES: Final = text(
    """
    SELECT t.scan_id, host(t.network) AS network, t.device, t.cell
    FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS u (first, last)
    CROSS JOIN LATERAL (SELECT * FROM scan_traces
        WHERE shard = 0 AND scan_id BETWEEN u.first AND u.last
            AND scan_id = ANY(CAST(:ids AS bigint[])) OFFSET 0) AS t
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
    firsts, lasts = zip(*_stretches(scan_ids), strict=True)
    asked = {"firsts": write_numbers(firsts), "lasts": write_numbers(lasts)}
    rows = await conn.execute(_TRACES, asked | {"ids": ids})
    traces = {row.scan_id: (row.network, row.device, row.cell) for row in rows}
    return {
        row.scan_id: TracedScan(
            *(row.scan_id, row.code_id, row.member_no, row.outcome),
            *traces.get(row.scan_id, (None, None, None)),
            unpack_facts(row.facts).context,
        )
        for row in scans
    }


def _stretches(scan_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Cut scans into stretches, (first, last) scan_id, where much time lies between."""
    found: list[tuple[int, int]] = []
    for scan_id in sorted(scan_ids):
        if found and time_of_id(scan_id) - time_of_id(found[-1][1]) <= _APART_MS:
            found[-1] = (found[-1][0], scan_id)
        else:
            found.append((scan_id, scan_id))
    return found


class HitScan(NamedTuple):
    """A scan of which nothing is held, that some rules may have hit."""

    scan_id: int
    code_id: int
    member_no: int


# So many scans are looked through at once, and so many of them are given.
_LOOKED_THROUGH: Final = 50_000
_HITS_AT_ONCE: Final = 500
_NTH: Final = text(
    """
    SELECT scan_id FROM scans WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
    ORDER BY scan_id OFFSET :rows LIMIT 1
    """
)
# What was kept names the rules that hit; who asks reads it, and is not led astray by
# another text that looks like a name.
_HITS: Final = text(
    """
    SELECT scan_id, code_id, member_no FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto
        AND outcome IN ('rewarded', 'no_reward', 'limit_reached', 'refused')
        AND member_no IS NOT NULL
        AND EXISTS (SELECT FROM unnest(CAST(:rules AS text[])) AS r (rule_id)
            WHERE position(convert_to(rule_id, 'UTF8') IN facts) > 0)
    ORDER BY scan_id LIMIT :most
    """
)


async def read_hits(
    conn: AsyncConnection, after: int, upto: int, rules: Collection[str]
) -> tuple[int, list[HitScan]]:
    """Read some scans after one that rules may have hit; tells up to which."""
    span = {"after": after, "upto": upto}
    found = await conn.execute(_NTH, span | {"rows": _LOOKED_THROUGH - 1})
    end = span["upto"] = found.scalar_one_or_none() or upto
    asked = span | {"rules": sorted(rules), "most": _HITS_AT_ONCE}
    scans = [HitScan(*row) for row in await conn.execute(_HITS, asked)]
    return (scans[-1].scan_id if len(scans) == _HITS_AT_ONCE else end), scans


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
