"""Every balance, lot and limit is added up anew from transfers, and put right.

Scans go on meanwhile: what differs is a difference that nothing changes but putting it
right (rewards.store.rebuilding).
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import business_day, end_of_day, to_ms
from core.db import try_briefly
from core.errors import Conflict
from core.ids import first_id_at
from rewards.domain.limits import number_region
from rewards.domain.messages import message
from rewards.domain.rebuilding import Gap, LotGap, Rebuilt, Told, UseGap, tell_gap
from rewards.store import rebuilding as store
from rewards.store.members import load_member_ids

# Tells where scans were counted, by scan_id; what was nowhere known is left out.
FindRegions = Callable[[AsyncConnection, Sequence[int]], Awaitable[Mapping[int, str]]]
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
    find_regions: FindRegions
    say: Callable[[str], None] = lambda _: None
    found: list[Gap] = field(default_factory=list)
    # Names of regions by the holder of their rows.
    _regions: dict[int, str] = field(default_factory=dict)

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
            of_regions = self._find_of_regions(conn, before)
            done.uses += await self._pass_on(of_regions, mend_uses, done)
            done.examples = await self._tell(conn)
        return done

    def _find_uses(
        self, conn: AsyncConnection, part: int, parts: int, before: date
    ) -> AsyncIterator[UseGap]:
        timezone = str(self.timezone)
        return store.find_uses(
            conn, part=part, parts=parts, before=before, timezone=timezone
        )

    async def _find_of_regions(
        self, conn: AsyncConnection, before: date
    ) -> AsyncIterator[UseGap]:
        """Find what differs of limits of regions: few rows, of a week's scans."""
        timezone = str(self.timezone)
        first_id = first_id_at(to_ms(end_of_day(before, self.timezone)))
        takes = store.find_region_takes(
            conn, first_id=first_id, before=before, timezone=timezone
        )
        missing: Counter[tuple[int, int, date]] = Counter()
        async for some in takes:
            told = await self.find_regions(conn, [each.scan_id for each in some])
            for take in some:
                region = told.get(take.scan_id)
                holder = number_region(region)
                self._regions[holder] = region or "unknown"
                missing[holder, take.limit_no, take.period] += take.taken
        missing.subtract(
            await store.load_region_uses(conn, before=before, timezone=timezone)
        )
        for (holder, limit_no, period), amount in sorted(missing.items()):
            if amount:
                yield UseGap(holder, limit_no, period, amount)

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
        for holder, region in self._regions.items():
            names[holder] = f"region {region}"
        return tuple(
            tell_gap(each, names, units if isinstance(each, LotGap) else limits)
            for each in self.found
        )


async def _leave(gaps: Sequence[Gap]) -> int:
    del gaps
    return 0
