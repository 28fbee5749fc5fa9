"""Incidents are opened once, counted by all who see them, and closed by people."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from anti_fraud.domain.incidents import (
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
)
from anti_fraud.pipeline.incidents import (
    acknowledge_incident,
    close_incident,
    count_open_incidents,
    list_incidents,
)
from anti_fraud.store.guesses import forget_invalid, report_invalid
from anti_fraud.store.incidents import report_incidents
from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from scan_api.pipeline.guess_throttle import report_flood
from tests.fixtures.ground import CLOCK, Ground

LI = Staff("t1", "li", Role.ANALYST)
OF_A_BRAND = Staff("t2", "bo", Role.ANALYST, brand="Dairy")
NOW = utc_datetime(CLOCK.now_ms())


async def report(
    ledger: Ground, *subjects: str, kind: str = "diversion", now: datetime = NOW
) -> None:
    """Report incidents in a transaction of their own."""
    async with ledger.engine.begin() as conn:
        details = {subject: {"share": 2} for subject in subjects}
        await report_incidents(conn, kind, subjects, now=now, details=details)


async def listed(ledger: Ground, **wanted: Any) -> list[Incident]:
    """List incidents."""
    async with ledger.engine.connect() as conn:
        found, _ = await list_incidents(conn, LI, **({"limit": 50} | wanted))
        return found


async def close(ledger: Ground, number: int, finding: IncidentFinding) -> None:
    """Close an incident."""
    async with ledger.engine.begin() as conn:
        await close_incident(conn, number, LI, finding, note="done", now=NOW)


async def events(ledger: Ground) -> list[tuple[str, str, int | None]]:
    """Read what was told of incidents, in order: type, subject, openings."""
    rows = await ledger.rows(
        "SELECT e->>0, e->1->>'subject', (e->1->>'openings')::int FROM outbox,"
        " jsonb_array_elements(events) AS e WHERE e->>0 LIKE 'incident.%'"
        " ORDER BY era, xid, place"
    )
    return [tuple(row) for row in rows]


async def test_an_incident_is_opened_once_and_counted_on(ledger: Ground) -> None:
    """And again when it is seen after somebody closed it; each opening is told."""
    await report(ledger, "dealer:7", "dealer:7")
    await report(ledger, "dealer:7", "dealer:8", now=NOW + timedelta(hours=1))
    seven, eight = sorted(await listed(ledger), key=lambda each: each.subject)
    assert (seven.seen, eight.seen) == (3, 1)
    assert (seven.first_at, seven.last_at) == (NOW, NOW + timedelta(hours=1))
    assert (seven.opened_at, seven.detail) == (NOW, {"share": 2})
    await close(ledger, seven.incident_id, IncidentFinding.FALSE_ALARM)
    [closed] = await listed(ledger, state=IncidentState.CLOSED)
    assert (closed.dismissed, closed.closed_by, closed.note) == (3, "li", "done")
    await report(ledger, "dealer:7", now=NOW + timedelta(hours=2))
    again = (await listed(ledger))[0]
    assert (again.incident_id, again.state) == (seven.incident_id, IncidentState.OPEN)
    assert (again.seen, again.dismissed, again.openings) == (4, 3, 2)
    assert (again.closed_by, again.finding) == (None, None)
    assert again.opened_at == NOW + timedelta(hours=2)
    assert await events(ledger) == [
        ("incident.opened", "dealer:7", 1),
        ("incident.opened", "dealer:8", 1),
        ("incident.closed", "dealer:7", None),
        ("incident.opened", "dealer:7", 2),
    ]


async def test_many_who_see_it_at_once_open_it_once(ledger: Ground) -> None:
    """Each counts, and one opening is told, also when it is opened again."""
    subjects = ("dealer:1", "dealer:2", "dealer:3")
    for _ in range(2):
        await asyncio.gather(*(report(ledger, *subjects) for _ in range(6)))
        found = await listed(ledger)
        for each in found:
            await close(ledger, each.incident_id, IncidentFinding.CONFIRMED)
    assert [each.seen for each in found] == [12, 12, 12]
    assert [each.openings for each in found] == [2, 2, 2]
    opened = [told for told in await events(ledger) if told[0] == "incident.opened"]
    assert sorted(opened) == [
        ("incident.opened", subject, opening)
        for subject in subjects
        for opening in (1, 2)
    ]


async def test_the_list_goes_by_the_last_opening_in_pages(ledger: Ground) -> None:
    for hour in range(5):
        await report(ledger, f"dealer:{hour}", now=NOW + timedelta(hours=hour))
    await report(ledger, "batch:1", kind="leak", now=NOW)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        async with ledger.engine.connect() as conn:
            page, cursor = await list_incidents(
                conn, LI, kind=IncidentKind.DIVERSION, cursor=cursor, limit=2
            )
        seen += [each.subject for each in page]
        if cursor is None:
            break
    assert seen == [f"dealer:{hour}" for hour in (4, 3, 2, 1, 0)]
    async with ledger.engine.connect() as conn:
        counted = await count_open_incidents(conn, LI)
        assert counted == {IncidentKind.DIVERSION: 5, IncidentKind.LEAK: 1}
        with pytest.raises(InvalidInput):
            await list_incidents(conn, LI, cursor="x~y", limit=1)
        with pytest.raises(Forbidden):
            await list_incidents(conn, OF_A_BRAND, limit=1)


async def test_who_looks_after_it_is_known_until_it_is_opened_again(
    ledger: Ground,
) -> None:
    await report(ledger, "dealer:7")
    [known] = await listed(ledger)
    async with ledger.engine.begin() as conn:
        await acknowledge_incident(conn, known.incident_id, LI, note="on it", now=NOW)
    [looked_after] = await listed(ledger)
    assert (looked_after.state, looked_after.note) == (IncidentState.OPEN, "on it")
    assert looked_after.acknowledged_by == "li"
    await close(ledger, known.incident_id, IncidentFinding.CONFIRMED)
    with pytest.raises(Conflict):
        await close(ledger, known.incident_id, IncidentFinding.FALSE_ALARM)
    with pytest.raises(NotFound):
        await close(ledger, known.incident_id + 1, IncidentFinding.CONFIRMED)
    await report(ledger, "dealer:7")
    [again] = await listed(ledger)
    assert (again.acknowledged_by, again.dismissed) == (None, 0)
    audited = await ledger.rows(
        "SELECT action, person FROM audit_log WHERE action LIKE 'incident.%'"
        " ORDER BY at, action"
    )
    assert audited == [("incident.acknowledge", "li"), ("incident.close", "li")]


async def test_wrong_codes_of_all_workers_together_are_a_flood(
    ledger: Ground,
) -> None:
    """Those of the last minute are, and no worker's alone."""

    async def came(seen: int, throttled: int, *, seconds_ago: int = 0) -> None:
        async with ledger.engine.begin() as conn:
            await report_invalid(
                conn,
                seen=seen,
                throttled=throttled,
                samples=(),
                now=NOW - timedelta(seconds=seconds_ago),
            )
            await report_flood(conn, NOW)

    await came(2_000, 1_000, seconds_ago=61)
    await came(1_000, 1_000, seconds_ago=30)
    await came(500, 500)
    assert await listed(ledger) == []
    await came(1, 0)
    [flood] = await listed(ledger, kind=IncidentKind.INVALID_FLOOD)
    assert (flood.subject, flood.detail) == ("all", {"codes_in_a_minute": 3_001})


async def test_reports_of_wrong_codes_are_forgotten_after_a_month(
    ledger: Ground,
) -> None:
    """Each of these days ago came one, and those of the last month stay."""
    for days in (31, 45, 29, 0):
        async with ledger.engine.begin() as conn:
            at = NOW - timedelta(days=days)
            await report_invalid(conn, seen=days + 1, throttled=0, samples=(), now=at)
    for gone in (2, 0):
        async with ledger.engine.begin() as conn:
            assert await forget_invalid(conn, now=NOW) == gone
    kept = "SELECT seen FROM invalid_reports ORDER BY seen"
    assert await ledger.rows(kept) == [(1,), (30,)]


async def test_what_never_happened_can_not_be_dismissed(ledger: Ground) -> None:
    await report(ledger, "dealer:7")
    with pytest.raises(IntegrityError, match="incident_dismissed_what_was_seen"):
        await ledger.rows("UPDATE incidents SET dismissed = seen + 1")
