"""What a claim leaves on the disk, table by table and index by index, and in the WAL.

Paid scans of members, see bench/commits.py. WAL is counted from a checkpoint on, so
whole pages are in it. Beside it the least that PostgreSQL can do: the same facts in one
row a claim, found by its code and by its scan.
"""

from typing import Any, Final

import psycopg

from bench.commits import Ground, on_ground
from bench.measure import rounded
from scan_api.domain.scans import Outcome

# A table and all its partitions are one.
_SIZES: Final = """
    SELECT CASE c.relkind WHEN 'i' THEN 'index ' ELSE 'table ' END
            || coalesce(i.inhparent, c.oid)::regclass::text,
        CASE c.relkind WHEN 'r' THEN pg_table_size(c.oid)
            ELSE pg_relation_size(c.oid) END
    FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
    WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace
"""
_ONE_ROW: Final = """
    CREATE TABLE one_row (
        code_id bigint PRIMARY KEY, scan_id bigint NOT NULL UNIQUE,
        member_no bigint NOT NULL, campaign_no bigint NOT NULL, cell bigint,
        points integer NOT NULL, network inet)
"""
_INSERT: Final = "INSERT INTO one_row VALUES (%s, %s, %s, %s, %s, %s, %s)"


def run() -> dict[str, object]:
    """Return bytes a claim in all and of each table and index, and WAL bytes a scan."""
    return on_ground(_measure)


async def _measure(ground: Ground) -> dict[str, object]:
    conn, claims = ground.conn, len(ground.codes)
    sizes, wal = await _begin(ground)
    await ground.commit(ground.paid(), Outcome.REWARDED)
    wal = await ground.wal() - wal
    grown = {
        name: (bytes_ - sizes.get(name, 0)) / claims
        for name, bytes_ in (await _sizes(conn)).items()
    }
    await conn.execute(_ONE_ROW)
    sizes, wal_before = await _begin(ground)
    for batch in ground.paid():
        async with conn.transaction(), conn.cursor() as cursor:
            await cursor.executemany(
                _INSERT,
                [
                    (
                        *(d.scan.code_id, d.scan.scan_id, d.member_no),
                        *(ground.campaign.campaign_no, d.scan.cell),
                        *(ground.campaign.points, d.scan.address),
                    )
                    for d in batch
                ],
            )
    least_wal = await ground.wal() - wal_before
    least = sum((await _sizes(conn)).values()) - sum(sizes.values())
    return {
        "bytes_a_claim": rounded(sum(grown.values())),
        "wal_bytes_a_scan": rounded(wal / claims),
        "one_row_bytes_a_claim": rounded(least / claims),
        "one_row_wal_bytes_a_scan": rounded(least_wal / claims),
        "of_these": {
            name: rounded(grew) for name, grew in sorted(grown.items()) if grew > 0.5
        },
    }


async def _begin(ground: Ground) -> tuple[dict[str, int], int]:
    """Tell what there is before, from a checkpoint on."""
    sizes = await _sizes(ground.conn)
    await ground.conn.execute("CHECKPOINT")
    return sizes, await ground.wal()


async def _sizes(conn: psycopg.AsyncConnection[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, size in await (await conn.execute(_SIZES)).fetchall():
        found[name] = found.get(name, 0) + size
    return found
