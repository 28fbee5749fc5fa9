"""Claims: which scan a code belongs to, and what came of that."""

from dataclasses import dataclass
from datetime import datetime

from rewards.domain.awards import Award
from scan_api.domain.scans import Outcome


@dataclass(frozen=True, slots=True)
class RecordedClaim:
    """A claim as it was written down; what became of a hold of it is told elsewhere."""

    scan_id: int
    member_no: int
    outcome: Outcome
    points: int
    campaign_no: int | None


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A member's own claim; `resolution` is how a review of it ended, if it did."""

    scan_id: int
    outcome: Outcome
    points: int
    resolution: str | None
    campaign_no: int | None = None
    awards: tuple[Award, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claimed a code, and what they got; `resolution` is how a hold of it ended."""

    scan_id: int
    member_id: str
    outcome: Outcome
    points: int
    was_held: bool
    resolution: str | None
    resolved_at: datetime | None
