"""What each scan of a batch should come to: pure, and each for itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.terms import RangeTerms
from core.clock import business_day, utc_datetime
from core.conditions import Facts
from core.ids import time_of_id
from rewards.domain.active_campaigns import plan_rewards
from rewards.domain.cards import Card, CardSet, pick_card
from rewards.domain.chances import chance_roll
from rewards.domain.claim_facts import ClaimEvidence, read_claim_facts
from rewards.domain.plans import Claim, RewardPlan
from scan_api.domain.scans import (
    CodeStatus,
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
class BatchContext:
    """What all scans of a batch are judged by: its time, and its members' numbers."""

    now: datetime
    today: date
    timezone: ZoneInfo
    members: Mapping[str, int]
    # By the epoch of codes.
    chance_keys: Mapping[int, bytes] = field(repr=False)
    card_keys: Mapping[int, bytes] = field(repr=False)


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
    rule_set = worker_state.rule_set
    # A batch has one day, that of its last scan; where rules end, each has its own.
    today = batch.today
    if rule_set.expires:
        today = business_day(time_of_id(scan.scan_id), batch.timezone)
    decision = judge_scan(rule_set, scan, signal, status, today)
    candidates = worker_state.candidates(terms)

    def earned() -> RewardPlan:
        claim = _claim(scan, status, batch)
        planned = plan_rewards(candidates, claim, batch.now)
        ends = worker_state.programme.expires_on(batch.today)
        return planned if ends is None else planned.ending(ends)

    return plan_scan(
        status,
        member_id=scan.member_id,
        decision=decision,
        signals_available=signal.available,
        offer=worker_state.offer_of(terms, batch.now),
        earned=earned,
        claimed=signal.claimed,
    )


def _claim(scan: Scan, status: CodeStatus, batch: BatchContext) -> Claim:
    """Tell campaigns of a claim what they may ask of it."""
    terms, product = status.terms, status.product
    assert terms is not None, "what has no terms is claimed by nobody"
    brand = terms.brand or (product.brand if product else None)

    def facts() -> Facts:
        bound, context = terms.binding, scan.context or {}
        return read_claim_facts(
            ClaimEvidence(
                batch.now.astimezone(batch.timezone),
                gtin=bound.gtin or terms.printed_gtin,
                brand=brand,
                batch_id=terms.batch_id,
                lot=bound.lot,
                plant=bound.plant,
                line=bound.line,
                sale_regions=bound.sale_regions,
                channel=context.get("channel"),
                entry=context.get("entry"),
                store_id=context.get("store_id"),
                member_since=_since(batch.members.get(scan.member_id or "", 0)),
            )
        )

    def roll(campaign_no: int, version: int, place: int) -> int:
        key = batch.chance_keys[scan.code_id >> SERIAL_BITS]
        return chance_roll(key, campaign_no, version, place, scan.code_id)

    def pick(cards: CardSet) -> Card:
        key = batch.card_keys[scan.code_id >> SERIAL_BITS]
        return pick_card(key, cards, scan.code_id)

    return Claim(scan.code_id, facts, roll, pick)


def _since(member_no: int) -> datetime | None:
    """Tell since when a member is one; a number tells when it was given."""
    return utc_datetime(time_of_id(member_no)) if member_no else None
