"""What printers tell us, whatever their language."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Readiness(StrEnum):
    """Whether a printer takes codes; `silent` is no answer, which is a state too."""

    READY = "ready"
    FULL = "full"
    FAULT = "fault"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer names a code that is on its product."""

    index: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The printer names a code that it will never print."""

    index: int
    reason: str


class Unknown(Enum):
    """A number that a printer cannot tell."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Status:
    """A printer's answer to a query.

    `waiting` counts codes that were received and are not printed; UNKNOWN where the
    language has no such number. `last_index` is the batch index printed last, for
    printers that know it. `half_frame` says that a frame was begun and not ended.
    """

    readiness: Readiness
    waiting: int | Unknown = UNKNOWN
    last_index: int | Unknown = UNKNOWN
    detail: str = ""
    half_frame: bool = False


Answer = Printed | Refused | Status
