"""What the rules say of a scan: pure, but for the alarm for one that can't say."""

from datetime import date

import structlog

from anti_fraud.domain.decision import Decision, judge
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.rule_sets import RuleSet
from scan_api.domain.scans import ClaimedBit, CodeStatus, Scan, Signals
from scan_api.pipeline.metrics import RULE_FAULTS

log = structlog.get_logger(logger_name=__name__)


def judge_scan(
    rule_set: RuleSet, scan: Scan, signal: Signals, status: CodeStatus, today: date
) -> Decision | None:
    """Judge a scan that may claim its code; None for one that a verdict cannot change.

    `signal` has the counts of `rule_set`.
    """
    if scan.member_id is None or not _may_be_claimed(status, signal):
        return None
    evidence = Evidence(
        signal.available, signal.counts, signal.travel, status.sell_by, today
    )
    decision = judge(rule_set, evidence)
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


def _may_be_claimed(status: CodeStatus, signal: Signals) -> bool:
    return (
        status.outcome is None and status.pays and signal.claimed is not ClaimedBit.YES
    )
