"""Which tiers of chances are won too often in a region: counted by a job, and reported.

Each scan is counted once, in the transaction that moves the mark.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.domain.win_rates import (
    COUNTED_D,
    JOB,
    RegionTier,
    Rolled,
    TierDay,
    WinRate,
    add_up,
    count_rolls,
)
from anti_fraud.pipeline.clusters import SETTLED
from anti_fraud.store import win_rates as store
from anti_fraud.store.background_marks import lock_mark, set_mark
from anti_fraud.store.incidents import lock_incidents, report_sightings
from core.clock import business_day, to_ms
from core.ids import first_id_at, time_of_id

# No scan comes later than a window that it may still count in.
_KEPT: Final = timedelta(days=2 * COUNTED_D)


class ReadRolls(Protocol):
    """Reads what chances scans have had, and where, in pieces."""

    async def __call__(self, conn: AsyncConnection, after: int, upto: int) -> Rolled:
        """Read scans after a number, up to another at most."""
        ...


async def count_wins(
    conn: AsyncConnection, read_rolls: ReadRolls, *, timezone: ZoneInfo, now: datetime
) -> int:
    """Count some new claims; tells whether there are more, as 1 or 0."""
    mark = await lock_mark(conn, JOB)
    if mark is None:
        return 0
    upto = first_id_at(to_ms(now - SETTLED))
    after = max(mark, first_id_at(to_ms(now - _KEPT)))
    if after >= upto:
        return 0
    rolled = await read_rolls(conn, after, upto)
    # A scan that comes late is of an earlier day, so days are counted back from here.
    today = business_day(time_of_id(rolled.end), timezone)
    oldest = today - _KEPT
    days = [each for each in count_rolls(rolled.rolls) if each.day >= oldest]
    if days:
        await store.add_days(conn, days)
        await _report(conn, days, today, timezone=timezone, now=now)
        await store.forget_days(conn, before=oldest)
    await set_mark(conn, JOB, rolled.end, changed=0, now=now)
    return int(rolled.end < upto)


async def _report(
    conn: AsyncConnection,
    days: Sequence[TierDay],
    today: date,
    *,
    timezone: ZoneInfo,
    now: datetime,
) -> None:
    """Report tiers that were won once more, if it is no luck.

    Of what somebody closed, what was won by the end of that day is known: else the same
    wins would open it again for a week.
    """
    new: Counter[RegionTier] = Counter()
    for each in days:
        new[each.tier] += each.wins
    new = +new
    if not new:
        return
    first = today - timedelta(days=COUNTED_D - 1)
    counted = await store.load_days(conn, new.keys(), first=first, last=today)
    rates = add_up(counted, {})
    much = {tier.subject: tier for tier, rate in rates.items() if rate.is_no_luck}
    known = await lock_incidents(conn, IncidentKind.WIN_RATE, list(much))
    looked_into = {
        much[subject]: business_day(to_ms(incident.closed_at), timezone)
        for subject, incident in known.items()
        if incident.closed_at is not None
    }
    rates = add_up(
        (each for each in counted if each.tier in much.values()), looked_into
    )
    await report_sightings(
        conn,
        IncidentKind.WIN_RATE,
        [
            Sighting(tier.subject, new[tier], _tell(tier, rate))
            for tier, rate in rates.items()
            if rate.is_no_luck
        ],
        now=now,
    )


def _tell(tier: RegionTier, rate: WinRate) -> dict[str, Any]:
    return tier._asdict() | {
        "wins": rate.wins,
        "expected": round(rate.expected, 1),
        "sigma": round(rate.sigma, 1),
        "claims": rate.claims,
        "days": COUNTED_D,
    }
