"""Clusters follow the scans: a job reads what is new, and computes what it touches.

Who is touched has all that leads to and from them read anew, so a device that became a
hub parts those whom it had linked. A run never costs more than what was scanned since
the last, and the clusters that this touches.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.clusters import (
    HUB,
    JOB,
    REMEMBERED,
    SMALLEST,
    Cluster,
    NewLinks,
    find_clusters,
    without_hubs,
)
from anti_fraud.store import clusters as store
from anti_fraud.store.background_marks import lock_mark, set_mark
from core.clock import business_day, to_ms
from core.ids import first_id_at

# No scan is written so long after its number was chosen.
SETTLED: Final = timedelta(minutes=10)
# What flags its members, and keeps them flagged, is looked at once a day without cause.
_STALE: Final = timedelta(days=1)
_STALE_AT_ONCE: Final = 50
# From where on a cluster is cut: nobody is told more by a larger one.
_MOST_MEMBERS: Final = 20_000
_FORGOTTEN_AT_ONCE: Final = 5_000

log = structlog.get_logger(logger_name=__name__)


class ReadLinks(Protocol):
    """Reads what scans tell of their members, from one to another and in pieces."""

    async def __call__(self, conn: AsyncConnection, after: int, upto: int) -> NewLinks:
        """Read scans after a number, up to another at most."""
        ...


class FindFlagged(Protocol):
    """Finds members whose scans were refused, or held and not released."""

    async def __call__(
        self, conn: AsyncConnection, members: Collection[int], since: int
    ) -> set[int]:
        """Look at their scans after a number."""
        ...


class NameMembers(Protocol):
    """Tells by number as whom members are known outside."""

    async def __call__(
        self, conn: AsyncConnection, numbers: Collection[int]
    ) -> dict[int, str]:
        """Name members."""
        ...


@dataclass(frozen=True, slots=True)
class LinkPorts:
    """What clusters are handed."""

    read_links: ReadLinks
    find_flagged: FindFlagged
    name_members: NameMembers


async def follow_scans(
    conn: AsyncConnection, ports: LinkPorts, *, timezone: ZoneInfo, now: datetime
) -> int:
    """Take some new scans in; tells whether there are more, as 1 or 0.

    All of it is one transaction: a job that dies has done nothing.
    """
    mark = await lock_mark(conn, JOB)
    if mark is None:
        return 0
    upto = first_id_at(to_ms(now - SETTLED))
    after = max(mark, first_id_at(to_ms(now - REMEMBERED)))
    if after >= upto:
        return 0
    read = await ports.read_links(conn, after, upto)
    day = business_day(to_ms(now), timezone)
    new = await store.add_links(conn, read.links, day=day) if read.links else []
    shared = await store.load_sharers(conn, {link.key for link in new})
    touched = {m for members in shared.values() if len(members) > 1 for m in members}
    stale = await store.find_oldest(conn, before=now - _STALE, limit=_STALE_AT_ONCE)
    changed = await _compute(
        conn, ports, touched, read.suspects | frozenset(stale), now=now
    )
    await set_mark(conn, JOB, read.end, changed=changed, now=now)
    return int(read.end < upto)


async def _compute(
    conn: AsyncConnection,
    ports: LinkPorts,
    touched: set[int],
    known: frozenset[int],
    *,
    now: datetime,
) -> int:
    """Compute the clusters of who is touched, and of the known who are in one."""
    old = await store.lock_clusters_of(conn, touched | known)
    seeds = touched.union(*(cluster.members for cluster in old))
    if not seeds:
        return 0
    groups = await _gather(conn, seeds)
    # Whom others reach may be in clusters of their own.
    reached = {member for group in groups for member in group} - seeds
    old += await store.lock_clusters_of(conn, reached) if reached else []
    new = [
        Cluster(group, len(await _flagged(conn, ports, group, now=now)))
        for group in groups
        if len(group) >= SMALLEST
    ]
    await store.replace_clusters(conn, old, new, now=now)
    return int(set(old) != set(new))


async def _gather(conn: AsyncConnection, seeds: set[int]) -> list[tuple[int, ...]]:
    """Read all links that lead on from members, and group who is linked."""
    members, frontier = set(seeds), set(seeds)
    sharers: dict[int, Sequence[int]] = {}
    while frontier and len(members) < _MOST_MEMBERS:
        keys = await store.load_keys(conn, frontier) - sharers.keys()
        found = await store.load_sharers(conn, keys)
        sharers |= found
        linked = {
            member for them in found.values() if len(them) <= HUB for member in them
        }
        frontier = linked - members
        members |= frontier
    if frontier:
        log.warning("cluster_cut", members=len(members))
    return find_clusters(without_hubs(sharers))


async def _flagged(
    conn: AsyncConnection, ports: LinkPorts, members: Sequence[int], *, now: datetime
) -> set[int]:
    since = first_id_at(to_ms(now - REMEMBERED))
    flagged = await ports.find_flagged(conn, members, since)
    names = await ports.name_members(conn, members)
    blocked = await store.find_blocked(conn, names.values())
    return flagged | {number for number, name in names.items() if name in blocked}


async def forget_links(
    conn: AsyncConnection, *, timezone: ZoneInfo, now: datetime
) -> int:
    """Forget some links that nobody has seen for as long as traces are kept."""
    day = business_day(to_ms(now - REMEMBERED), timezone)
    return await store.forget_links(conn, before=day, limit=_FORGOTTEN_AT_ONCE)
