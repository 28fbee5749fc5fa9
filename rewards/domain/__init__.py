"""What a claim may earn, and what became of it; no I/O, no clock."""

from rewards.domain.campaigns import (
    ALWAYS,
    EVERYBODY,
    POINTS_UNIT,
    Campaign,
    CampaignPhase,
    Hold,
    HoldReason,
    Limit,
    Offer,
    OfferState,
    Per,
    PlannedReward,
    Resolution,
    RewardKind,
    Wallet,
    plan_rewards,
)

__all__ = [
    "ALWAYS",
    "EVERYBODY",
    "POINTS_UNIT",
    "Campaign",
    "CampaignPhase",
    "Hold",
    "HoldReason",
    "Limit",
    "Offer",
    "OfferState",
    "Per",
    "PlannedReward",
    "Resolution",
    "RewardKind",
    "Wallet",
    "plan_rewards",
]
