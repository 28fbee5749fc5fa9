"""What the rules say of a scan: pure, but for the alarm for one that can't say."""

from collections.abc import Callable
from datetime import date

import msgspec
import structlog

from anti_fraud.domain.decision import Decision, hold_for, judge, obey_list
from anti_fraud.domain.divisions import find_division
from anti_fraud.domain.early_scans import NO_SIGNS, EarlySigns
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.lists import NOTHING_FOUND, Subject
from anti_fraud.domain.networks import UNKNOWN_NETWORK, KnownNetwork
from anti_fraud.domain.verdict import HeldBy, Verdict
from codegen.domain.terms import RangeTerms
from core.auth.addresses import pack_address
from core.clock import utc_datetime
from scan_api.domain.scans import ClaimedBit, CodeStatus, Scan, Signals
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.metrics import RULE_FAULTS
from scan_api.pipeline.scan_facts import read_scan

FindNetwork = Callable[[bytes | None], KnownNetwork]

log = structlog.get_logger(logger_name=__name__)


def judge_scan(
    worker_state: WorkerState,
    scan: Scan,
    signal: Signals,
    status: CodeStatus,
    today: date,
    *,
    member_no: int,
    find_network: FindNetwork,
    early: EarlySigns = NO_SIGNS,
    prize: Callable[[], tuple[int, int]],
) -> Decision | None:
    """Judge a scan that may claim its code; None for one that a verdict cannot change.

    `signal` has the counts of the state's rule set. An entry of a list stands above
    the rules, which are asked all the same: they are kept with the scan. `prize` tells
    what the claim is to earn, in points and minor units.
    """
    if scan.member_id is None or not _may_be_claimed(status, signal):
        return None
    assert status.terms is not None, "what has no terms is claimed by nobody"
    rule_set, found = worker_state.rule_set, NOTHING_FOUND
    if worker_state.lists:
        now = utc_datetime(scan.at_ms)
        assert status.terms is not None, "what has no terms is claimed by nobody"
        found = worker_state.lists.find(subject_of(scan, status.terms), now)
    network = find_network(pack_address(scan.address))
    evidence = Evidence(
        signal.available,
        signal.counts,
        signal.travel,
        status.sell_by,
        today,
        found.is_shop,
        worker_state.clusters.find(member_no),
        network,
        _distance_km(network, scan.cell),
        *read_scan(
            status.terms.binding,
            scan.context,
            member_no=member_no,
            at_ms=scan.judged_at_ms,
            cell=scan.cell,
            network_province=network.province,
        ),
        early,
        prize=prize() if _asks_for_prize(worker_state) else None,
        recent=signal.recent,
        dealer_outside_share=worker_state.dealers.outside_share(scan.code_id),
    )
    decision = judge(rule_set, evidence)
    if found.listed is not None:
        decision = obey_list(decision, found.listed)
    else:
        hours = evidence.hours_active
        decision = _hold_instead(worker_state, decision, early, hours)
    if worker_state.shadow is not None:
        decision = msgspec.structs.replace(decision, shadow=worker_state.shadow)
    if decision.failed:
        # Neither a hit nor a "no": kept with the scan, counted, and told to operators.
        RULE_FAULTS.inc(len(decision.failed))
        log.error(
            "rules_failed",
            scan_id=scan.scan_id,
            rule_set=rule_set.version,
            rules=decision.failed,
        )
    return decision


def _asks_for_prize(worker_state: WorkerState) -> bool:
    """Tell whether the rules, or those in their shadow, ask what claims are to earn."""
    shadow = worker_state.shadow
    return worker_state.rule_set.asks_for_prize or (
        shadow is not None and shadow.rule_set.asks_for_prize
    )


def _hold_instead(
    worker_state: WorkerState,
    decision: Decision,
    early: EarlySigns,
    hours_active: int | None,
) -> Decision:
    """Let wait what rules refuse too much, and claims of what was seen too early."""
    if decision.verdict is Verdict.REFUSE:
        if worker_state.breaker_is_open:
            return hold_for(decision, HeldBy.BREAKER)
    elif worker_state.early.holds(
        early.package_codes, hours_active=hours_active, score=decision.score
    ):
        return hold_for(decision, HeldBy.EARLY_SCANS)
    return decision


def know_no_network(_address: bytes | None) -> KnownNetwork:
    """Know nothing of any network, where no data is at hand."""
    return UNKNOWN_NETWORK


def _distance_km(network: KnownNetwork, cell: int | None) -> int | None:
    """Tell how far a phone is from its network's division of China."""
    if cell is None or network.province is None:
        return None
    division = find_division(network.province)
    return None if division is None else division.distance_km(cell)


def subject_of(scan: Scan, terms: RangeTerms) -> Subject:
    """Tell what entries of lists may name of a scan."""
    return Subject(
        scan.code_id,
        scan.member_id,
        scan.device_id,
        pack_address(scan.address),
        (scan.context or {}).get("store_id"),
        scan.cell,
        terms.binding.gtin or terms.printed_gtin,
    )


def _may_be_claimed(status: CodeStatus, signal: Signals) -> bool:
    return (
        status.outcome is None and status.pays and signal.claimed is not ClaimedBit.YES
    )
