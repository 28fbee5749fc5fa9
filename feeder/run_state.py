"""How a run stands, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum

from feeder.journal import Counts
from feeder.printer_replies import Readiness


class End(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, why, and what the journal counts now."""

    end: End
    detail: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run stands, as a person at the line wants to see it.

    `ends_in_s` bounds a clean stop; None while nobody has stopped it.
    """

    counts: Counts
    buffered: int
    codes_per_s: float
    readiness: Readiness
    detail: str
    faults: int
    ends_in_s: float | None = None
