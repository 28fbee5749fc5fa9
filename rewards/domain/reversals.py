"""What was taken back of what a scan earned; pure."""

from dataclasses import dataclass, field

from rewards.domain.plans import RewardKind


@dataclass(slots=True)
class TakenBack:
    """Points that were taken back, and owed beside them; coupons; what could not be.

    `voided` are rewards that still waited for a review.
    """

    points: int = 0
    debt: int = 0
    coupons: int = 0
    voided: int = 0
    kept: list[RewardKind] = field(default_factory=list)
