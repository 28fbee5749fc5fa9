"""What each scan of a batch should come to: pure, and each for itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from codegen.domain.terms import RangeTerms
from scan_api.domain.scans import (
    Outcome,
    Plan,
    Scan,
    Signals,
    WorkerState,
    look_up_code,
    plan_scan,
)
from scan_api.pipeline.metrics import SCAN_FAULTS
from scan_api.pipeline.verdict import judge_scan

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a batch is judged: one time for all its scans."""

    now: datetime
    today: date


def plan_scans(
    worker_state: WorkerState,
    scans: Sequence[Scan],
    signals: Sequence[Signals],
    voided: Collection[int],
    moment: Moment,
) -> list[Plan | Exception]:
    """Plan every scan; one whose data cannot be judged fails alone, with an alarm."""
    found = worker_state.table.find_all([scan.code_id for scan in scans])
    plans: list[Plan | Exception] = []
    for scan, signal, terms in zip(scans, signals, found, strict=True):
        try:
            void = scan.code_id in voided
            plans.append(_plan(worker_state, scan, signal, terms, moment, void=void))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is this scan's
            plans.append(note_fault(scan, fault))
    return plans


def note_fault(scan: Scan, fault: Exception) -> Exception:
    """Raise the alarm for one scan that failed by itself."""
    SCAN_FAULTS.inc()
    log.error("scan_failed", scan_id=scan.scan_id, cause=fault)
    return fault


def _plan(
    worker_state: WorkerState,
    scan: Scan,
    signal: Signals,
    terms: RangeTerms | None,
    moment: Moment,
    *,
    void: bool,
) -> Plan:
    status = look_up_code(
        worker_state, terms, scan.code_id, scan.gtin, moment.now, brand=scan.brand
    )
    if void and status.outcome is not Outcome.INVALID:
        return Plan(Outcome.NOT_ACTIVE, terms=terms, product=status.product)
    decision = judge_scan(worker_state.rule_set, scan, signal, status, moment.today)
    return plan_scan(
        status,
        member_id=scan.member_id,
        campaign=worker_state.campaign_of(terms),
        decision=decision,
        signals_available=signal.available,
        now=moment.now,
        claimed=signal.claimed,
        spent=worker_state.spent,
    )
