"""What a scan's caller is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from codegen.domain.batches import Placement
from core.clock import utc_datetime
from core.ids import time_of_id
from rewards.domain.active_campaigns import Offer, OfferState
from rewards.domain.awards import Award, RewardView, award_of, view_awards
from scan_api.domain.scans import Outcome, Plan, Scan, Settled
from scan_api.pipeline.texts import (
    Calendar,
    message_of_no_reward,
    message_of_offer,
    message_of_outcome,
    message_of_own_claim,
    message_of_proof,
    message_of_rewards,
    warn_of_age,
)


class ProductAnswer(msgspec.Struct, frozen=True):
    """What is in the bottle."""

    gtin: str
    name: str
    brand: str


class NextView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the consumer can do now, and when."""

    kind: str
    at: datetime | None = None


class ScanAnswer(msgspec.Struct, frozen=True):
    """The answer to a scan.

    `offer` is what its campaign has for a claim. It is left out where no campaign is
    bound to the code, and where it does not matter.
    """

    scan_id: str
    outcome: str
    product: ProductAnswer | None
    first_claimed_at: datetime | None
    by_you: bool | None
    scan_count: int | None
    rewards: tuple[RewardView, ...]
    points_available: int | None
    next: NextView
    message: str
    sell_by: date | None = None
    past_sell_by: bool | None = None
    offer: OfferState | msgspec.UnsetType = msgspec.UNSET
    campaign_ends_at: datetime | msgspec.UnsetType = msgspec.UNSET


_NEXT = {
    Outcome.HELD: "wait",
    Outcome.REFUSED: "contact",
    Outcome.RECALLED: "contact",
}
# What these outcomes mean is said by what there is to claim.
_OF_OFFER = {Outcome.VERIFIED, Outcome.LIMIT_REACHED, Outcome.NO_REWARD}

_encode = msgspec.json.Encoder().encode


def encode_answer(answer: ScanAnswer) -> bytes:
    """Write an answer as JSON."""
    return _encode(answer)


def answer_invalid(scan_id: int, language: str) -> ScanAnswer:
    """Answer a code that is none of ours; forged and mistyped look alike."""
    return ScanAnswer(
        str(scan_id),
        Outcome.INVALID.value,
        None,
        None,
        None,
        None,
        (),
        None,
        NextView("none"),
        message_of_outcome(Outcome.INVALID, language),
    )


def answer_scan(
    scan: Scan, plan: Plan, settled: Settled, *, today: date, calendar: Calendar
) -> ScanAnswer:
    """Answer a scan that PostgreSQL has settled; `today` is the brand's business day.

    A daily cap ends with it.
    """
    outcome = settled.outcome
    product = plan.product
    offer = _offer(settled, plan)
    by_you: bool | None = None
    first_claimed: datetime | None = None
    # What is not kept has the number of the scan that it equals.
    scan_id = settled.repeats or scan.scan_id
    awards = _awards(settled, scan, calendar.timezone)
    past = None if plan.sell_by is None else plan.sell_by < today
    if outcome is Outcome.ALREADY_CLAIMED and settled.claim_scan_id is not None:
        by_you = settled.claimed_by_caller
        first_claimed = claimed_at(settled.claim_scan_id, exact=by_you)
        if by_you:
            scan_id = settled.claim_scan_id
    return ScanAnswer(
        str(scan_id),
        outcome.value,
        ProductAnswer(product.gtin, product.name, product.brand) if product else None,
        first_claimed,
        by_you,
        settled.scan_count,
        view_awards(awards),
        settled.available,
        _next(outcome, plan, scan, offer, calendar),
        _message(scan, plan, settled, awards, offer, calendar=calendar, past=past),
        plan.sell_by,
        past,
        msgspec.UNSET if offer is None else offer.state,
        (offer.ends_at if offer else None) or msgspec.UNSET,
    )


def _offer(settled: Settled, plan: Plan) -> Offer | None:
    """Tell what there was to claim, as PostgreSQL found it."""
    outcome = settled.outcome
    if plan.offer is None:
        return None
    # A member who has had all waits for campaigns that do not pay yet, if for any.
    full = OfferState.PAUSED if plan.later else OfferState.FULL
    found = {
        Outcome.VERIFIED: plan.offer.state,
        # Planned to be paid, and then turned into this: by the cap, by the budget.
        Outcome.LIMIT_REACHED: (
            plan.offer.state
            if not plan.claims
            else full
            if settled.is_full
            else OfferState.FULL_TODAY
        ),
        Outcome.NO_REWARD: OfferState.SPENT if plan.rewards else plan.offer.state,
    }.get(outcome)
    if outcome is Outcome.NO_REWARD and found is OfferState.OPEN:
        # Campaigns run, and none of them is for this claim.
        return None
    return None if found is None else replace(plan.offer, state=found)


def _message(
    scan: Scan,
    plan: Plan,
    settled: Settled,
    awards: Sequence[Award],
    offer: Offer | None,
    *,
    calendar: Calendar,
    past: bool | None,
) -> str:
    """Say what a scan came to, in the language of who scanned."""
    outcome, language = settled.outcome, scan.language
    if outcome is Outcome.RECALLED and plan.terms and plan.terms.instructions:
        notice = plan.terms.instructions
    elif outcome is Outcome.ALREADY_CLAIMED and settled.claimed_by_caller:
        notice = message_of_own_claim(paid=bool(awards), language=language)
    elif outcome is Outcome.VERIFIED and not _pays(plan):
        notice = message_of_proof(language)
    elif outcome is Outcome.NO_REWARD and offer is None and plan.offer is not None:
        notice = message_of_no_reward(language)
    elif outcome in _OF_OFFER:
        notice = message_of_offer(offer, language, calendar)
    elif outcome is Outcome.REWARDED:
        notice = message_of_rewards(awards, settled.points, language)
    else:
        notice = message_of_outcome(outcome, language)
    if past and plan.sell_by is not None:
        return warn_of_age(notice, language, plan.sell_by)
    return notice


def _pays(plan: Plan) -> bool:
    return plan.terms is not None and plan.terms.placement == Placement.INSIDE


def claimed_at(claim_scan_id: int, *, exact: bool) -> datetime:
    """Tell when a code was claimed; to others only the hour."""
    at = utc_datetime(time_of_id(claim_scan_id))
    return at if exact else at.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)


def _awards(settled: Settled, scan: Scan, zone: ZoneInfo) -> tuple[Award, ...]:
    """List what a scan earned, or the one with which its caller claimed the code."""
    if settled.originals:
        return settled.originals
    pending = settled.outcome is Outcome.HELD
    return tuple(
        [
            award_of(
                reward,
                scan_id=scan.scan_id,
                transfer_id=transfer_id,
                pending=pending,
                completes=completes,
                at=utc_datetime(scan.at_ms),
                zone=zone,
            )
            for reward, transfer_id, completes in settled.earned
        ]
    )


def _next(
    outcome: Outcome, plan: Plan, scan: Scan, offer: Offer | None, calendar: Calendar
) -> NextView:
    if outcome is Outcome.VERIFIED:
        return _next_of_offer(offer) if scan.member_id is None else NextView("none")
    if outcome is Outcome.LIMIT_REACHED:
        if offer is not None and offer.is_over_by(calendar.tomorrow):
            return NextView("none")
        if offer is not None and offer.state is OfferState.PAUSED:
            return NextView("retry_later")
        if offer is not None and offer.state is OfferState.FULL:
            return NextView("none")
        return NextView("retry_later", plan.retry_at or calendar.tomorrow)
    return NextView(_NEXT.get(outcome, "none"))


def _next_of_offer(offer: Offer | None) -> NextView:
    """Ask nobody to sign in for nothing: code outside, campaign over or to come."""
    if offer is None:
        return NextView("none")
    if offer.state is OfferState.NOT_BEGUN:
        return NextView("retry_later", offer.begins_at)
    if offer.state is OfferState.PAUSED:
        return NextView("retry_later")
    return NextView("sign_in" if offer.state is OfferState.OPEN else "none")
