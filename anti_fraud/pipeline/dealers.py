"""Whose goods turn up where they are not to be sold: counted by a job, and reported.

A code is claimed once, so each counts once, in the transaction that moves the mark.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.dealers import (
    JOB,
    WINDOW_D,
    DealerDay,
    DealerShare,
    Sold,
    count_days,
)
from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.pipeline.clusters import SETTLED
from anti_fraud.store import dealers as store
from anti_fraud.store.background_marks import lock_mark, set_mark
from anti_fraud.store.incidents import report_sightings
from core.clock import to_ms
from core.ids import first_id_at

# What is older is looked at by nobody.
_KEPT: Final = timedelta(days=90)


class ReadSold(Protocol):
    """Reads which dealers' codes scans have claimed, and where, in pieces."""

    async def __call__(self, conn: AsyncConnection, after: int, upto: int) -> Sold:
        """Read scans after a number, up to another at most."""
        ...


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
        newest = max(each.day for each in days)
        await store.forget_days(conn, before=newest - _KEPT)
    await set_mark(conn, JOB, sold.end, changed=0, now=now)
    return int(sold.end < upto)


async def _report(
    conn: AsyncConnection, days: Sequence[DealerDay], *, now: datetime
) -> None:
    """Report dealers of whom more was found outside, if it is much."""
    found: Counter[str] = Counter()
    for each in days:
        found[each.dealer] += each.outside
    found = +found
    if not found:
        return
    last = max(each.day for each in days)
    shares = await store.load_shares(
        conn, found.keys(), first=last - timedelta(days=WINDOW_D - 1), last=last
    )
    await report_sightings(
        conn,
        IncidentKind.DIVERSION,
        [_sight(each, found[each.dealer]) for each in shares if each.is_diversion],
        now=now,
    )


def _sight(share: DealerShare, new: int) -> Sighting:
    detail = {"codes": share.codes, "outside": share.outside, "days": WINDOW_D}
    return Sighting(f"dealer:{share.dealer}", new, detail)
