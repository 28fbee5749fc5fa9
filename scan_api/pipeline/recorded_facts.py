"""What was known of past scans, read from PostgreSQL as of each.

What is read here and what the scan path gathers from Redis are the same evidence, of
which the catalogue's readers (`anti_fraud.domain.facts`) make facts.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.entities import Entity
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.places import Place, Travel, travel
from anti_fraud.domain.rule_sets import RuleSet
from core.clock import business_day, utc_datetime
from core.conditions import Facts
from core.ids import first_id_at, time_of_id
from scan_api.domain.scans import WorkerState, look_up_code
from scan_api.pipeline.replay import replay_scans
from scan_api.pipeline.signals import PLACE_TTL_S
from scan_api.store.recorded_facts import MemberScan, count_member_scans, load_places


async def read_facts(
    conn: AsyncConnection,
    past: Sequence[MemberScan],
    worker_state: WorkerState,
    timezone: ZoneInfo,
) -> list[Facts]:
    """Read what a member's scans can be judged by now.

    What a scan was judged by while there were signals still stands: nobody else knows
    how often its device or network had scanned.
    """
    replays = await replay_scans(conn, [scan.scan_id for scan in past], timezone)
    facts: list[Facts] = []
    for scan, known in zip(
        past, await read_evidence(conn, past, worker_state, timezone), strict=True
    ):
        told = worker_state.rule_set.read(known)
        replay = replays.get(scan.scan_id)
        if replay and replay.decision:
            judged_by = replay.decision.facts
            known_then = judged_by["signals_available"]
            # What nobody can tell afterwards, as of its network, it kept in any case.
            told = {**told, **judged_by} if known_then else {**judged_by, **told}
        facts.append(told)
    return facts


async def read_evidence(
    conn: AsyncConnection,
    past: Sequence[MemberScan],
    worker_state: WorkerState,
    timezone: ZoneInfo,
) -> list[Evidence]:
    """Gather what PostgreSQL tells of a member's scans, counted as the rules count.

    Scans of devices and networks are counted in Redis only.
    """
    counts = await _count(conn, past, worker_state.rule_set)
    travels = await _find_travels(conn, past)
    found = worker_state.table.find_all([scan.code_id for scan in past])
    evidence = []
    for scan, terms in zip(past, found, strict=True):
        at_ms = time_of_id(scan.scan_id)
        status = look_up_code(
            worker_state, terms, scan.code_id, None, utc_datetime(at_ms)
        )
        evidence.append(
            Evidence(
                signals_available=True,
                counts=counts[scan.scan_id],
                travel=travels.get(scan.scan_id),
                sell_by=status.sell_by,
                today=business_day(at_ms, timezone),
            )
        )
    return evidence


async def _count(
    conn: AsyncConnection, past: Sequence[MemberScan], rule_set: RuleSet
) -> Mapping[int, dict[str, int]]:
    """Count by scan what the rules count of its member."""
    counts: dict[int, dict[str, int]] = {scan.scan_id: {} for scan in past}
    windows = rule_set.windows.get(Entity.MEMBER, ())
    names = rule_set.counter_facts.get(Entity.MEMBER, ())
    for window_s, name in zip(windows, names, strict=True):
        for scan_id, count in (await count_member_scans(conn, past, window_s)).items():
            counts[scan_id][name] = count
    return counts


async def _find_travels(
    conn: AsyncConnection, past: Sequence[MemberScan]
) -> Mapping[int, Travel]:
    """Find by scan how its code came from where it was scanned before."""
    ids = [scan.scan_id for scan in past]
    first = first_id_at(time_of_id(min(ids)) - PLACE_TTL_S * 1000)
    codes = [scan.code_id for scan in past]
    places: dict[int, list[tuple[int, int]]] = {}
    for row in await load_places(conn, codes, first=first, last=max(ids)):
        places.setdefault(row.code_id, []).append((row.scan_id, row.cell))
    travels = {}
    for scan in past:
        seen = [p for p in places.get(scan.code_id, ()) if p[0] <= scan.scan_id]
        if len(seen) > 1 and seen[-1][0] == scan.scan_id:
            previous, current = (
                Place(cell, time_of_id(scan_id) // 1000) for scan_id, cell in seen[-2:]
            )
            travels[scan.scan_id] = travel(previous, current)
    return travels
