"""Every balance, lot and limit is added up anew from transfers, and put right.

Scans go on meanwhile: what differs is a difference that nothing changes but putting it
right (rewards.store.rebuilding).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import business_day, to_ms
from core.db import try_briefly
from core.errors import Conflict
from rewards.domain.messages import message
from rewards.domain.rebuilding import Gap, LotGap, Rebuilt, Told, UseGap, tell_gap
from rewards.store import rebuilding as store
from rewards.store.members import load_member_ids

AnyGap = TypeVar("AnyGap", LotGap, UseGap)

# Rows that are put right in one transaction.
_AT_ONCE: Final = 500
_EXAMPLES: Final = 20
# Upkeep forgets what was taken of days after eight; a day's row is wrong until then.
_DAYS_KEPT: Final = timedelta(days=7)
# What add_to_lots raises where an expired lot goes at this moment.
_LOT_WENT: Final = "CC005"


@dataclass(slots=True)
class Rebuilding:
    """Adds up what is there; `say` is told how far it is."""

    engine: AsyncEngine
    timezone: ZoneInfo
    say: Callable[[str], None] = lambda _: None
    found: list[Gap] = field(default_factory=list)

    async def look(self, *, now: datetime) -> Rebuilt:
        """Tell what differs, and change nothing."""
        return await self._run(_leave, _leave, now=now)

    async def repair(self, staff: Staff, *, now: datetime) -> Rebuilt:
        """Put right what differs; what cannot be is left and counted.

        Raises Conflict while somebody else does.
        """
        done = await self._run(self._mend_lots, self._mend_uses, now=now)
        if done.gaps:
            async with self.engine.begin() as conn:
                await record_action(
                    conn,
                    staff,
                    action="ledger.rebuild",
                    subject="ledger",
                    detail={
                        "lots": done.lots,
                        "limits": done.uses,
                        "repaired": done.repaired,
                        "examples": [str(each) for each in done.examples],
                    },
                    now=now,
                )
        return done

    async def _run(
        self,
        mend_lots: Callable[[Sequence[LotGap]], Awaitable[int]],
        mend_uses: Callable[[Sequence[UseGap]], Awaitable[int]],
        *,
        now: datetime,
    ) -> Rebuilt:
        done = Rebuilt()
        before = business_day(to_ms(now), self.timezone) - _DAYS_KEPT
        async with self.engine.connect() as conn:
            parts = await store.begin_reading(conn)
            if parts is None:
                raise Conflict(message("rebuilds_already"), code="illegal_state")
            for part in range(parts):
                told = f" (part {part + 1} of {parts})" if parts > 1 else ""
                self.say(f"Lots are added up from transfers{told}")
                lots = store.find_lots(conn, part=part, parts=parts)
                done.lots += await self._pass_on(lots, mend_lots, done)
                self.say(f"Limits are added up{told}")
                uses = self._find_uses(conn, part, parts, before)
                done.uses += await self._pass_on(uses, mend_uses, done)
            done.examples = await self._tell(conn)
        return done

    def _find_uses(
        self, conn: AsyncConnection, part: int, parts: int, before: date
    ) -> AsyncIterator[UseGap]:
        timezone = str(self.timezone)
        return store.find_uses(
            conn, part=part, parts=parts, before=before, timezone=timezone
        )

    async def _pass_on(
        self,
        gaps: AsyncIterator[AnyGap],
        mend: Callable[[Sequence[AnyGap]], Awaitable[int]],
        done: Rebuilt,
    ) -> int:
        """Hand gaps on, some at a time; tells how many there were."""
        count = 0
        some: list[AnyGap] = []
        async for gap in gaps:
            count += 1
            some.append(gap)
            if len(self.found) < _EXAMPLES:
                self.found.append(gap)
            if len(some) == _AT_ONCE:
                done.repaired += await mend(some)
                some = []
        if some:
            done.repaired += await mend(some)
        return count

    async def _mend_lots(self, gaps: Sequence[LotGap]) -> int:
        """Add what lots lack, all or one by one; tells how many it could."""
        try:
            await try_briefly(self.engine, partial(store.add_to_lots, gaps=gaps))
        except DBAPIError as fault:
            # Below zero: somebody spent what they never had. It stays, and is told.
            is_refused = isinstance(fault, IntegrityError)
            if not is_refused and getattr(fault.orig, "sqlstate", "") != _LOT_WENT:
                raise
            if len(gaps) == 1:
                return 0 if is_refused else await self._mend_lots(gaps)
            return sum([await self._mend_lots([each]) for each in gaps])
        return len(gaps)

    async def _mend_uses(self, gaps: Sequence[UseGap]) -> int:
        """Add what limits lack: members' rows first, as scans lock them."""
        of_members = [each for each in gaps if each.holder > 0]
        of_all = [each for each in gaps if each.holder <= 0]
        for some in (of_members, of_all):
            if some:
                await try_briefly(self.engine, partial(store.add_to_uses, gaps=some))
        return len(gaps)

    async def _tell(self, conn: AsyncConnection) -> tuple[Told, ...]:
        lots = {each.unit for each in self.found if isinstance(each, LotGap)}
        uses = {each.limit_no for each in self.found if isinstance(each, UseGap)}
        units, limits = await store.name_things(conn, lots, uses)
        names = await load_member_ids(
            conn,
            [e.member_no if isinstance(e, LotGap) else e.holder for e in self.found],
        )
        return tuple(
            tell_gap(each, names, units if isinstance(each, LotGap) else limits)
            for each in self.found
        )


async def _leave(gaps: Sequence[Gap]) -> int:
    del gaps
    return 0
