"""Held scans join the open case of their attack, or open it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Attack, CaseEntryKind, Entry, HeldScan, Value
from anti_fraud.domain.incidents import IncidentKind
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.store import case_settings
from anti_fraud.store.cases import opening as store
from anti_fraud.store.cases.working import insert_entries
from anti_fraud.store.incidents import report_incidents
from core.auth.principal import SYSTEM
from core.event_types import EventType, Happening
from core.outbox import write_events


async def open_cases(
    conn: AsyncConnection,
    scans: Sequence[tuple[Attack, HeldScan]],
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> Mapping[int, int]:
    """Bring held scans into cases; gives the case of each, by scan_id.

    The caller has locked what says that they are in none.
    """
    groups: dict[Attack, list[HeldScan]] = defaultdict(list)
    for attack, scan in scans:
        groups[attack].append(scan)
    settings = await case_settings.load_settings(conn)
    attacks = [(next_id(), attack, held) for attack, held in groups.items()]
    cases = await store.open_cases(
        conn, attacks, now=now, due_at=now + timedelta(hours=settings.due_hours)
    )
    case_of = {scan.scan_id: cases[attack] for attack, scan in scans}
    await store.insert_scans(conn, [(case_of[s.scan_id], s) for _, s in scans])
    opened = [each for each in attacks if cases[each[1]] == each[0]]
    await insert_entries(
        conn,
        [
            Entry(next_id(), number, now, CaseEntryKind.OPENED, SYSTEM.person, {})
            for number, _, _ in opened
        ],
    )
    await write_events(conn, [_tell(*each) for each in opened])
    clones = {
        f"{attack.subject_kind.value}:{attack.subject}": {"case_id": str(case_id)}
        for case_id, attack, _ in opened
        if attack.kind is CaseKind.CLONE
    }
    await report_incidents(
        conn, IncidentKind.CLONE, list(clones), now=now, details=clones
    )
    return case_of


def _tell(case_id: int, attack: Attack, scans: Sequence[HeldScan]) -> Happening:
    value = sum((scan.value for scan in scans), Value())
    return Happening(
        EventType.CASE_OPENED,
        {
            "case_id": str(case_id),
            "kind": attack.kind.value,
            "subject_kind": attack.subject_kind.value,
            "score": max(scan.score for scan in scans),
            "scans": len(scans),
            "value": {"points": value.points, "minor": value.minor},
        },
    )
