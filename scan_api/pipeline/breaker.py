"""The breaker: past so many refusals in an hour, what rules refuse waits for people.

A rule that is wrong refuses honest people as fast as they come; held, their rewards
are not lost. A worker counts in memory and writes down twice a second; every worker
looks each second whether there were too many, so that a second's refusals more may pass
than the settings say.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.domain.lists import ListName
from anti_fraud.store.breaker import add_refusals, count_refusals
from anti_fraud.store.case_settings import load_settings
from anti_fraud.store.incidents import report_sightings
from core.clock import Clock, utc_datetime
from scan_api.domain.scans import Outcome, Plan

_INTERVAL_S: Final = 0.5

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class RefusalCounter:
    """Counts what rules refused on one worker; several may at once."""

    engine: AsyncEngine
    clock: Clock
    _waiting: int = 0

    def note(self, plan: Plan) -> None:
        """Count a plan that rules refused; what a list blocks a person refused."""
        decision = plan.decision
        if plan.outcome is not Outcome.REFUSED or decision is None:
            return
        # Who is let wait for nothing is refused by rules all the same.
        if decision.listed is None or decision.listed.list is not ListName.BLOCK:
            self._waiting += 1

    async def run(self) -> None:
        """Write down until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Write down what waits, and raise an incident if it was too much."""
        if not self._waiting:
            return
        refused, self._waiting = self._waiting, 0
        now = utc_datetime(self.clock.now_ms())
        try:
            async with self.engine.begin() as conn:
                await add_refusals(conn, refused)
                most = (await load_settings(conn)).refusals_an_hour
                total = await count_refusals(conn)
                if 0 < most <= total:
                    detail = {"refusals_in_an_hour": total, "at_most": most}
                    broke = Sighting("all", refused, detail)
                    await report_sightings(conn, IncidentKind.BREAKER, [broke], now=now)
        except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
            self._waiting += refused
            log.warning("refusals_not_counted", cause=fault)
