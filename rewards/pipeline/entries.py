"""What a campaign paid to whom, when and from which offer, a page at a time."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.bounds import MAX_INTEGER
from core.clock import business_day, end_of_day, to_ms
from core.ids import first_id_at, time_of_id
from rewards.domain.entries import EntryKey, EntryPage
from rewards.pipeline.campaigns import show_campaign
from rewards.store import entries as store

# Transfers that a page looks at, of all campaigns.
LOOK: Final = 20_000
# Days that are surely counted: what is younger is looked at whatever figures say.
_COUNTED: Final = timedelta(days=1)


async def load_entries(
    conn: AsyncConnection,
    campaign_id: str,
    staff: Staff,
    *,
    cursor: EntryKey | None,
    limit: int,
    timezone: ZoneInfo,
    now: datetime,
    look: int = LOOK,
) -> EntryPage:
    """Load what a campaign paid, the newest scans first; raises NotFound.

    A page may have fewer entries than asked for, even none, and still be followed.
    """
    kept = await show_campaign(conn, campaign_id, staff)
    accounts = await store.load_accounts(conn, kept.campaign_no)
    below = cursor or EntryKey(MAX_INTEGER, MAX_INTEGER)
    at_ms = min(time_of_id(below.scan_id), to_ms(now))
    day = business_day(at_ms, timezone)
    if day <= business_day(to_ms(now), timezone) - _COUNTED:
        last = await store.find_last_day(conn, accounts, until=day)
        if last is None:
            return EntryPage((), None)
        if last < day:
            below = EntryKey(first_id_at(to_ms(end_of_day(last, timezone))), 0)
    entries, end = await store.load_page(
        conn, accounts, below=below, look=look, limit=limit + 1
    )
    shown = tuple(entries[:limit])
    if len(entries) > limit:
        return EntryPage(shown, EntryKey(shown[-1].scan_id, shown[-1].entry_id))
    return EntryPage(shown, end)
