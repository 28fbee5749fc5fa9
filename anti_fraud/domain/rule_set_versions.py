"""The life of a rule set: drafted, committed, in the shadow, active, retired; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class RuleSetState(StrEnum):
    """How far a version has come; at most one is active, and one in the shadow."""

    DRAFT = "draft"
    COMMITTED = "committed"
    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


# What may be activated: what a person has committed, active before or not.
READY = frozenset({RuleSetState.COMMITTED, RuleSetState.SHADOW, RuleSetState.RETIRED})


class Change(StrEnum):
    """What put a version into force, or beside it."""

    INSTALL = "install"
    ACTIVATE = "activate"
    ROLL_BACK = "roll_back"
    SHADOW = "shadow"
    END_SHADOW = "end_shadow"


@dataclass(frozen=True, slots=True)
class RuleSetVersion:
    """A version, who wrote and committed it, and where it stands now."""

    version: int
    state: RuleSetState
    author: str
    note: str
    created_at: datetime
    committed_by: str | None = None
    committed_at: datetime | None = None
    # Until when it runs beside the active one, while it does.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slots:
    """What is in force, and what runs beside it; None where nothing does."""

    active: int | None
    shadow: int | None
    shadow_until: datetime | None
    # The change that put the active one into force.
    change_id: int | None


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A change as it was written down; `below` is the one that it stands on."""

    change_id: int
    action: Change
    before: int | None
    after: int | None
    below: int | None
    reason: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WrittenRuleSet:
    """A version with its document, as it was written."""

    version: RuleSetVersion
    document: dict[str, Any]


def state_of(
    version: int, slots: Slots, *, committed: bool, was_active: bool
) -> RuleSetState:
    """Tell how far a version has come."""
    if version == slots.active:
        return RuleSetState.ACTIVE
    if version == slots.shadow:
        return RuleSetState.SHADOW
    if was_active:
        return RuleSetState.RETIRED
    return RuleSetState.COMMITTED if committed else RuleSetState.DRAFT
