"""Whose goods turn up where they are not to be sold: counted, reported and watched.

A code is claimed once, so each counts once, in the transaction that moves the mark.
Days are the scans' own, and the window ends with the newest: a stream that comes late
is counted as if it had come in time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.dealers import (
    JOB,
    LEAST_OUTSIDE,
    MOST_DEALERS,
    MOST_KNOWN,
    MOST_STRETCHES,
    WINDOW_D,
    DealerDay,
    DealerShare,
    Goods,
    Moved,
    Sold,
    count_days,
    lay_out,
)
from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.domain.stretches import NOTHING
from anti_fraud.pipeline.clusters import SETTLED
from anti_fraud.store import dealers as store
from anti_fraud.store.background_marks import lock_mark, raise_version, set_mark
from anti_fraud.store.incidents import load_seen, report_sightings
from core.clock import to_ms
from core.ids import first_id_at

# What is older is looked at by nobody.
_KEPT: Final = timedelta(days=90)
# So many dealers' goods are read in one transaction.
_NEW_AT_ONCE: Final = 5

log = structlog.get_logger(logger_name=__name__)


class ReadSold(Protocol):
    """Reads which dealers' codes scans have claimed, and where, in pieces."""

    async def __call__(self, conn: AsyncConnection, after: int, upto: int) -> Sold:
        """Read scans after a number, up to another at most."""
        ...


class ReadMoved(Protocol):
    """Reads where goods are that were shipped or received, in pieces."""

    async def __call__(
        self, conn: AsyncConnection, after: int | None, settled_at: datetime
    ) -> Moved:
        """Read events after one, or none; the end is of none that came later."""
        ...


class ReadShipped(Protocol):
    """Reads what a dealer was sent or received, and where these goods are now."""

    async def __call__(self, conn: AsyncConnection, dealer: str) -> Sequence[Goods]:
        """Read what came last, in an order in which later goods stand above others."""
        ...


@dataclass(frozen=True, slots=True)
class DealerPorts:
    """What is told of dealers."""

    read_sold: ReadSold
    read_moved: ReadMoved
    read_shipped: ReadShipped


async def count_dealers(
    conn: AsyncConnection, read_sold: ReadSold, *, now: datetime
) -> int:
    """Count some new claims; tells whether there are more, as 1 or 0."""
    mark = await lock_mark(conn, JOB)
    if mark is None:
        return 0
    upto = first_id_at(to_ms(now - SETTLED))
    after = max(mark, first_id_at(to_ms(now - _KEPT)))
    if after >= upto:
        return 0
    sold = await read_sold(conn, after, upto)
    days = count_days(sold.codes)
    if days:
        await store.add_days(conn, days)
        await _report(conn, days, now=now)
    await set_mark(conn, JOB, sold.end, changed=0, now=now)
    return int(sold.end < upto)


async def _report(
    conn: AsyncConnection, days: Sequence[DealerDay], *, now: datetime
) -> None:
    """Report dealers of whom more was found outside, if it is much."""
    newest = await store.find_newest_day(conn)
    assert newest is not None, "some days were added"
    await store.forget_days(conn, before=newest - _KEPT)
    found: Counter[str] = Counter()
    for each in days:
        if newest - each.day < timedelta(days=WINDOW_D):
            found[each.dealer] += each.outside
    diverting = await _find_diverting(conn)
    await report_sightings(
        conn,
        IncidentKind.DIVERSION,
        [_sight(each, found[each.dealer]) for each in diverting if found[each.dealer]],
        now=now,
    )


def _sight(share: DealerShare, new: int) -> Sighting:
    detail = {"codes": share.codes, "outside": share.outside, "days": WINDOW_D}
    return Sighting(_subject(share.dealer), new, detail)


def _subject(dealer: str) -> str:
    return f"dealer:{dealer}"


async def _find_diverting(conn: AsyncConnection) -> list[DealerShare]:
    """Find of whom much is outside, over the days of the window."""
    last = await store.find_newest_day(conn)
    if last is None:
        return []
    first = last - timedelta(days=WINDOW_D - 1)
    shares = await store.load_shares(conn, first=first, last=last)
    return [each for each in shares if each.is_diversion]


# Watch ------------------------------------------------------------------------------


async def watch_dealers(
    conn: AsyncConnection, ports: DealerPorts, *, now: datetime
) -> int:
    """Watch the goods of dealers of whom much is outside, and follow where they go.

    Tells whether there is more to do, as 1 or 0. What has not moved is not read again.
    """
    if await lock_mark(conn, JOB) is None:
        return 0
    wanted = await _find_wanted(conn)
    known = await store.load_watched(conn)
    # 1. Who is watched no more, and whose share is another.
    gone = known.keys() - wanted.keys()
    await store.watch_no_more(conn, gone)
    staying = {dealer: each for dealer, each in known.items() if dealer in wanted}
    others = [wanted[d] for d, each in staying.items() if each.share != wanted[d]]
    await store.note_shares(conn, others)
    # 2. What has moved since.
    after = min((each.event_no for each in staying.values()), default=None)
    moved = await ports.read_moved(conn, after, now - SETTLED)
    has_moved = await _move(conn, moved, set(staying))
    await store.note_event(conn, moved.end)
    # 3. Whose goods are watched from now on.
    new = [each for dealer, each in wanted.items() if dealer not in known]
    for share in new[:_NEW_AT_ONCE]:
        goods = lay_out(await ports.read_shipped(conn, share.dealer))
        own = goods.get(share.dealer, NOTHING).newest(MOST_STRETCHES)
        await store.watch_dealer(conn, share, own, event_no=moved.end)
    if gone or others or has_moved or new:
        await raise_version(conn, JOB)
        await _warn_of_cut(conn)
    return int(moved.has_more or len(new) > _NEW_AT_ONCE)


async def _find_wanted(conn: AsyncConnection) -> Mapping[str, DealerShare]:
    """Find whose goods to watch, of whom most is outside first.

    What was outside when an incident was found to be a false alarm counts no more.
    """
    diverting = (await _find_diverting(conn))[:MOST_DEALERS]
    seen = await load_seen(
        conn, IncidentKind.DIVERSION, [_subject(each.dealer) for each in diverting]
    )
    return {
        each.dealer: each
        for each in diverting
        if seen.get(_subject(each.dealer), LEAST_OUTSIDE) >= LEAST_OUTSIDE
    }


async def _move(conn: AsyncConnection, moved: Moved, dealers: set[str]) -> bool:
    """Give goods to who has them now; tells whether any watched codes are others."""
    if not moved.goods:
        return False
    goods = lay_out(moved.goods)
    taken = NOTHING
    for each in goods.values():
        taken = taken.changed(NOTHING, each)
    has_changed = False
    for dealer in sorted(dealers):
        old = await store.load_stretches(conn, dealer)
        new = old.changed(taken, goods.get(dealer, NOTHING)).newest(MOST_STRETCHES)
        if not new.equals(old):
            await store.replace_stretches(conn, dealer, new)
            has_changed = True
    return has_changed


async def _warn_of_cut(conn: AsyncConnection) -> None:
    """Tell operators if workers can't know all that is watched."""
    stretches = await store.count_stretches(conn)
    if stretches > MOST_KNOWN:
        log.warning("watched_dealers_cut", stretches=stretches, known=MOST_KNOWN)
