"""What each scan of a batch should come to: pure, and each for itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog

from anti_fraud.domain.early_scans import NO_SIGNS, EarlySigns
from codegen.domain.terms import RangeTerms
from core.clock import business_day, utc_datetime
from core.conditions import Facts
from rewards.domain.active_campaigns import plan_rewards
from rewards.domain.claim_facts import ClaimEvidence, read_claim_facts
from rewards.domain.limits import count_claim, number_region
from rewards.domain.plans import Claim, RewardKind, RewardPlan
from scan_api.domain.scans import (
    UNPLANNED,
    CodeStatus,
    Outcome,
    Plan,
    PlannedOn,
    Scan,
    Signals,
    look_up_code,
    plan_scan,
)
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.claim_facts import member_since, picker, region_of, roller
from scan_api.pipeline.metrics import SCAN_FAULTS
from scan_api.pipeline.verdict import FindNetwork, judge_scan, know_no_network

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What all scans of a batch are judged by: its time, and its members' numbers.

    `claim_nos` and `regions` are there as far as campaigns ask for them: which of a
    member's claims the next is, by the member's number, and where stores are.
    """

    now: datetime
    today: date
    timezone: ZoneInfo
    members: Mapping[str, int]
    # By the epoch of codes.
    chance_keys: Mapping[int, bytes] = field(repr=False)
    card_keys: Mapping[int, bytes] = field(repr=False)
    find_network: FindNetwork = know_no_network
    claim_nos: Mapping[int, int] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    # By code_id, of codes whose package or roll is watched.
    early: Mapping[int, EarlySigns] = field(default_factory=dict)


def plan_scans(
    worker_state: WorkerState,
    scans: Sequence[Scan],
    signals: Sequence[Signals],
    voided: Collection[int],
    batch: BatchContext,
) -> list[Plan | Exception]:
    """Plan every scan; one whose data cannot be judged fails alone, with an alarm."""
    found = worker_state.table.find_all([scan.code_id for scan in scans])
    plans: list[Plan | Exception] = []
    for scan, signal, terms in zip(scans, signals, found, strict=True):
        try:
            void = scan.code_id in voided
            plans.append(_plan(worker_state, scan, signal, terms, batch, void=void))
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
    batch: BatchContext,
    *,
    void: bool,
) -> Plan:
    status = look_up_code(
        worker_state, terms, scan.code_id, scan.gtin, batch.now, brand=scan.brand
    )
    if void and status.outcome is not Outcome.INVALID:
        return Plan(Outcome.NOT_ACTIVE, terms=terms, product=status.product)
    # A batch has one day, that of its last scan; where rules end, each has its own, and
    # so has what comes late.
    today, now = batch.today, batch.now
    if scan.scanned_at_ms is not None:
        now = _moment(scan.judged_at_ms)
        today = business_day(scan.judged_at_ms, batch.timezone)
    elif worker_state.rule_set.expires:
        today = business_day(scan.judged_at_ms, batch.timezone)
    claim = _ClaimPlanner(worker_state, scan, status, batch)
    member_no = batch.members.get(scan.member_id or "", 0)
    decision = judge_scan(
        *(worker_state, scan, signal, status, today),
        member_no=member_no,
        find_network=batch.find_network,
        early=batch.early.get(scan.code_id, NO_SIGNS),
        prize=claim.prize,
    )
    plan = plan_scan(
        status,
        member_id=scan.member_id,
        decision=decision,
        signals_available=signal.available,
        offer=worker_state.offer_of(terms, now),
        earned=claim.plan,
        claimed=signal.claimed,
    )
    if claim.made_on is not UNPLANNED or claim.region is not None:
        region = number_region(claim.region)
        plan = msgspec.structs.replace(plan, made_on=claim.made_on, region=region)
    return plan


@dataclass(slots=True)
class _ClaimPlanner:
    """Plans what a scan is to earn, by its own time, and keeps what the plan read."""

    worker_state: WorkerState
    scan: Scan
    status: CodeStatus
    batch: BatchContext
    region: str | None = None
    made_on: PlannedOn = UNPLANNED
    _facts: Facts | None = None
    _planned: RewardPlan | None = None

    def prize(self) -> tuple[int, int]:
        """Tell the points and the minor units that its claim is to earn at most."""
        rewards = self.plan().rewards
        points, minor = (
            sum(each.amount for each in rewards if each.kind is kind)
            for kind in (RewardKind.POINTS, RewardKind.RED_PACKET)
        )
        return points, minor

    def plan(self) -> RewardPlan:
        """Plan what its claim gets of the campaigns that may pay it; once."""
        if self._planned is None:
            self._planned = self._plan()
        return self._planned

    def _plan(self) -> RewardPlan:
        worker_state, terms, batch = self.worker_state, self.status.terms, self.batch
        assert terms is not None, "what has no terms is claimed by nobody"
        if worker_state.campaigns.ask_for_regions:
            self.region = region_of(self.scan.context or {}, self.batch.regions)
        code_id = self.scan.code_id
        claim = Claim(
            code_id,
            self._read_facts,
            roller(code_id, batch.chance_keys),
            picker(code_id, batch.card_keys),
        )
        candidates, basis = worker_state.planned_by(terms)
        planned = plan_rewards(candidates, claim, self._moment())
        if basis.versions:
            facts = self._read_facts() if basis.facts else {}
            self.made_on = PlannedOn(
                tuple(number for each in basis.versions for number in each),
                tuple(facts[name] for name in basis.facts),
            )
        if worker_state.claim_counter is not None and planned.rewards:
            claim_no = self._claim_no() if basis.asks_for_claims else None
            counted = count_claim(worker_state.claim_counter, claim_no)
            planned = planned.counted_by(counted)
        ends = worker_state.programme.expires_on(batch.today)
        return planned if ends is None else planned.ending(ends)

    def _read_facts(self) -> Facts:
        """Tell campaigns of a claim what they may ask of it; read once for all."""
        if self._facts is None:
            self._facts = read_claim_facts(self._evidence())
        return self._facts

    def _evidence(self) -> ClaimEvidence:
        terms, product = self.status.terms, self.status.product
        assert terms is not None, "what has no terms is claimed by nobody"
        bound, context = terms.binding, self.scan.context or {}
        return ClaimEvidence(
            self._moment().astimezone(self.batch.timezone),
            gtin=bound.gtin or terms.printed_gtin,
            brand=terms.brand or (product.brand if product else None),
            batch_id=terms.batch_id,
            lot=bound.lot,
            plant=bound.plant,
            line=bound.line,
            sale_regions=bound.sale_regions,
            scan_region=self.region,
            channel=context.get("channel"),
            entry=context.get("entry"),
            store_id=context.get("store_id"),
            member_since=member_since(self._member_no()),
            claim_no=self._claim_no(),
        )

    def _moment(self) -> datetime:
        return _moment(self.scan.judged_at_ms)

    def _member_no(self) -> int:
        return self.batch.members.get(self.scan.member_id or "", 0)

    def _claim_no(self) -> int | None:
        return self.batch.claim_nos.get(self._member_no())


# Scans of a batch have few milliseconds between them.
_moment: Final = lru_cache(maxsize=1_024)(utc_datetime)
