"""Who has all cards of a set is paid at once, and once: by the processes of jobs.

The commit notes that a set is complete; here one transaction pays it and notes under
which number. Whoever is killed has done both or neither.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock, business_day, utc_datetime
from core.event_types import EventType, Happening
from core.ids import TimeIds
from core.outbox import write_events
from rewards.pipeline.awards import NewAward, give_award
from rewards.store import cards as store

# How soon a set that is complete is paid.
_LOOK_S: Final = 1.0

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class SetAwarding:
    """Pays what completing sets gives; several may do so at once."""

    engine: AsyncEngine
    clock: Clock
    ids: TimeIds
    timezone: ZoneInfo

    async def run(self) -> None:
        """Pay until cancelled."""
        while True:
            try:
                while await self.pay_one():
                    pass
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away
                log.warning("sets_not_paid", cause=fault)
            await asyncio.sleep(_LOOK_S)

    async def pay_one(self) -> bool:
        """Pay the oldest set that waits; tells whether there was one."""
        now_ms = self.clock.now_ms()
        now = utc_datetime(now_ms)
        async with self.engine.begin() as conn:
            done = await store.lock_unawarded(conn)
            if done is None:
                return False
            award_id = self.ids.next_id(now_ms)
            award = NewAward(
                *(done.set_no, done.member_no, done.completes, award_id),
                *(business_day(now_ms, self.timezone), done.brand),
            )
            await give_award(conn, award, now=now)
            await store.note_awarded(conn, done, award_id=award_id, now=now)
            data = {
                "member_id": done.member_id,
                "set_id": done.set_id,
                "award_id": str(award_id),
                "gives": msgspec.to_builtins(done.completes),
            }
            await write_events(conn, [Happening(EventType.CARDS_COMPLETED, data)])
        return True
