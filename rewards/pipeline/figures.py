"""What campaigns came to: counted by a job from what happened, or anew.

Each row of the outbox is counted once, in the transaction that moves the mark; so a job
that dies or runs twice counts nothing twice. Scans that were paid nothing are in no
outbox: they are counted by their numbers, once these are old enough that no transaction
can still write one below.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth.principal import Staff
from core.clock import to_ms
from core.errors import Conflict
from core.ids import first_id_at
from rewards.domain.campaigns import KeptCampaign
from rewards.domain.figures import Figures, Happened, Sources
from rewards.pipeline.campaigns import show_campaign
from rewards.store import figures as store
from rewards.store.hold_events import HOLDS, HOLDS_AGAIN, REOPENED
from rewards.store.payouts.happened import UNPAID
from rewards.store.reversals import REVERSED

# No scan is written so long after its number was chosen.
SETTLED: Final = timedelta(minutes=10)


async def count_figures(
    conn: AsyncConnection,
    sources: Sources,
    *,
    timezone: ZoneInfo,
    now: datetime,
) -> int | None:
    """Count some of what happened since; tells how many rows, 0 at the end.

    None where it has to be counted anew: nothing was yet, or what happened since is
    forgotten.
    """
    counted = await store.lock_counted(conn)
    if counted is None:
        return 0
    place, scan_id = counted
    if place is None:
        return None
    try:
        rows = await sources.read(conn, place)
    except Conflict:
        return None
    await _add(conn, sources, rows, sign=1, timezone=timezone)
    if rows:
        place = (rows[-1].era, rows[-1].xid, rows[-1].place)
    upto = max(_settled(now), scan_id)
    end, unpaid = await sources.count_unpaid(conn, scan_id, upto, timezone)
    await store.add_unpaid(conn, unpaid)
    await store.set_counted(conn, place, scan_id=end, now=now)
    return len(rows) + int(end < upto)


async def count_anew(
    engine: AsyncEngine,
    sources: Sources,
    *,
    timezone: ZoneInfo,
    now: datetime,
) -> None:
    """Count everything anew, from the transfers themselves, in one transaction.

    It sees one moment. What it sees that the outbox does not give yet will be counted
    when that does, and so is taken off here. Scans go on meanwhile.
    """
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        async with conn.begin():
            await store.lock_all(conn)
            upto = _settled(now)
            await store.count_anew(conn, timezone=timezone)
            scan_id = 0
            while scan_id < upto:
                scan_id, unpaid = await sources.count_unpaid(
                    conn, scan_id, upto, timezone
                )
                await store.add_unpaid(conn, unpaid)
            rows = await sources.read_unsettled(conn)
            await _add(conn, sources, rows, sign=-1, timezone=timezone)
            end = await sources.end(conn)
            await store.set_counted(conn, end, scan_id=upto, now=now)


async def _add(
    conn: AsyncConnection,
    sources: Sources,
    rows: Sequence[Happened],
    *,
    sign: int,
    timezone: ZoneInfo,
) -> None:
    """Count what rows of the outbox number, or take it off again."""
    for kind, add in {
        sources.scans: store.add_scans,
        HOLDS: store.add_voided,
        REOPENED: store.add_reopened,
        HOLDS_AGAIN: store.add_voided_again,
        REVERSED: store.add_reversed,
        UNPAID: store.add_unpaid_packets,
    }.items():
        ids = [n for row in rows if row.kind == kind for n in row.ids or ()]
        await add(conn, ids, sign=sign, timezone=timezone)


def _settled(now: datetime) -> int:
    return first_id_at(to_ms(now - SETTLED))


async def show_figures(
    conn: AsyncConnection, campaign_id: str, staff: Staff
) -> tuple[KeptCampaign, Figures]:
    """Show what a campaign that somebody may see came to; raises NotFound."""
    kept = await show_campaign(conn, campaign_id, staff)
    return kept, await load_figures(conn, kept)


async def load_figures(conn: AsyncConnection, kept: KeptCampaign) -> Figures:
    """Load what a campaign came to."""
    return Figures(
        tuple(await store.load_days(conn, kept.campaign_no)),
        tuple(await store.load_offers(conn, kept.campaign_no)),
        await store.load_counted_at(conn),
    )
