"""How the caps of a batch, and of many by their place, add up; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

# Whoever reads a rate wants no more digits than a line has caps.
_RATE_DIGITS: Final = 6


class Grouping(StrEnum):
    """By what batches are added up: plants alone, or plants with their lines."""

    PLANT = "plant"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the brand's calendar on which batches were issued, both included."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many caps of a roll or box have a status."""

    unit: str
    status: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many caps have a status for a reason, by grade."""

    status: str
    reason: str
    grade: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every cap of a batch, accounted for."""

    batch_id: int
    issued: int
    printed: int
    rejected: int
    wasted: int
    missing: int
    indeterminate: int
    unprinted: int
    spoilage_rate: float | None
    units: tuple[UnitCount, ...]
    reasons: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """How often lines gave a reason for a status."""

    status: str
    reason: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """The caps of all batches of a place, which add up to `issued`.

    A batch belongs to the plants and lines that its ranges name: to none before any
    does, to several where several share it, since its counts are those of the whole
    batch. `lines` is None where lines are not told apart.
    """

    plants: tuple[str, ...]
    lines: tuple[str, ...] | None
    batches: int
    issued: int
    printed: int
    rejected: int
    wasted: int
    missing: int
    unprinted: int
    indeterminate: int
    spoilage_rate: float | None
    reasons: tuple[Reason, ...] = ()


def spoilage_rate(counts: Mapping[str, int]) -> float | None:
    """Tell which part of the caps that lines reported was spoilt; None without any."""
    reported = counts["issued"] - counts["unprinted"]
    spoilt = counts["rejected"] + counts["wasted"] + counts["indeterminate"]
    return round(spoilt / reported, _RATE_DIGITS) if reported else None
