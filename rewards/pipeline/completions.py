"""Who has all cards of a set is paid at once, and once: by the processes of jobs.

The commit notes that a set is complete; here one transaction pays it and notes under
which number. Whoever is killed has done both or neither. What cannot be paid now, since
its pool has no coupon left, is tried again later: after as long as it has waited, so
that what can never be paid, since its draw is closed, costs ever less.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.clock import Clock, utc_datetime
from core.errors import Fault
from core.event_types import EventType, Happening
from core.fence import share_fence
from core.outbox import write_events
from rewards.domain.cards import CompletedSet
from rewards.pipeline.awarding import Awarding, NewAward
from rewards.store import cards as store

# How soon a set that is complete is paid.
_LOOK_S: Final = 1.0
_AGAIN: Final = timedelta(minutes=10)
_AGAIN_AT_MOST: Final = timedelta(days=1)

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class SetAwarding:
    """Pays what completing sets gives; several may do so at once."""

    engine: AsyncEngine
    clock: Clock
    awarding: Awarding

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
        """Pay the oldest set that waits, or put it off; tells whether there was one."""
        async with self.engine.connect() as conn:
            done = await store.find_unawarded(conn)
        if done is None:
            return False
        now = utc_datetime(self.clock.now_ms())
        try:
            award_id = await self.awarding.take_number(done.completes, now=now)
            await self._pay(done, award_id, now)
        except Fault as fault:
            log.warning("set_put_off", set_id=done.set_id, cause=str(fault))
            wait = min(max(now - done.completed_at, _AGAIN), _AGAIN_AT_MOST)
            async with self.engine.begin() as conn:
                await store.put_off(conn, done, wait)
        return True

    async def _pay(self, done: CompletedSet, award_id: int, now: datetime) -> None:
        """Pay a set, unless somebody else did, or a card of it was taken back.

        The set's row is locked after balances and limits, and before the counters of
        draws, as scans lock it.
        """
        async with self.engine.connect() as conn, conn.begin() as paying:
            await share_fence(conn)
            if not await store.begin_paying(conn, done):
                return
            award = NewAward(
                *(done.set_no, done.member_no, done.completes, award_id), done.brand
            )
            # A card it gives is of an older set, whose row is locked before this one.
            given = await self.awarding.give(conn, award, now=now)
            if await store.note_awarded(conn, done, award_id=award_id, now=now):
                await self.awarding.add_tickets(conn, award, now=now)
                await _tell(conn, done, award_id, given)
            else:
                await paying.rollback()


async def _tell(
    conn: AsyncConnection, done: CompletedSet, award_id: int, given: Mapping[str, Any]
) -> None:
    data = {
        "member_id": done.member_id,
        "set_id": done.set_id,
        "award_id": str(award_id),
        "gives": msgspec.to_builtins(done.completes) | given,
    }
    await write_events(conn, [Happening(EventType.CARDS_COMPLETED, data)])
