"""Facts: what is known about one scan when it is judged."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

Fact = float | int | str | bool | None
Facts = Mapping[str, Fact]


class FactKind(StrEnum):
    """What a fact's value is, and so which conditions make sense on it."""

    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"


# Facts that are not counters; a rule set's counters name their own.
KNOWN_FACTS: Final[Mapping[str, FactKind]] = MappingProxyType(
    {
        # False when Redis was away: the counters and the place are then missing.
        "signals_available": FactKind.FLAG,
        # From the place where this code was scanned last; missing for a first scan.
        "place_distance_km": FactKind.NUMBER,
        "place_elapsed_s": FactKind.NUMBER,
        "place_speed_kmh": FactKind.NUMBER,
        # Below zero while the goods may be sold; missing when nobody said until when.
        "days_past_sell_by": FactKind.NUMBER,
    }
)
