"""Incidents: what staff should hear of at once, and what became of it; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class IncidentKind(StrEnum):
    """What was seen."""

    # Codes of a batch that is not active yet are scanned: somebody has its file.
    LEAK = "leak"
    EARLY_SCAN = "early_scan"
    CLONE = "clone"
    DIVERSION = "diversion"
    HONEY = "honey"
    WIN_RATE = "win_rate"
    INVALID_FLOOD = "invalid_flood"
    OUTFLOW = "outflow"
    BREAKER = "breaker"
    # A code opened that nobody issued: somebody has the key.
    KEY_LEAK = "key_leak"
    CODE_GUESSING = "code_guessing"


class IncidentState(StrEnum):
    """Whether anybody has to do something about it."""

    OPEN = "open"
    CLOSED = "closed"


class IncidentFinding(StrEnum):
    """What an incident turned out to be."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"


class CodeInterval(NamedTuple):
    """Codes that an incident is of, both ends included."""

    first_code_id: int
    last_code_id: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that was seen `seen` times; a subject is `kind:id`, such as `batch:5`.

    `detail` is told to people and programs outside, so it never holds a code. Of an
    incident with `codes`, claims of these wait while enough of it was seen.
    """

    subject: str
    seen: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)
    codes: CodeInterval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident; `seen` counts all, `dismissed` those that were a false alarm.

    `openings` is how often it was opened: it is opened again when it is seen again.
    """

    incident_id: int
    kind: IncidentKind
    subject: str
    state: IncidentState
    seen: int
    dismissed: int
    openings: int
    first_at: datetime
    last_at: datetime
    opened_at: datetime
    detail: Mapping[str, Any]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    finding: IncidentFinding | None
    note: str
