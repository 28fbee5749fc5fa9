"""Past scans once more, judged and planned by what they were judged and planned by.

Rules and facts give a verdict again; campaigns' versions and facts give a plan again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.decision import Decision, decide, hold_for, obey_list
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Verdict
from anti_fraud.store.rule_sets import load_rule_sets
from core.clock import business_day, utc_datetime
from core.conditions import Facts
from rewards.domain.active_campaigns import Campaign, basis_of, plan_rewards
from rewards.domain.claim_facts import ClaimEvidence, read_claim_facts
from rewards.domain.plans import Claim, PlannedReward, RewardPlan
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.active_campaigns import load_versions
from rewards.store.transfers import load_transfers
from scan_api.domain.scans import CLAIMING, Outcome
from scan_api.pipeline.claim_facts import member_since, picker, roller
from scan_api.store.kept_facts import (
    JudgedScan,
    PlannedScan,
    load_judged,
    load_planned,
)
from scan_api.store.released_claims import find_denied

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

    There is none where the rules can't be read, which raised an alarm. Whoever was
    denied a code that others may claim is refused it, whatever the rules say.
    """

    recorded: JudgedScan
    decision: Decision | None
    was_denied: bool = False

    @property
    def equals_record(self) -> bool:
        """Whether judging anew gives what was recorded."""
        decision = self.decision
        return (
            decision is not None
            and decision.score == self.recorded.score
            and tuple(hit.rule_id for hit in decision.hits) == self.recorded.hits
            and decision.failed == self.recorded.failed
            and (self.was_denied or self.recorded.outcome in FOLLOWS[decision.verdict])
        )


async def replay_scans(
    conn: AsyncConnection, scan_ids: Sequence[int], timezone: ZoneInfo
) -> dict[int, Replay]:
    """Judge scans anew, by scan_id; those that nobody judged are left out."""
    judged = await load_judged(conn, scan_ids)
    rule_sets = await load_rule_sets(conn, {scan.rule_set for scan in judged})
    refused = [each.scan_id for each in judged if each.outcome is Outcome.REFUSED]
    denied = await find_denied(conn, refused) if refused else frozenset()
    return {
        scan.scan_id: _replay(
            scan, rule_sets, timezone, was_denied=scan.scan_id in denied
        )
        for scan in judged
    }


def _replay(
    recorded: JudgedScan,
    rule_sets: Mapping[int, RuleSet],
    timezone: ZoneInfo,
    *,
    was_denied: bool,
) -> Replay:
    rule_set = rule_sets.get(recorded.rule_set)
    if rule_set is None:
        return Replay(recorded, None)
    facts = rule_set.from_order(recorded.values)
    day = business_day(recorded.judged_at_ms, timezone)
    decision = decide(rule_set, facts, day)
    if recorded.listed is not None:
        decision = obey_list(decision, recorded.listed)
    if recorded.held_by is not None:
        decision = hold_for(decision, recorded.held_by)
    return Replay(recorded, decision, was_denied)


# Plans --------------------------------------------------------------------------------

_PAID: Final = frozenset({Outcome.REWARDED, Outcome.HELD})
_EARNINGS: Final = frozenset({TransferKind.POSTED, TransferKind.PENDING})


@dataclass(frozen=True, slots=True)
class PlanKeys:
    """What decides chances, and which card a code gives, by the epoch of codes."""

    chances: Mapping[int, bytes] = field(repr=False)
    cards: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlanReplay:
    """What a scan has earned, and the plan made anew for it.

    Which of the planned rewards had room is the ledger's word, not the plan's.
    """

    recorded: PlannedScan
    earned: tuple[Transfer, ...]
    plan: RewardPlan

    @property
    def equals_record(self) -> bool:
        """Whether what was earned is what the plan gives, as far as there was room.

        Of what one reward may be otherwise one is given at most, and one for certain
        where nothing limits it; an exclusive campaign that gives ends the list.
        """
        left, ended = list(self.earned), 0
        claims = self.recorded.outcome in CLAIMING
        for planned in self.plan.rewards:
            given = [each for each in left if _is_one_of(each, planned)]
            may_give = ended in {0, planned.campaign_no}
            if len(given) > may_give or (
                claims and not given and may_give and _has_room_always(planned)
            ):
                return False
            left = [each for each in left if each not in given]
            if given and planned.exclusive:
                ended = planned.campaign_no
        paid = self.recorded.outcome in _PAID
        return not left and paid == bool(self.earned)


def _is_one_of(earned: Transfer, planned: PlannedReward | None) -> bool:
    """Tell whether a transfer is a planned reward, or one of those it is otherwise."""
    while planned is not None:
        told = (planned.offer_no, planned.unit, planned.amount)
        if told == (earned.debit, earned.unit, earned.amount):
            return True
        planned = planned.otherwise
    return False


def _has_room_always(planned: PlannedReward | None) -> bool:
    """Tell whether nothing keeps a reward, or one that it is otherwise, from being.

    Of a draw PostgreSQL asks once more whether it is open.
    """
    while planned is not None:
        if not planned.limits and planned.draw is None:
            return True
        planned = planned.otherwise
    return False


async def replay_plans(
    conn: AsyncConnection,
    scan_ids: Sequence[int],
    *,
    keys: PlanKeys,
    timezone: ZoneInfo,
) -> dict[int, PlanReplay]:
    """Plan scans of members anew, by scan_id."""
    planned = await load_planned(conn, scan_ids)
    wanted = {version for scan in planned for version in scan.versions}
    campaigns = await load_versions(conn, wanted)
    came = await load_transfers(conn, [scan.scan_id for scan in planned])
    return {
        scan.scan_id: PlanReplay(
            scan,
            tuple(e for e in came.get(scan.scan_id, ()) if e.kind in _EARNINGS),
            _plan(scan, [campaigns[each] for each in scan.versions], keys, timezone),
        )
        for scan in planned
    }


def _plan(
    scan: PlannedScan,
    campaigns: Sequence[Campaign],
    keys: PlanKeys,
    timezone: ZoneInfo,
) -> RewardPlan:
    claim = claim_again(scan, campaigns, keys, timezone)
    return plan_rewards(campaigns, claim, utc_datetime(scan.planned_at_ms))


def claim_again(
    scan: PlannedScan,
    campaigns: Sequence[Campaign],
    keys: PlanKeys,
    timezone: ZoneInfo,
) -> Claim:
    """Give a claim as the campaigns that were asked saw it, in their order."""
    at = utc_datetime(scan.planned_at_ms)

    def facts() -> Facts:
        evidence = ClaimEvidence(
            at.astimezone(timezone),
            channel=scan.context.get("channel"),
            entry=scan.context.get("entry"),
            store_id=scan.context.get("store_id"),
            member_since=member_since(scan.member_no),
        )
        asked = zip(basis_of(campaigns).facts, scan.values, strict=True)
        return read_claim_facts(evidence) | dict(asked)

    return Claim(
        scan.code_id,
        facts,
        roller(scan.code_id, keys.chances),
        picker(scan.code_id, keys.cards),
    )
