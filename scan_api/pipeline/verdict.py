"""What the rules say of a scan: pure."""

from datetime import date

from anti_fraud.domain.decision import Decision, judge
from anti_fraud.domain.facts import Evidence
from anti_fraud.domain.rule_sets import RuleSet
from scan_api.domain.scans import ClaimedBit, CodeStatus, Scan, Signals


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
    return judge(rule_set, evidence)


def _may_be_claimed(status: CodeStatus, signal: Signals) -> bool:
    return (
        status.outcome is None and status.pays and signal.claimed is not ClaimedBit.YES
    )
