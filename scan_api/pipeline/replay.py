"""Judging past scans anew, by the facts and the rules that they were judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.decision import Decision, decide
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Verdict
from anti_fraud.store.rule_sets import load_rule_sets
from core.clock import business_day
from core.ids import time_of_id
from scan_api.domain.scans import Outcome
from scan_api.store.kept_facts import JudgedScan, load_judged

_ALWAYS: Final = {Outcome.NOT_ACTIVE, Outcome.ALREADY_CLAIMED}
_UNPAID: Final = _ALWAYS | {Outcome.LIMIT_REACHED, Outcome.HELD, Outcome.NO_REWARD}
# What a scan may come to after a verdict: the code can have been claimed or voided
# meanwhile, limits be full, and a reward wait for other reasons than the rules.
FOLLOWS: Final[Mapping[Verdict, frozenset[Outcome]]] = MappingProxyType(
    {
        Verdict.PASS: frozenset(_UNPAID | {Outcome.REWARDED}),
        Verdict.HOLD: frozenset(_UNPAID),
        Verdict.REFUSE: frozenset(_ALWAYS | {Outcome.REFUSED}),
    }
)


@dataclass(frozen=True, slots=True)
class Replay:
    """What was recorded of a scan, and the decision made anew.

    There is none where the rules can't be read, which raised an alarm.
    """

    recorded: JudgedScan
    decision: Decision | None

    @property
    def equals_record(self) -> bool:
        """Whether judging anew gives what was recorded."""
        decision = self.decision
        return (
            decision is not None
            and decision.score == self.recorded.score
            and tuple(hit.rule_id for hit in decision.hits) == self.recorded.hits
            and decision.failed == self.recorded.failed
            and self.recorded.outcome in FOLLOWS[decision.verdict]
        )


async def replay_scans(
    conn: AsyncConnection, scan_ids: Sequence[int], timezone: ZoneInfo
) -> dict[int, Replay]:
    """Judge scans anew, by scan_id; those that nobody judged are left out."""
    judged = await load_judged(conn, scan_ids)
    rule_sets = await load_rule_sets(conn, {scan.rule_set for scan in judged})
    return {scan.scan_id: _replay(scan, rule_sets, timezone) for scan in judged}


def _replay(
    recorded: JudgedScan, rule_sets: Mapping[int, RuleSet], timezone: ZoneInfo
) -> Replay:
    rule_set = rule_sets.get(recorded.rule_set)
    if rule_set is None:
        return Replay(recorded, None)
    facts = rule_set.from_order(recorded.values)
    day = business_day(time_of_id(recorded.scan_id), timezone)
    return Replay(recorded, decide(rule_set, facts, day))
