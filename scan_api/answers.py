"""What a scan's caller is told."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from core.clock import utc_datetime
from core.ids import time_of_id
from scan_api.domain import Outcome, Plan, Scan, Settled
from scan_api.texts import message_for


class ProductView(msgspec.Struct, frozen=True):
    """What is in the bottle."""

    gtin: str
    name: str
    brand: str


class RewardView(msgspec.Struct, frozen=True):
    """What a scan earned; `pending` waits for a review."""

    kind: str
    amount: int
    status: str


class NextView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the consumer can do now, and when."""

    kind: str
    at: datetime | None = None


class Answer(msgspec.Struct, frozen=True):
    """The answer to a scan."""

    scan_id: str
    outcome: str
    product: ProductView | None
    first_claimed_at: datetime | None
    by_you: bool | None
    scan_count: int | None
    rewards: tuple[RewardView, ...]
    points_available: int | None
    next: NextView
    message: str
    sell_by: date | None = None
    past_sell_by: bool | None = None


_NEXT = {
    Outcome.VERIFIED: "sign_in",
    Outcome.HELD: "wait",
    Outcome.REFUSED: "contact",
    Outcome.RECALLED: "contact",
    Outcome.LIMIT_REACHED: "retry_later",
}

_encode = msgspec.json.Encoder().encode


def encode_answer(answer: Answer) -> bytes:
    """Write an answer as JSON."""
    return _encode(answer)


def answer_invalid(scan_id: int, language: str) -> Answer:
    """Answer a code that is none of ours; forged and mistyped look alike."""
    return Answer(
        str(scan_id),
        Outcome.INVALID.value,
        None,
        None,
        None,
        None,
        (),
        None,
        NextView("none"),
        message_for(Outcome.INVALID, language),
    )


def answer_scan(
    scan: Scan, plan: Plan, settled: Settled, *, today: date, tomorrow: datetime
) -> Answer:
    """Answer a scan that PostgreSQL has settled.

    `today` is the brand's business day; a daily cap ends when `tomorrow` begins.
    """
    outcome = settled.outcome
    product = plan.product
    instructions = plan.terms.instructions if plan.terms else None
    by_you: bool | None = None
    first_claimed: datetime | None = None
    scan_id = scan.scan_id
    past = None if plan.sell_by is None else plan.sell_by < today
    if outcome is Outcome.ALREADY_CLAIMED and settled.claim_scan_id is not None:
        by_you = settled.claimed_by_caller
        first_claimed = claimed_at(settled.claim_scan_id, exact=by_you)
        if by_you:
            scan_id = settled.claim_scan_id
    return Answer(
        str(scan_id),
        outcome.value,
        ProductView(product.gtin, product.name, product.brand) if product else None,
        first_claimed,
        by_you,
        settled.scan_count,
        _rewards(settled),
        settled.available,
        _next(outcome, plan, scan, tomorrow),
        message_for(
            outcome,
            scan.language,
            points=settled.points,
            by_you=bool(by_you),
            instructions=instructions if outcome is Outcome.RECALLED else None,
            past_sell_by=plan.sell_by if past else None,
        ),
        plan.sell_by,
        past,
    )


def claimed_at(claim_scan_id: int, *, exact: bool) -> datetime:
    """Tell when a code was claimed; to others only the hour."""
    at = utc_datetime(time_of_id(claim_scan_id))
    return at if exact else at.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)


def _rewards(settled: Settled) -> tuple[RewardView, ...]:
    if settled.outcome is Outcome.REWARDED:
        return (RewardView("points", settled.points, "posted"),)
    if settled.outcome is Outcome.HELD and settled.points:
        return (RewardView("points", settled.points, "pending"),)
    if settled.claimed_by_caller and settled.original_points:
        status = "pending" if settled.original_pending else "posted"
        return (RewardView("points", settled.original_points, status),)
    return ()


def _next(outcome: Outcome, plan: Plan, scan: Scan, tomorrow: datetime) -> NextView:
    kind = _NEXT.get(outcome, "none")
    if outcome is Outcome.VERIFIED and scan.member_id is not None:
        # Signed in, but this code pays nobody: it is printed outside.
        kind = "none"
    if kind == "retry_later":
        return NextView(kind, plan.retry_at or tomorrow)
    return NextView(kind)


class ScanView(msgspec.Struct, frozen=True):
    """A scan, as its member reads it later."""

    scan_id: str
    at: datetime
    outcome: str
    rewards: tuple[RewardView, ...]


def view_scan(row: dict[str, Any]) -> ScanView:
    """Show a recorded scan; a hold shows how it stands today."""
    rewards: tuple[RewardView, ...] = ()
    if row["points"] and row.get("resolution") != "voided":
        pending = row.get("was_held") and row.get("resolution") is None
        status = "pending" if pending else "posted"
        rewards = (RewardView("points", row["points"], status),)
    return ScanView(
        str(row["scan_id"]),
        utc_datetime(time_of_id(row["scan_id"])),
        row["outcome"],
        rewards,
    )
