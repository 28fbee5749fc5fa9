"""What a claim has earned of one offer, as its ledger says."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from rewards.domain.plans import PlannedReward, RewardKind


class AwardState(StrEnum):
    """Whether a reward is paid; one that waits may yet be void."""

    POSTED = "posted"
    PENDING = "pending"
    VOIDED = "voided"


class Award(msgspec.Struct, frozen=True, gc=False):
    """A reward of a scan; its number is its transfer's, and a coupon's its own."""

    scan_id: int
    transfer_id: int
    campaign_id: str
    kind: RewardKind
    amount: int
    state: AwardState
    # What it is one of, as people read it, and until when it is good.
    name: str | None = None
    valid_until: datetime | None = None
    # The tier of the chance that won it; empty where it was sure.
    tier_id: str = ""
    tier_name: str = ""
    # Of tickets: their draw, and when it is drawn.
    draw_id: str | None = None
    draws_at: datetime | None = None
    # Of a card: its set, and whether it was the last that was missing.
    set_id: str | None = None
    set_name: str | None = None
    card_id: str | None = None
    completes: bool = False


def award_of(
    reward: PlannedReward,
    *,
    scan_id: int,
    transfer_id: int,
    pending: bool,
    completes: bool,
    at: datetime,
    zone: ZoneInfo,
) -> Award:
    """Tell what a planned reward has become that was paid, or waits."""
    until = None
    if reward.pool is not None:
        _, until = reward.pool.validity(at, zone)
    draw, cards = reward.draw, reward.cards
    return Award(
        scan_id,
        transfer_id,
        reward.campaign_id,
        reward.kind,
        reward.amount,
        AwardState.PENDING if pending else AwardState.POSTED,
        reward.name,
        until,
        reward.tier_id,
        reward.tier_name,
        draw_id=draw.draw_id if draw else None,
        draws_at=draw.draws_at if draw else None,
        set_id=cards.set_id if cards else None,
        set_name=cards.name if cards else None,
        card_id=reward.card_id or None,
        completes=completes,
    )


def tell_award(award: Award, *, status: str) -> dict[str, Any]:
    """Tell the world outside of a reward, as it was at that time."""
    told: dict[str, Any] = {
        "kind": award.kind.value,
        "campaign_id": award.campaign_id,
        "amount": award.amount,
        "status": status,
    }
    named = _NAMED.get(award.kind)
    if named is not None:
        told[named] = str(award.transfer_id)
    if award.kind is RewardKind.TICKET:
        told["draw_id"] = award.draw_id
    if award.kind is RewardKind.CARD:
        told |= {"set_id": award.set_id, "card_id": award.card_id}
        told["completes"] = award.completes
    return told


# What the number of an award is called, by its kind.
_NAMED: Final = {
    RewardKind.COUPON: "coupon_id",
    RewardKind.GIFT: "gift_id",
    RewardKind.RED_PACKET: "payout_id",
}
