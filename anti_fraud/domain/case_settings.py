"""Settings of cases: who decides alone, and what resolves itself; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from anti_fraud.domain.early_scans import MOST_CODES

_MOST_SUM: Final = 10**12

Sum = Annotated[int, msgspec.Meta(ge=0, le=_MOST_SUM)]


class SettingsState(StrEnum):
    """How far a version has come; one at most is active."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class CaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for cases.

    A decision on more than `four_eyes_points` points, or `four_eyes_minor` hundredths
    of money, takes two persons. A case of fewer than `resolve_below_points` points and
    nothing else, of which no rule weighs `weighty_score` or more, is approved by itself
    `resolve_after_hours` after its last scan; 0 points: none is. `early_scans_hold`
    codes of a package or roll that were seen before they were active let its claims be
    held; `early_scans_alarm` of them are an incident, and so are `leak_scans_alarm` new
    ones of a batch within a day; 0: none are. A case is due `due_hours` after it was
    opened.
    """

    four_eyes_points: Sum = 1_000_000
    four_eyes_minor: Sum = 100_000
    resolve_below_points: Sum = 100
    resolve_after_hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 365)] = 24
    early_scans_hold: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 20
    early_scans_alarm: Annotated[int, msgspec.Meta(ge=0, le=MOST_CODES)] = 3
    # So many refusals of rules in an hour, and they hold instead; 0: never.
    refusals_an_hour: Annotated[int, msgspec.Meta(ge=0, le=_MOST_SUM)] = 5_000
    leak_scans_alarm: Annotated[int, msgspec.Meta(ge=0, le=MOST_CODES)] = 3
    weighty_score: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60
    due_hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 365)] = 24

    def takes_two(self, points: int, minor: int) -> bool:
        """Tell whether a decision on so much takes a second person."""
        return points > self.four_eyes_points or minor > self.four_eyes_minor


# What holds until somebody says otherwise.
DEFAULT_SETTINGS: Final = CaseSettings()


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """A version of the settings, and who took which step."""

    version: int
    state: SettingsState
    terms: CaseSettings
    created_by: str
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
