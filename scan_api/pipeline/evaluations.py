"""One scan, explained: what judged it, what that saw, and what would be said today."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.evaluation import Evaluation, evaluate, translate
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.pipeline.rule_sets import refuse_scoped
from anti_fraud.store.rule_sets import load_rule_sets, load_rules
from core.auth.principal import Staff
from core.clock import business_day
from scan_api.domain.scans import Outcome
from scan_api.pipeline.past_scans import find_scan
from scan_api.pipeline.replay import Replay, replay_scans


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule set says of a scan, and which facts that it reads nobody knew."""

    evaluation: Evaluation
    unknown: tuple[str, ...]

    @property
    def rule_set(self) -> RuleSet:
        """The rules that say it."""
        return self.evaluation.decision.rule_set


@dataclass(frozen=True, slots=True)
class ScanEvaluation:
    """A scan, what judged it, and what the active rules say of it.

    Neither is there for a scan that no verdict could change; what judged it is missing
    where those rules can't be read any more.
    """

    scan_id: int
    at: datetime
    outcome: Outcome
    replay: Replay | None
    judged: Judged | None
    active: Judged | None


async def evaluate_scan(
    conn: AsyncConnection, scan_id: int, staff: Staff, timezone: ZoneInfo
) -> ScanEvaluation:
    """Explain a scan to who may read the rules; raises Forbidden, and NotFound."""
    refuse_scoped(staff)
    scan = await find_scan(conn, scan_id, staff)
    outcome = Outcome(scan.outcome)
    replay = (await replay_scans(conn, [scan_id], timezone)).get(scan_id)
    if replay is None:
        return ScanEvaluation(scan_id, scan.at, outcome, None, None, None)
    version = replay.recorded.rule_set
    old = (await load_rule_sets(conn, [version])).get(version)
    if old is None:
        return ScanEvaluation(scan_id, scan.at, outcome, replay, None, None)
    new = await load_rules(conn)
    facts = old.from_order(replay.recorded.values)
    day = business_day(replay.recorded.judged_at_ms, timezone)
    return ScanEvaluation(
        *(scan_id, scan.at, outcome, replay),
        _judged(evaluate(old, facts, day)),
        _judged(evaluate(new, translate(facts, old, new), day)),
    )


def _judged(evaluation: Evaluation) -> Judged:
    decision = evaluation.decision
    read = {seen.fact for rule in evaluation.rules for seen in rule.conditions}
    return Judged(
        evaluation,
        tuple(sorted(name for name in read if decision.facts.get(name) is None)),
    )
