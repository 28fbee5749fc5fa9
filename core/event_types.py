"""What kinds of events there are, and which field of each names its subject; pure.

Events of one subject are read, and delivered, in the order in which they happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class EventType(StrEnum):
    """What happened."""

    SCAN_REWARDED = "scan.rewarded"
    SCAN_HELD = "scan.held"
    SCAN_REVERSED = "scan.reversed"
    HOLD_POSTED = "hold.posted"
    HOLD_VOIDED = "hold.voided"
    HOLD_REOPENED = "hold.reopened"
    COUPON_ISSUED = "coupon.issued"
    COUPON_REDEEMED = "coupon.redeemed"
    COUPON_RETURNED = "coupon.returned"
    CARDS_COMPLETED = "cards.completed"
    GIFT_CHANGED = "gift.changed"
    PAYOUT_CHANGED = "payout.changed"
    POINTS_EXPIRING = "points.expiring"
    POINTS_EXPIRED = "points.expired"
    CAMPAIGN_CHANGED = "campaign.changed"
    BATCH_CHANGED = "batch.changed"
    CASE_OPENED = "case.opened"
    CASE_DECIDED = "case.decided"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CLOSED = "incident.closed"
    CASE_REOPENED = "case.reopened"
    CASE_ACTED = "case.acted"
    DRAW_DRAWN = "draw.drawn"
    PRIZE_CLAIMED = "prize.claimed"


SUBJECTS: Final = {
    EventType.SCAN_REWARDED: "member_id",
    EventType.SCAN_HELD: "member_id",
    EventType.SCAN_REVERSED: "scan_id",
    EventType.HOLD_POSTED: "member_id",
    EventType.HOLD_VOIDED: "member_id",
    EventType.HOLD_REOPENED: "member_id",
    EventType.COUPON_ISSUED: "coupon_id",
    EventType.COUPON_REDEEMED: "coupon_id",
    EventType.COUPON_RETURNED: "coupon_id",
    EventType.CARDS_COMPLETED: "member_id",
    EventType.GIFT_CHANGED: "award_id",
    EventType.PAYOUT_CHANGED: "payout_id",
    EventType.POINTS_EXPIRING: "member_id",
    EventType.POINTS_EXPIRED: "member_id",
    EventType.CAMPAIGN_CHANGED: "campaign_id",
    EventType.BATCH_CHANGED: "batch_id",
    EventType.CASE_OPENED: "case_id",
    EventType.CASE_DECIDED: "case_id",
    EventType.INCIDENT_OPENED: "incident_id",
    EventType.INCIDENT_CLOSED: "incident_id",
    EventType.CASE_REOPENED: "case_id",
    EventType.CASE_ACTED: "case_id",
    EventType.DRAW_DRAWN: "draw_id",
    EventType.PRIZE_CLAIMED: "member_id",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, as the world outside is told; never with a code."""

    type: EventType
    data: Mapping[str, Any]
