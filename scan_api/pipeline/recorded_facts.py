"""What was known of past scans, read from PostgreSQL as of each.

What is read here and what the scan path gathers from Redis are the same evidence, of
which the catalogue's readers (`anti_fraud.domain.facts`) make facts. As of a scan is
what had arrived by then; how long ago anything was goes by the scans' own times.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.early_scans import EarlySigns
from anti_fraud.domain.entities import Entity
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.places import PLACE_S, Place, Travel, travel
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.store.early_scans import load_early_looks
from codegen.domain.ranges import Binding
from core.clock import business_day, utc_datetime
from core.conditions import Fact, Facts
from core.ids import first_id_at, time_of_id
from scan_api.domain.scans import look_up_code
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.lateness import AHEAD_MS
from scan_api.pipeline.replay import replay_scans
from scan_api.pipeline.scan_facts import read_scan
from scan_api.store.recorded_facts import (
    MemberScan,
    Stretch,
    load_own_times,
    load_places,
    load_scans_of_members,
)


@dataclass(frozen=True, slots=True)
class PastFacts:
    """What a scan can be judged by now, and the business day on which it was made."""

    facts: Facts
    day: date


async def read_facts(
    conn: AsyncConnection,
    past: Sequence[MemberScan],
    worker_state: WorkerState,
    timezone: ZoneInfo,
) -> list[PastFacts]:
    """Read what a member's scans can be judged by now.

    What a scan was judged by while there were signals still stands: nobody else knows
    how often its device or network had scanned.
    """
    replays = await replay_scans(conn, [scan.scan_id for scan in past], timezone)
    facts: list[PastFacts] = []
    for scan, known in zip(
        past, await read_evidence(conn, past, worker_state, timezone), strict=True
    ):
        told = _only_rebuilt(worker_state.rule_set, worker_state.rule_set.read(known))
        replay = replays.get(scan.scan_id)
        if replay and replay.decision:
            judged_by = replay.decision.facts
            known_then = judged_by["signals_available"]
            # What nobody can tell afterwards, as of its network, it kept in any case.
            told = {**told, **judged_by} if known_then else {**judged_by, **told}
        facts.append(PastFacts(told, known.today))
    return facts


def _only_rebuilt(rule_set: RuleSet, facts: Facts) -> dict[str, Fact]:
    """Leave out what only the scan itself could tell, such as that it was no shop's."""
    rebuilt = {known.name for known in rule_set.facts if known.rebuildable}
    return {name: value for name, value in facts.items() if name in rebuilt}


async def read_evidence(
    conn: AsyncConnection,
    past: Sequence[MemberScan],
    worker_state: WorkerState,
    timezone: ZoneInfo,
) -> list[Evidence]:
    """Gather what PostgreSQL tells of a member's scans, counted as the rules count.

    Scans of devices and networks are counted in Redis only.
    """
    times = await load_own_times(conn, [scan.scan_id for scan in past])
    counts = await _count(conn, past, times, worker_state.rule_set)
    travels = await _find_travels(conn, past, times)
    codes = [scan.code_id for scan in past]
    found = worker_state.table.find_all(codes)
    near = [worker_state.early.codes_near(code_id) for code_id in codes]
    looks = await load_early_looks(conn, codes) if any(near) else {}
    evidence = []
    for scan, terms, early_codes in zip(past, found, near, strict=True):
        # Whether it is active goes by its arrival.
        arrived = utc_datetime(time_of_id(scan.scan_id))
        status = look_up_code(worker_state, terms, scan.code_id, None, arrived)
        at_ms = times[scan.scan_id]
        binding = status.terms.binding if status.terms else Binding()
        own = read_scan(binding, None, member_no=scan.member_no, at_ms=at_ms)
        evidence.append(
            Evidence(
                signals_available=True,
                counts=counts[scan.scan_id],
                travel=travels.get(scan.scan_id),
                sell_by=status.sell_by,
                today=business_day(at_ms, timezone),
                **own._asdict(),
                early=EarlySigns(
                    looks.get(scan.code_id, 0) if early_codes else 0, early_codes
                ),
            )
        )
    return evidence


async def _count(
    conn: AsyncConnection,
    past: Sequence[MemberScan],
    times: Mapping[int, int],
    rule_set: RuleSet,
) -> Mapping[int, dict[str, int]]:
    """Count by scan what the rules count of its member."""
    windows = rule_set.windows.get(Entity.MEMBER, ())
    names = rule_set.counter_facts.get(Entity.MEMBER, ())
    if not windows:
        return {scan.scan_id: {} for scan in past}
    by_member: dict[int, list[int]] = {}
    for scan in past:
        by_member.setdefault(scan.member_no, []).append(scan.scan_id)
    theirs = await load_scans_of_members(
        conn,
        [
            Stretch(
                member_no,
                # What came ahead of its own time may have arrived before a window.
                first_id_at(
                    min(times[each] for each in ids) - max(windows) * 1000 - AHEAD_MS
                ),
                max(ids),
            )
            for member_no, ids in by_member.items()
        ],
    )
    counts: dict[int, dict[str, int]] = {}
    for member_no, ids in by_member.items():
        arrived: list[int] = []
        waiting = iter(theirs.get(member_no, ()))
        for scan_id in sorted(ids):
            at_ms = times[scan_id]
            for other in waiting:
                insort(arrived, other.judged_at_ms)
                if other.scan_id == scan_id:
                    break
            so_far = bisect_right(arrived, at_ms)
            counts[scan_id] = {
                name: so_far - bisect_left(arrived, at_ms - window_s * 1000)
                for window_s, name in zip(windows, names, strict=True)
            }
    return counts


async def _find_travels(
    conn: AsyncConnection, past: Sequence[MemberScan], times: Mapping[int, int]
) -> Mapping[int, Travel]:
    """Find by scan how its code came from where it was scanned before."""
    first = first_id_at(min(times.values()) - PLACE_S * 1000 - AHEAD_MS)
    codes = [scan.code_id for scan in past]
    last = max(scan.scan_id for scan in past)
    wanted = {scan.scan_id for scan in past}
    places: dict[int, Place] = {}
    travels = {}
    for row in await load_places(conn, codes, first=first, last=last):
        place = Place(row.cell, row.judged_at_ms // 1000)
        before = places.get(row.code_id)
        if before is not None and row.scan_id in wanted:
            way = travel(before, place)
            if way is not None:
                travels[row.scan_id] = way
        places[row.code_id] = place if before is None else before.or_newer(place)
    return travels
