"""What staff were refused: a log line, a count and an audit row, never a row each.

Of refusals alike (one token, one route, one reason) the first of an hour is written
down, the tenth, the hundredth and so on, each with how many there were by then. So a
flood leaves a handful of rows, and a single try is not missed.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from prometheus_client import Counter
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth.principal import Staff
from core.auth.tables import audit_log
from core.clock import Clock, utc_datetime

log = structlog.get_logger(logger_name=__name__)

# The answers that refuse somebody who is known.
REFUSED: Final = frozenset({401, 403, 429})
_COUNT: Final = Counter(
    "crowncap_refused_staff", "Requests of staff that were refused.", ["reason"]
)
_HOUR_MS: Final = 3_600_000
_FLUSH_S: Final = 1.0
# Kinds of refusals in an hour: tokens times routes. More are counted as one kind.
_MAX_KINDS: Final = 10_000
# What waits for PostgreSQL while it is away.
_MAX_DUE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who was refused, where and why; `token_id` is empty for a token nobody has."""

    reason: str
    route: str = ""
    token_id: str = ""
    person: str = "unknown"
    role: str = "none"

    @classmethod
    def of(cls, staff: Staff, *, reason: str, route: str) -> "Refusal":
        """Tell of a caller who is known."""
        return cls(reason, route, staff.token_id, staff.person, staff.role.value)


_ANY: Final = Refusal("many_kinds")


@dataclass(slots=True)
class RefusalLog:
    """Counts refusals in a worker's memory, and writes down what stands out."""

    engine: AsyncEngine
    clock: Clock
    _seen: dict[Refusal, int] = field(default_factory=dict)
    _hour: int = 0
    _due: list[dict[str, Any]] = field(default_factory=list)

    def note(self, refusal: Refusal) -> None:
        """Count a refusal; costs no look at the database."""
        _COUNT.labels(refusal.reason).inc()
        now_ms = self.clock.now_ms()
        if now_ms // _HOUR_MS != self._hour:
            self._seen, self._hour = {}, now_ms // _HOUR_MS
        if refusal not in self._seen and len(self._seen) >= _MAX_KINDS:
            refusal = _ANY
        seen = self._seen[refusal] = self._seen.get(refusal, 0) + 1
        if not _stands_out(seen):
            return
        context = structlog.contextvars.get_contextvars()
        log.warning(
            "staff_refused",
            reason=refusal.reason,
            route=refusal.route,
            token_id=refusal.token_id,
            person=refusal.person,
            seen=seen,
        )
        if len(self._due) < _MAX_DUE:
            self._due.append(
                {
                    "at": utc_datetime(now_ms),
                    "person": refusal.person,
                    "role": refusal.role,
                    "token_id": refusal.token_id or None,
                    "action": "request.refuse",
                    "subject": refusal.route or "token",
                    "detail": {"reason": refusal.reason, "seen": seen},
                    "request_id": context.get("request_id"),
                }
            )

    async def run(self) -> None:
        """Write down what is due each second, for ever."""
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write down what is due; what cannot be written stays due."""
        if not self._due:
            return
        due = self._due[:]
        async with self.engine.begin() as conn:
            await conn.execute(insert(audit_log), due)
        # What came meanwhile stands behind what was written.
        del self._due[: len(due)]


def _stands_out(seen: int) -> bool:
    """Tell whether a count is 1 or 10 or 100 and so on."""
    return str(seen).strip("0") == "1"
