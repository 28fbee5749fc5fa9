"""Rules may want a person to look at scans that pass: these become cases too.

Read behind the scans, by a mark that moves in the transaction that opens their cases.
Nothing of such a scan is held, so a decision on it settles nothing; it says whether the
rule was right.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import NOTHING, Attack, HeldScan, find_attack
from anti_fraud.domain.lists import ListName
from anti_fraud.domain.verdict import Effect, Hit
from anti_fraud.pipeline.cases.opening import open_cases
from anti_fraud.store.background_marks import lock_mark, set_mark
from anti_fraud.store.cases.listing import Wanted, count_cases
from anti_fraud.store.rule_sets import find_rules_by_effect
from codegen.store import load_ranges_of_codes
from core.clock import to_ms
from core.ids import first_id_at
from rewards.domain.holds import Hold, HoldReason
from rewards.store.members import load_member_ids
from scan_api.pipeline.case_scans import find_terms
from scan_api.pipeline.case_sorting import FindDealers, name_subjects
from scan_api.pipeline.replay import Replay, replay_scans
from scan_api.store.case_scans import HitScan, load_traced, read_hits

JOB: Final = "looked_at"
# No scan is written so long after its number was chosen.
SETTLED: Final = timedelta(minutes=10)
# What is older when the job begins was never to be looked at.
_OLDEST: Final = timedelta(days=1)
# Beyond so many open cases nobody looks at more: a rule that hits everything must not
# fill the queue. What it hit is kept with the scans, and counted.
MOST_OPEN: Final = 10_000
# Whom analysts let through is not brought before them again.
_LET_THROUGH: Final = frozenset({ListName.ALLOW, ListName.OVERRIDE})

log = structlog.get_logger(logger_name=__name__)


async def open_for_rules(
    conn: AsyncConnection,
    *,
    next_id: Callable[[], int],
    find_dealers: FindDealers,
    timezone: ZoneInfo,
    now: datetime,
) -> int:
    """Open cases of some settled scans; tells whether there are more, as 1 or 0."""
    mark = await lock_mark(conn, JOB)
    upto = first_id_at(to_ms(now - SETTLED))
    if mark is None or mark >= upto:
        return 0
    after, end = max(mark, first_id_at(to_ms(now - _OLDEST))), upto
    rules = await find_rules_by_effect(conn, Effect.OPEN_CASE)
    if rules and await count_cases(conn, Wanted(now=now), most=MOST_OPEN) >= MOST_OPEN:
        log.warning("scans_not_looked_at", open_cases=MOST_OPEN, rules=sorted(rules))
    elif rules:
        end, scans = await read_hits(conn, after, upto, rules)
        found = await _understand(conn, scans, find_dealers, timezone)
        if found:
            await open_cases(conn, found, next_id=next_id, now=now)
    await set_mark(conn, JOB, end, changed=0, now=now)
    return int(end < upto)


async def _understand(
    conn: AsyncConnection,
    scans: Collection[HitScan],
    find_dealers: FindDealers,
    timezone: ZoneInfo,
) -> list[tuple[Attack, HeldScan]]:
    """Tell which attack each scan is of, by the rules that want it looked at."""
    replays = await replay_scans(conn, [scan.scan_id for scan in scans], timezone)
    asking = {scan_id: _find_asking(each) for scan_id, each in replays.items()}
    wanted = [scan for scan in scans if asking.get(scan.scan_id)]
    codes = [scan.code_id for scan in wanted]
    traced = await load_traced(conn, [scan.scan_id for scan in wanted])
    goods = find_terms(codes, await load_ranges_of_codes(conn, codes))
    dealers = await find_dealers(conn, codes)
    names = await load_member_ids(conn, {scan.member_no for scan in wanted})
    found = []
    for scan in wanted:
        known = Hold(*scan, 0, HoldReason.RULES)
        dealer = dealers.get(scan.code_id)
        subjects = name_subjects(
            *(known, traced.get(scan.scan_id), names, goods, dealer)
        )
        replay = replays[scan.scan_id]
        decision = replay.decision
        assert decision is not None, "it has hits"
        looked_at = HeldScan(
            *(scan.scan_id, replay.recorded.score, decision.hits, subjects, NOTHING),
            needs_person=True,
            held=False,
        )
        attack = find_attack(asking[scan.scan_id], decision.rule_set, subjects)
        found.append((attack, looked_at))
    return found


def _find_asking(replay: Replay) -> tuple[Hit, ...]:
    """Find the rules that hit and want a person to look at the scan."""
    decision, listed = replay.decision, replay.recorded.listed
    if decision is None or (listed is not None and listed.list in _LET_THROUGH):
        return ()
    rules = decision.rule_set.rules
    asking = {rule.rule_id for rule in rules if rule.effect is Effect.OPEN_CASE}
    return tuple([hit for hit in decision.hits if hit.rule_id in asking])
