"""What an analyst does beyond a case: to members, codes, prizes and campaigns; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from anti_fraud.domain.lists import ListKind


class ActionKind(StrEnum):
    """What is done. Ranges of codes take a second person, who approves elsewhere."""

    BLOCK = "block"
    VOID_RANGE = "void_range"
    RECALL_RANGE = "recall_range"
    FREEZE_TIER = "freeze_tier"
    PAUSE_CAMPAIGN = "pause_campaign"


# What is asked of others, and is theirs to approve or not.
ASKED_FOR: Final = frozenset({ActionKind.VOID_RANGE, ActionKind.RECALL_RANGE})


class NewAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action as it is asked for; which fields it needs, its kind says."""

    action: ActionKind
    reason: str
    kind: ListKind | None = None
    value: str | None = None
    until: datetime | None = None
    batch_id: int | None = None
    from_index: int | None = None
    to_index: int | None = None
    instructions: str | None = None
    campaign_id: str | None = None
    offer_id: str | None = None
    tier_id: str | None = None


# Which fields each kind cannot do without.
NEEDS: Final[Mapping[ActionKind, tuple[str, ...]]] = {
    ActionKind.BLOCK: ("kind", "value"),
    ActionKind.VOID_RANGE: ("batch_id",),
    ActionKind.RECALL_RANGE: ("batch_id", "instructions"),
    ActionKind.FREEZE_TIER: ("campaign_id", "offer_id", "tier_id"),
    ActionKind.PAUSE_CAMPAIGN: ("campaign_id",),
}


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """What an action would do now; what nobody counts for it is None.

    So many caps would change; of those in its range so many were claimed, by so many
    members, and so many claims are held. `scans` are those of the case.
    """

    scans: int
    caps: int | None = None
    claimed: int | None = None
    members: int | None = None
    holds: int | None = None


@dataclass(frozen=True, slots=True)
class CaseAction:
    """An action that was taken, and who took it back, if somebody did.

    `made` is the number or name of what it made or moved: an entry of a list, a
    request, a tier, a campaign.
    """

    action_id: int
    case_id: int
    at: datetime
    kind: ActionKind
    person: str
    asked: Mapping[str, Any]
    made: str
    undone_by: str | None = None
    undone_at: datetime | None = None
