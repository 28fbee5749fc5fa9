"""What can be made to go wrong with a simulated printer, and when."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import InvalidInput


class FaultKind(StrEnum):
    """What goes wrong."""

    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    HALF_FRAME = "half-frame"
    FULL = "full"
    SILENCE = "silence"
    RESTART_LOSES = "restart-loses"
    RESTART_KEEPS = "restart-keeps"
    LATE = "late"
    TWICE = "twice"


FAULTS: Final = {
    FaultKind.DROP_BEFORE: "hangs up before it tells of product N",
    FaultKind.DROP_AFTER: "hangs up right after it told of product N",
    FaultKind.HALF_FRAME: "hangs up with half of the Nth code received",
    FaultKind.FULL: "prints nothing and takes nothing for S seconds: buffer full",
    FaultKind.SILENCE: "prints and answers nothing for S seconds, as without media",
    FaultKind.RESTART_LOSES: "is switched off for S seconds and forgets its buffer",
    FaultKind.RESTART_KEEPS: "is switched off for S seconds and keeps its buffer",
    FaultKind.LATE: "answers each query S seconds late from then on",
    FaultKind.TWICE: "answers each query twice from then on",
}
_WRITTEN = re.compile(r"([a-z-]+)@([0-9]{1,12})(?::([0-9]{1,4}(?:\.[0-9]{1,3})?))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault after `at` products, or at the `at`th code received for half a frame."""

    kind: FaultKind
    at: int
    seconds: float = 1.0


def parse_fault(text: str) -> Fault:
    """Read KIND@N or KIND@N:SECONDS; raises InvalidInput with one sentence."""
    match = _WRITTEN.fullmatch(text)
    if match is None or match[1] not in list(FaultKind) or int(match[2]) < 1:
        kinds = ", ".join(FaultKind)
        raise InvalidInput(
            f"{text} is not a fault: write KIND@N or KIND@N:SECONDS, N from 1, KIND "
            f"one of {kinds}."
        )
    kind, at = FaultKind(match[1]), int(match[2])
    return Fault(kind, at, float(match[3])) if match[3] else Fault(kind, at)
