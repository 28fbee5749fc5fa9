"""A scan, from what was asked to what was decided; pure.

The outcomes stand in order of precedence: the first that applies is the answer. The
list only ever grows at the places between.

Structs are msgspec's: made in a fifth of a dataclass's time, unseen by the collector.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from anti_fraud.domain.decision import Decision
from anti_fraud.domain.lists import ListName
from anti_fraud.domain.places import Travel
from anti_fraud.domain.recent import Recent
from anti_fraud.domain.verdict import Verdict
from codegen.domain.batches import Placement
from codegen.domain.products import Product, sell_by
from codegen.domain.ranges import SERIAL_BITS, EpochState, RangeState
from codegen.domain.terms import RangeTerms
from core.conditions import Fact
from rewards.domain.active_campaigns import (
    Offer,
    OfferState,
)
from rewards.domain.awards import Award
from rewards.domain.holds import HoldReason
from rewards.domain.limits import number_region
from rewards.domain.plans import NOTHING, PlannedReward, RewardPlan
from scan_api.domain.worker_state import WorkerState


class Outcome(StrEnum):
    """What a scan came to, in order of precedence."""

    INVALID = "invalid"
    NOT_ACTIVE = "not_active"
    RECALLED = "recalled"
    ALREADY_CLAIMED = "already_claimed"
    REFUSED = "refused"
    LIMIT_REACHED = "limit_reached"
    HELD = "held"
    NO_REWARD = "no_reward"
    REWARDED = "rewarded"
    VERIFIED = "verified"


NOWHERE: Final = number_region(None)
# Outcomes in which the code is claimed by this scan.
CLAIMING = frozenset({Outcome.HELD, Outcome.NO_REWARD, Outcome.REWARDED})


class ClaimedBit(StrEnum):
    """What the `claimed` filter says of a code."""

    NO = "no"
    YES = "yes"
    MAYBE = "maybe"


class Scan(msgspec.Struct, gc=False):
    """One scan of a code that opened, on its way through the pipeline."""

    scan_id: int
    at_ms: int
    code_id: int
    code_hash: int
    gtin: str | None
    member_id: str | None
    device_id: str | None
    address: str | None
    cell: int | None
    language: str
    # The only brand that the caller's token is for.
    brand: str | None = None
    context: dict[str, Any] | None = None
    key_hash: bytes = b""
    body_hash: bytes = b""
    tags: tuple[bytes, ...] = ()
    # When it happened, where its app says so: it may have been kept while offline.
    scanned_at_ms: int | None = None

    @property
    def judged_at_ms(self) -> int:
        """The time at which it is judged: its own, else that of its arrival."""
        at_ms = self.scanned_at_ms
        return self.at_ms if at_ms is None else at_ms


class Signals(msgspec.Struct, frozen=True, gc=False):
    """What Redis knew about one scan."""

    claimed: ClaimedBit
    maybe_void: bool
    # By the facts of the counters of the rule set that it was asked by.
    counts: dict[str, int]
    travel: Travel | None = None
    available: bool = True
    recent: Recent | None = None


# While Redis is away nothing is known, and the rules are told so.
NO_SIGNALS = Signals(ClaimedBit.MAYBE, maybe_void=False, counts={}, available=False)


class PlannedOn(NamedTuple):
    """What a plan was made on that nothing else will tell: see Basis.

    Numbers and versions of campaigns, in turn, and the values of facts.
    """

    versions: tuple[int, ...] = ()
    values: tuple[Fact, ...] = ()


UNPLANNED: Final = PlannedOn()


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What a worker wants PostgreSQL to permit for one scan."""

    outcome: Outcome
    rewards: tuple[PlannedReward, ...] = ()
    hold_reason: HoldReason | None = None
    decision: Decision | None = None
    retry_at: datetime | None = None
    terms: RangeTerms | None = None
    product: Product | None = None
    sell_by: date | None = None
    foreign: bool = False
    offer: Offer | None = None
    # Whether a campaign that pays nothing now may pay this claim one day.
    later: bool = False
    # Whose rows limits of regions are taken from (number_region).
    region: int = NOWHERE
    made_on: PlannedOn = UNPLANNED

    @property
    def claims(self) -> bool:
        """Whether the scan asks for its code."""
        return self.outcome in CLAIMING


class Earned(NamedTuple):
    """A reward that is paid, or waits; its number is its transfer's.

    `completes` says of a card that its member has all of its set by it.
    """

    reward: PlannedReward
    transfer_id: int
    completes: bool = False


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What PostgreSQL made of one scan."""

    outcome: Outcome
    points: int
    available: int | None
    claim_scan_id: int | None
    claimed_by_caller: bool
    scan_count: int | None
    original_points: int = 0
    original_others: int = 0
    original_pending: bool = False
    repeats: int | None = None
    earned: tuple[Earned, ...] = ()
    # What the scan that claimed it earned, where that is more than points.
    originals: tuple[Award, ...] = ()
    # Whether the member has had all of what campaigns ever give one.
    is_full: bool = False


class CodeStatus(msgspec.Struct, frozen=True, gc=False):
    """Where a code stands before anybody asks who scanned it."""

    outcome: Outcome | None
    terms: RangeTerms | None = None
    product: Product | None = None
    epoch: EpochState | None = None
    sell_by: date | None = None
    # Another brand's: invalid to this caller, who guessed nothing.
    foreign: bool = False

    @property
    def pays(self) -> bool:
        """Whether its placement lets the code be claimed."""
        return self.terms is not None and self.terms.placement == Placement.INSIDE


def look_up_code(
    worker_state: WorkerState,
    terms: RangeTerms | None,
    code_id: int,
    gtin: str | None,
    now: datetime,
    *,
    brand: str | None = None,
) -> CodeStatus:
    """Tell how a code with these terms stands: an outcome if it cannot be claimed.

    To a caller who is for one `brand` only, another's code is none of ours.
    """
    if terms is None:
        return CodeStatus(Outcome.INVALID)
    bound, printed = terms.binding.gtin, terms.printed_gtin
    product = worker_state.products.get(bound or printed or "")
    if brand is not None and _is_of_another(brand, terms, product):
        return CodeStatus(Outcome.INVALID, terms, foreign=True)
    if gtin is not None and gtin not in {bound, printed}:
        return CodeStatus(Outcome.INVALID, terms)
    epoch = worker_state.epochs[code_id >> SERIAL_BITS]
    outcome: Outcome | None = None
    if epoch is EpochState.RETIRED:
        outcome = Outcome.NOT_ACTIVE
    elif terms.state is RangeState.RECALLED:
        outcome = Outcome.RECALLED
    elif not _is_active(terms, now):
        outcome = Outcome.NOT_ACTIVE
    return CodeStatus(outcome, terms, product, epoch, sell_by(terms.binding, product))


def _is_of_another(brand: str, terms: RangeTerms, product: Product | None) -> bool:
    owners = {terms.brand, product.brand if product else None}
    return not owners <= {None, brand}


def _is_active(terms: RangeTerms, now: datetime) -> bool:
    starts = terms.binding.effective_at
    return terms.state is RangeState.ACTIVATED and (starts is None or starts <= now)


def plan_scan(
    status: CodeStatus,
    *,
    member_id: str | None,
    decision: Decision | None,
    signals_available: bool,
    offer: Offer | None,
    earned: Callable[[], RewardPlan],
    claimed: ClaimedBit = ClaimedBit.MAYBE,
) -> Plan:
    """Decide what a scan should come to, if PostgreSQL permits.

    `earned` plans the rewards, for a scan that may have some. A code that the filter
    calls claimed is planned as such, unjudged; PostgreSQL turns the batch away if it is
    not, and it is planned again as a "maybe".
    """
    if status.outcome is not None:
        return _plan(status, status.outcome)
    if not status.pays:
        return _plan(status, Outcome.VERIFIED)
    if member_id is None:
        return _plan(status, Outcome.VERIFIED, offer)
    if claimed is ClaimedBit.YES:
        return _plan(status, Outcome.ALREADY_CLAIMED, offer)
    if decision is not None and decision.verdict is Verdict.REFUSE:
        return _plan(status, Outcome.REFUSED, offer, decision)
    reason = _hold_reason(status, decision, signals_available=signals_available)
    return _plan_rewards(status, offer, decision, earned(), reason)


def _plan_rewards(
    status: CodeStatus,
    offer: Offer | None,
    decision: Decision | None,
    rewards: RewardPlan,
    reason: HoldReason | None,
) -> Plan:
    """Plan what a member's scan of a code that pays comes to."""
    if rewards.rewards:
        # What a worker heard of spent budgets is a moment old: PostgreSQL has the word.
        outcome = Outcome.REWARDED if reason is None else Outcome.HELD
        return _plan(
            status, outcome, offer, decision, rewards=rewards, hold_reason=reason
        )
    if not rewards.later:
        return _plan(status, Outcome.NO_REWARD, offer, decision)
    retry_at = rewards.later_at
    if offer is not None and offer.state is OfferState.OPEN:
        offer = offer.put_off(retry_at)
    return _plan(status, Outcome.LIMIT_REACHED, offer, decision, retry_at=retry_at)


def _plan(
    status: CodeStatus,
    outcome: Outcome,
    offer: Offer | None = None,
    decision: Decision | None = None,
    *,
    rewards: RewardPlan = NOTHING,
    hold_reason: HoldReason | None = None,
    retry_at: datetime | None = None,
) -> Plan:
    return Plan(
        outcome,
        rewards.rewards,
        hold_reason,
        decision,
        retry_at,
        terms=status.terms,
        product=status.product,
        sell_by=status.sell_by,
        foreign=status.foreign,
        offer=offer,
        later=rewards.later,
    )


def _hold_reason(
    status: CodeStatus, decision: Decision | None, *, signals_available: bool
) -> HoldReason | None:
    if status.epoch is EpochState.FROZEN:
        return HoldReason.EPOCH
    listed = decision.listed if decision is not None else None
    if listed is not None and listed.list is not ListName.BLOCK:
        # Who is let through waits for nothing that only rules would know.
        return None
    if not signals_available:
        return HoldReason.SIGNALS
    if decision is not None and decision.verdict is Verdict.HOLD:
        return HoldReason.RULES
    return None
