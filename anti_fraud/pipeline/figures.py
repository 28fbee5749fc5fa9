"""What rules and analysts came to: counted by a job, once, and read as plots.

Scans and entries of cases are counted by their numbers, once these are old enough that
no transaction can still write one below, in the transaction that moves the mark; so a
job that dies or runs twice counts nothing twice.
"""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.figures import (
    Figures,
    OpenCases,
    ReadJudged,
    count_decided,
    count_scans,
)
from anti_fraud.pipeline.cases.working import refuse_brand
from anti_fraud.store import figures as store
from anti_fraud.store.figures import Counted
from core.auth.principal import Staff
from core.clock import to_ms
from core.ids import first_id_at

# No scan or entry is written so long after its number was chosen.
_SETTLED: Final = timedelta(minutes=10)
# What was before nobody looks at: an installation of years begins with it.
_FIRST: Final = timedelta(days=60)
_ENTRIES_AT_ONCE: Final = 5_000
# Further than this nobody counts open cases.
MOST_OPEN: Final = 200_000


async def count_figures(
    conn: AsyncConnection, read_judged: ReadJudged, *, timezone: ZoneInfo, now: datetime
) -> bool:
    """Count some of what is settled; tells whether there is more."""
    counted = await store.lock_counted(conn)
    if counted is None:
        return False
    upto = first_id_at(to_ms(now - _SETTLED))
    first = first_id_at(to_ms(now - _FIRST))
    scan_id, entry_id = (max(first, each) for each in counted)
    end, scans = await read_judged(conn, scan_id, max(upto, scan_id))
    last, decided = await store.load_decided(
        conn,
        timezone,
        after=entry_id,
        upto=max(upto, entry_id),
        limit=_ENTRIES_AT_ONCE,
    )
    counts = count_scans(scans)
    counts.update(count_decided(decided))
    await store.add_counts(conn, counts)
    await store.set_counted(conn, Counted(end, last), now=now)
    return end < upto or last < upto


async def show_figures(conn: AsyncConnection, staff: Staff, *, since: date) -> Figures:
    """Show what rules and analysts came to since a day."""
    refuse_brand(staff)
    return await store.load_figures(conn, since=since)


async def count_open_cases(
    conn: AsyncConnection, staff: Staff, *, now: datetime
) -> OpenCases:
    """Count open cases by when they are due and how old they are."""
    refuse_brand(staff)
    return await store.count_open(conn, now=now, most=MOST_OPEN)
