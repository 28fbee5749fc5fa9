"""Campaigns that give far more than on the days before are reported by a job."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.domain.outflows import (
    HISTORY_D,
    JOB,
    GivenDay,
    Outflow,
    find_outflows,
)
from anti_fraud.store.background_marks import lock_mark, set_mark
from anti_fraud.store.incidents import lock_incidents, report_sightings
from core.clock import business_day, to_ms
from core.ids import first_id_at


class ReadGiven(Protocol):
    """Reads what campaigns gave, by business day."""

    async def __call__(
        self, conn: AsyncConnection, *, first: date, last: date
    ) -> Sequence[GivenDay]:
        """Read from one day to another."""
        ...


async def watch_outflows(
    conn: AsyncConnection, read_given: ReadGiven, *, timezone: ZoneInfo, now: datetime
) -> None:
    """Look once at a moment: what was looked at before is seen no second time."""
    mark, moment = await lock_mark(conn, JOB), first_id_at(to_ms(now))
    if mark is None or mark >= moment:
        return
    today = business_day(to_ms(now), timezone)
    first = today - timedelta(days=HISTORY_D)
    given = await read_given(conn, first=first, last=today)
    found = find_outflows(given, today)
    looked_into = await _load_looked_into(conn, found, today, timezone)
    news = {
        each.subject
        for each in found
        if each.is_news(looked_into.get((each.subject, each.kind), 0))
    }
    # Of a campaign all kinds or none, since whoever closes it looks into all.
    details: dict[str, dict[str, dict[str, int]]] = {}
    for each in found:
        if each.subject in news:
            told = {"today": each.amount, "expected": each.expected}
            details.setdefault(each.subject, {})[each.kind] = told
    await report_sightings(
        conn,
        IncidentKind.OUTFLOW,
        [Sighting(subject, 1, detail) for subject, detail in details.items()],
        now=now,
    )
    await set_mark(conn, JOB, moment, changed=0, now=now)


async def _load_looked_into(
    conn: AsyncConnection, found: Sequence[Outflow], today: date, timezone: ZoneInfo
) -> dict[tuple[str, str], int]:
    """Load what this day had given in incidents that somebody closed.

    By subject and kind of reward. One that was seen on an earlier day last tells of
    that day, even if it was closed on this one.
    """
    subjects = sorted({each.subject for each in found})
    known = await lock_incidents(conn, IncidentKind.OUTFLOW, subjects)
    return {
        (subject, kind): told["today"]
        for subject, incident in known.items()
        if incident.closed_at is not None
        and business_day(to_ms(incident.last_at), timezone) == today
        for kind, told in incident.detail.items()
    }
