"""Verdicts, the reasons they carry, and what a rule does by itself."""

from enum import StrEnum

import msgspec

from core.conditions import ConditionValue


class Verdict(StrEnum):
    """What the rules say about a scan, mildest first."""

    PASS = "pass"  # noqa: S105 - the verdict's name, not a password
    HOLD = "hold"
    REFUSE = "refuse"


class Effect(StrEnum):
    """What a rule that hits does, beside adding its score."""

    SCORE = "score"
    HOLD = "hold"
    REFUSE = "refuse"
    # The scan passes, or not, as the rest says; a person looks at it either way.
    OPEN_CASE = "open_case"


class HeldBy(StrEnum):
    """What lets a scan wait that its rules would let through, or refuse."""

    # Codes of its package or roll were seen before they were active.
    EARLY_SCANS = "early_scans"
    # Rules refused too much within an hour.
    BREAKER = "breaker"


class CaseKind(StrEnum):
    """What an attack looks like; what cases are called by."""

    CLONE = "clone"
    DEVICE_FARM = "device_farm"
    COLLECTOR = "collector"
    CASE_SCAN = "case_scan"
    VELOCITY = "velocity"
    LEAK = "leak"
    DIVERSION = "diversion"
    HONEY = "honey"
    OUTAGE = "outage"
    OTHER = "other"


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A rule that applies, with the value of each of its conditions."""

    rule_id: str
    score: int
    conditions: tuple[ConditionValue, ...]
