"""Verdicts and the reasons they carry."""

from dataclasses import dataclass
from enum import StrEnum

from core.conditions import ConditionValue


class Verdict(StrEnum):
    """What the rules say about a scan, mildest first."""

    PASS = "pass"  # noqa: S105 - the verdict's name, not a password
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that applies, with the value of each of its conditions."""

    rule_id: str
    score: int
    conditions: tuple[ConditionValue, ...]
