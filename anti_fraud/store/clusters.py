"""The SQL of links between members, and of the clusters that they make."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from anti_fraud import tables as t
from anti_fraud.domain.clusters import HUB, JOB, Cluster, Clusters, Link
from anti_fraud.domain.lists import ListKind, ListName
from anti_fraud.store.background_marks import load_version
from core.db_arrays import fetch_int8_arrays, write_numbers

# A worker knows so many clusters: of those with the most flagged members.
_KNOWN: Final = 20_000
# A link that is seen again is written again after so many days.
_FRESH_D: Final = 7

# Tells which links are new.
_ADD: Final = text(
    """
    INSERT INTO strong_links AS l (shard, link_key, member_no, seen_on)
    SELECT 0, key, member, :day
    FROM unnest(CAST(:keys AS bigint[]), CAST(:members AS bigint[])) AS u (key, member)
    ORDER BY key, member
    ON CONFLICT (shard, link_key, member_no) DO UPDATE SET seen_on = excluded.seen_on
        WHERE l.seen_on < excluded.seen_on - CAST(:fresh AS integer)
    RETURNING link_key, member_no, xmax = 0 AS is_new
    """
)
# Of each key so many members as tell whether it is a hub.
_SHARERS: Final = text(
    """
    SELECT u.key, l.member_no FROM unnest(CAST(:keys AS bigint[])) AS u (key)
    CROSS JOIN LATERAL (SELECT member_no FROM strong_links
        WHERE shard = 0 AND link_key = u.key LIMIT :most) AS l
    """
)
_KEYS: Final = text(
    """
    SELECT DISTINCT l.link_key FROM unnest(CAST(:members AS bigint[])) AS u (member)
    CROSS JOIN LATERAL (SELECT link_key FROM strong_links
        WHERE shard = 0 AND member_no = u.member LIMIT :most) AS l
    """
)
# A member who has used more things than that is linked by some of them.
_MOST_KEYS: Final = 200


async def add_links(
    conn: AsyncConnection, links: Iterable[Link], *, day: date
) -> list[Link]:
    """Add links, or note that they were seen on a day; tells which are new."""
    wanted = sorted(set(links))
    values = {
        "keys": write_numbers(link.key for link in wanted),
        "members": write_numbers(link.member_no for link in wanted),
        "day": day,
        "fresh": _FRESH_D,
    }
    rows = await conn.execute(_ADD, values)
    return [Link(row.link_key, row.member_no) for row in rows if row.is_new]


async def load_sharers(
    conn: AsyncConnection, keys: Collection[int]
) -> dict[int, list[int]]:
    """Tell by key who shares it, up to one more than links anybody."""
    rows = await conn.execute(_SHARERS, {"keys": write_numbers(keys), "most": HUB + 1})
    sharers: dict[int, list[int]] = {key: [] for key in keys}
    for key, member_no in rows:
        sharers[key].append(member_no)
    return sharers


async def load_keys(conn: AsyncConnection, members: Collection[int]) -> set[int]:
    """Tell what members have used."""
    values = {"members": write_numbers(members), "most": _MOST_KEYS}
    return set((await conn.execute(_KEYS, values)).scalars())


async def forget_links(conn: AsyncConnection, *, before: date, limit: int) -> int:
    """Forget links that were seen last before a day; returns how many."""
    found = await conn.execute(
        text(
            """
            DELETE FROM strong_links WHERE shard = 0 AND ctid = ANY(ARRAY(
                SELECT ctid FROM strong_links
                WHERE shard = 0 AND seen_on < :before LIMIT :limit))
            """
        ),
        {"before": before, "limit": limit},
    )
    return int(found.rowcount)


async def lock_clusters_of(
    conn: AsyncConnection, members: Collection[int]
) -> list[Cluster]:
    """Lock the clusters that any of these members is in."""
    c = t.clusters.c
    wanted = literal(sorted(members), ARRAY(BigInteger))
    rows = await conn.execute(
        select(c.members, c.flagged)
        .where(c.members.op("&&")(wanted))
        .order_by(c.cluster_no)
        .with_for_update()
    )
    return [Cluster(tuple(row.members), row.flagged) for row in rows]


async def find_oldest(
    conn: AsyncConnection, *, before: datetime, limit: int
) -> list[int]:
    """Give a member of each cluster that was computed longest ago."""
    c = t.clusters.c
    rows = await conn.execute(
        select(c.cluster_no)
        .where(c.computed_at < before)
        .order_by(c.computed_at)
        .limit(limit)
    )
    return list(rows.scalars())


async def replace_clusters(
    conn: AsyncConnection,
    old: Iterable[Cluster],
    new: Sequence[Cluster],
    *,
    now: datetime,
) -> None:
    """Put clusters in the place of others, which are locked."""
    numbers = [cluster.members[0] for cluster in old]
    await conn.execute(delete(t.clusters).where(t.clusters.c.cluster_no.in_(numbers)))
    if new:
        await conn.execute(
            insert(t.clusters),
            [
                {
                    "cluster_no": each.members[0],
                    "members": list(each.members),
                    "flagged": each.flagged,
                    "computed_at": now,
                }
                for each in new
            ],
        )


async def find_blocked(conn: AsyncConnection, member_ids: Collection[str]) -> set[str]:
    """Tell whom of these members the list of the blocked names by themselves."""
    e = t.list_entries.c
    found = await conn.execute(
        select(e.value).where(
            e.list == ListName.BLOCK.value,
            e.kind == ListKind.MEMBER.value,
            e.removed_at.is_(None),
            e.value.in_(member_ids),
        )
    )
    return set(found.scalars())


# The clusters that matter most: those of many flagged members, and large.
_KNOW: Final = """
    SELECT array_agg(member ORDER BY member), array_agg(size ORDER BY member),
        array_agg(flagged ORDER BY member)
    FROM (SELECT members, CAST(cardinality(members) AS bigint) AS size,
            CAST(flagged AS bigint) AS flagged
        FROM clusters ORDER BY flagged DESC, size DESC LIMIT :known) AS c
    CROSS JOIN LATERAL unnest(members) AS m (member)
"""


async def load_clusters(conn: AsyncConnection) -> Clusters:
    """Load what a worker knows of clusters; ten thousand members a millisecond.

    Columns as they are kept, since rows made of them one by one would keep scans
    waiting for a second.
    """
    version, counted_at = await load_version(conn, JOB)
    found = await fetch_int8_arrays(conn, _KNOW, {"known": _KNOWN})
    return Clusters(version, counted_at, *(found or ()))
