"""Runs the checks, a slice at a time, and goes on from where it was."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.keyring import HighWaterMark
from core.clock import Clock, business_day, next_business_day, to_ms, utc_datetime
from core.ids import first_id_at, time_of_id
from crowncap.audit import (
    bounds,
    cards,
    cases,
    codegen,
    core_auth,
    coupons,
    draws,
    figures,
    gifts,
    limits,
    payouts,
    printer_export,
    reversals,
    rewards,
    scan_api,
    seals,
    totals,
)
from crowncap.audit.checks import TRANSFERS, Axis, Check, Finding, Scope
from crowncap.audit.progress import Found, Run, begin

MAX_EXAMPLES = 5
SLICE_ROWS = 500_000
FIRST_KEY, LAST_KEY = -(1 << 63), (1 << 63) - 1

# What lies in one slice, or in tables that stay small.
CHECKS = (
    *scan_api.CHECKS,
    *rewards.CHECKS,
    *limits.CHECKS,
    *coupons.CHECKS,
    *figures.CHECKS,
    *gifts.CHECKS,
    *payouts.CHECKS,
    *reversals.CHECKS,
    *draws.CHECKS,
    *cards.CHECKS,
    *cases.CHECKS,
    *codegen.CHECKS,
    *printer_export.CHECKS,
    *core_auth.CHECKS,
    *bounds.CHECKS,
)
ADDING_UP = "transfers are added up"
SEALS = "seals are held against what they seal"


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found, and what it left to an earlier one."""

    findings: list[Finding]
    since: datetime | None


@dataclass(slots=True)
class Audit:
    """An audit of one database; `say` is told how far it is."""

    engine: AsyncEngine
    high_water: HighWaterMark
    timezone: ZoneInfo
    clock: Clock
    say: Callable[[str], None] = lambda _: None
    slice_rows: int = SLICE_ROWS

    async def run(self, scope: Scope = Scope.FULL) -> Report:
        """Check every invariant; what an earlier try found sound is not read again."""
        now = utc_datetime(self.clock.now_ms())
        run = await begin(self.engine, scope=scope, now=now)
        if run.goes_on:
            self.say(
                f"Going on with the audit that was begun at {run.begun_at:%F %T %Z}; "
                "what it has looked at is not looked at again"
            )
        checks = [check for check in CHECKS if run.scope in check.scopes]
        for number, check in enumerate(checks, 1):
            self.say(f"{number} of {len(checks) + 1}: {check.sentence}")
            await self._check(run, check)
        self.say(f"{len(checks) + 1} of {len(checks) + 1}: {ADDING_UP}")
        await self._add_up(run)
        self.say(SEALS)
        await self._hold_seals(run)
        return await self._end(run)

    # One check ------------------------------------------------------------------------

    async def _check(self, run: Run, check: Check) -> None:
        key = run.progress.next_keys.setdefault(check.name, self._start(run, check))
        while key is not None:
            async with self.engine.begin() as conn:
                last = LAST_KEY
                if check.over is not None:
                    last = await self._end_of_slice(conn, check.over, key, LAST_KEY)
                found = await self._find(
                    conn, check, first=key, last=last, since=run.since_id
                )
                _note(run, check, found)
                key = None if last == LAST_KEY else last + 1
                run.progress.next_keys[check.name] = key
                await run.keep(conn)
            if key is not None and check.over is not None:
                self.say(f"   {check.over.table} {self._word(check.over, key)}")

    async def _find(
        self, conn: AsyncConnection, check: Check, **known: Any
    ) -> Sequence[Any]:
        return await check.find(conn, known | {"timezone": str(self.timezone)})

    def _start(self, run: Run, check: Check) -> int:
        """Tell where a check begins: in a recent audit with the first day of it."""
        if check.over is None or not check.over.tells_time or not run.since_id:
            return FIRST_KEY
        day_before = time_of_id(run.since_id) - 86_400_000
        return first_id_at(to_ms(next_business_day(day_before, self.timezone)))

    async def _end_of_slice(
        self, conn: AsyncConnection, axis: Axis, first: int, last: int
    ) -> int:
        """Tell the last key of a slice: some rows on, at the end of a business day."""
        shard = "shard = 0 AND " if axis.has_shard else ""
        found = await conn.execute(
            text(
                f"SELECT {axis.key} FROM {axis.table}"  # noqa: S608 - from our own axes
                f" WHERE {shard}{axis.key} BETWEEN :first AND :last"
                f" ORDER BY {axis.key} OFFSET :rows LIMIT 1"
            ),
            {"first": first, "last": last, "rows": self.slice_rows - 1},
        )
        key = found.scalar_one_or_none()
        if key is None:
            return last
        if not axis.tells_time:
            return int(key)
        tomorrow = next_business_day(time_of_id(key), self.timezone)
        return min(first_id_at(to_ms(tomorrow)) - 1, last)

    def _word(self, axis: Axis, key: int) -> str:
        if not axis.tells_time:
            return f"from {axis.key} {key}"
        return f"from {business_day(time_of_id(key), self.timezone)}"

    # What transfers add up to ---------------------------------------------------------

    async def _add_up(self, run: Run) -> None:
        key = run.progress.next_keys.setdefault(ADDING_UP, run.since_id or FIRST_KEY)
        since, until = run.since_id, run.until_id
        while key is not None:
            async with self.engine.begin() as conn:
                last = await self._end_of_slice(conn, TRANSFERS, key, until - 1)
                sums = await totals.add_up(
                    conn, totals.SLICE, first=key, last=last, until=until
                )
                if since and key == since:
                    sums = sums.add(
                        await totals.add_up(
                            conn, *totals.CAME_SINCE, since=since, until=until
                        )
                    )
                run.progress.totals = run.progress.totals.add(sums)
                key = None if last >= until - 1 else last + 1
                run.progress.next_keys[ADDING_UP] = key
                await run.keep(conn)
            if key is not None:
                self.say(f"   transfers {self._word(TRANSFERS, key)}")

    # Seals ----------------------------------------------------------------------------

    async def _hold_seals(self, run: Run) -> None:
        wrong: list[str] | None = []
        while wrong is not None:
            async with self.engine.begin() as conn:
                wrong = await seals.go_on(conn, run.progress.seals)
                _note_seals(run, wrong or ())
                await run.keep(conn)

    async def _look_for_more(self, run: Run) -> None:
        """Find what no seal has; what was found before it ended is found again."""
        async with self.engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ")
            _note_seals(run, await seals.find_put_in(conn, run.progress.seals))

    async def _compare(self, run: Run) -> bool:
        """Hold balances and budgets against the totals; tells whether these are right.

        Only what is found from the transfers themselves is told.
        """
        right = True
        async with self.engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ")
            wrong = await totals.suspects(conn, run.progress.totals, run.until_id)
            for check, keys in wrong.items():
                run.progress.found.pop(check.name, None)
                if keys:
                    found = await self._find(conn, check, keys=keys)
                    _note(run, check, found)
                    right = right and bool(found)
        return right

    # The end --------------------------------------------------------------------------

    async def _end(self, run: Run) -> Report:
        right = await self._compare(run)
        if run.scope is Scope.FULL:
            await self._look_for_more(run)
        findings = [
            Finding(
                check.invariant,
                check.sentence,
                run.progress.found[check.name].count,
                tuple(run.progress.found[check.name].examples),
            )
            for check in (*CHECKS, *totals.CHECKS)
            if check.name in run.progress.found
        ]
        if broken := run.progress.found.get(seals.SENTENCE):
            findings.append(
                Finding(
                    seals.INVARIANT,
                    seals.SENTENCE,
                    broken.count,
                    tuple(broken.examples),
                )
            )
        async with self.engine.begin() as conn:
            behind = await _marks_behind(conn, self.high_water)
            if behind:
                findings.append(
                    Finding(
                        10,
                        "the high-water mark outside PostgreSQL covers all that was "
                        "issued",
                        len(behind),
                        tuple(behind),
                    )
                )
            run.progress.next_keys.clear()
            await run.keep(
                conn,
                ended_at=utc_datetime(self.clock.now_ms()),
                sound=not findings and right,
            )
        findings.sort(key=lambda finding: finding.invariant)
        since = utc_datetime(time_of_id(run.since_id)) if run.since_id else None
        return Report(findings, since)


def _note_seals(run: Run, wrong: Iterable[str]) -> None:
    for each in wrong:
        found = run.progress.found.setdefault(seals.SENTENCE, Found())
        found.count += 1
        if len(found.examples) < MAX_EXAMPLES:
            found.examples.append(each)


def _note(run: Run, check: Check, offenders: Iterable[Any]) -> None:
    for offender in offenders:
        found = run.progress.found.setdefault(check.name, Found())
        found.count += 1
        if len(found.examples) < MAX_EXAMPLES:
            found.examples.append(str(offender))


async def _marks_behind(conn: AsyncConnection, high_water: HighWaterMark) -> list[str]:
    rows = await conn.execute(
        text(
            "SELECT CAST(epoch AS text) AS mark, next_serial AS next FROM epochs"
            " WHERE next_serial > 0 UNION ALL"
            " SELECT 'coupons of ' || epoch, next_no FROM coupon_numbers"
        )
    )
    behind: list[str] = []
    for row in rows:
        with high_water.raising(row.mark) as mark:
            if mark.current() < row.next:
                behind.append(f"epoch {row.mark}")
    return behind
