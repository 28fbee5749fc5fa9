"""Codes that are seen before their caps are active: counted beside the scans.

A scan or a look costs an addition in memory. Twice a second each worker writes down
what it has seen, a row a code whatever it was looked at, and raises incidents where
codes of one package, roll or batch are too many. A worker that is killed loses what it
saw since then, and nobody counts anything twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.case_settings import CaseSettings
from anti_fraud.domain.early_scans import (
    LEAK_WINDOW,
    MOST_CODES,
    EarlyWatch,
    SeenCode,
)
from anti_fraud.domain.incidents import (
    CodeInterval,
    Incident,
    IncidentFinding,
    IncidentKind,
    IncidentState,
    Sighting,
)
from anti_fraud.domain.lists import Found, ListName, Subject
from anti_fraud.store import early_scans as store
from anti_fraud.store.case_settings import load_settings
from anti_fraud.store.incidents import lock_incidents, report_sightings
from codegen.domain.ranges import RangeState
from codegen.domain.terms import RangeTerms
from codegen.store import CodePlace, find_places
from core.clock import Clock, utc_datetime
from scan_api.domain.scans import Outcome, Plan, Scan
from scan_api.pipeline.honey_scans import count_honey
from scan_api.pipeline.seen_codes import SeenCodes
from scan_api.pipeline.verdict import subject_of
from scan_api.pipeline.worker_state import WorkerStateKeeper

_INTERVAL_S: Final = 0.5
_AT_ONCE: Final = 500

log = structlog.get_logger(logger_name=__name__)


class CodeHolder(NamedTuple):
    """A package that holds codes, both ends included, and who was given it."""

    package_id: int
    first_code_id: int
    last_code_id: int
    printhouse: str | None


# Finds the packages that hold any of these codes.
FindHolders = Callable[
    [AsyncConnection, Sequence[int]], Awaitable[Sequence[CodeHolder]]
]


class _Count(Protocol):
    """Writes down what was seen, in a transaction of its own."""

    async def __call__(
        self, conn: AsyncConnection, seen: Sequence[SeenCode], *, now: datetime
    ) -> None: ...


class _Stretch(NamedTuple):
    """Codes that belong together, by the subject of their incident."""

    subject: str
    codes: CodeInterval
    detail: Mapping[str, Any]


@dataclass(slots=True)
class EarlyScanLog:
    """Counts early scans and looks of one worker; several may at once.

    Those of void codes as well, of which some are watched.
    """

    engine: AsyncEngine
    clock: Clock
    states: WorkerStateKeeper
    find_holders: FindHolders
    _early: SeenCodes = field(default_factory=SeenCodes)
    # Apart, so that no flood of early looks drowns them.
    _void: SeenCodes = field(default_factory=SeenCodes)

    def note_scan(self, scan: Scan, plan: Plan) -> None:
        """Remember a scan of a code that is not active, if it tells anything."""
        if plan.terms is not None:
            now, subject = utc_datetime(scan.at_ms), subject_of(scan, plan.terms)
            self._note(plan.terms, subject, plan.outcome, now, (0, 1))

    def note_look(
        self, terms: RangeTerms, subject: Subject, outcome: Outcome, now: datetime
    ) -> None:
        """Remember a look at a code that is not active, if it tells anything."""
        self._note(terms, subject, outcome, now, (1, 0))

    def _note(
        self,
        terms: RangeTerms,
        subject: Subject,
        outcome: Outcome,
        now: datetime,
        seen: tuple[int, int],
    ) -> None:
        if terms.state is RangeState.VOID:
            # Whoever it is, and whatever they were told: no cap has a honey code.
            self._void.add(subject.code_id, *seen)
        elif outcome is Outcome.NOT_ACTIVE and self._is_early(terms, subject, now):
            self._early.add(subject.code_id, *seen)

    def _is_early(self, terms: RangeTerms, subject: Subject, now: datetime) -> bool:
        """Tell whether caps are to be active later, and who asks is not at work.

        Whoever a list lets through, or calls a shop, is.
        """
        starts = terms.binding.effective_at
        is_later = starts is not None and starts > now
        if terms.state is not RangeState.ISSUED and not (
            terms.state is RangeState.ACTIVATED and is_later
        ):
            return False
        lists = self.states.current.lists
        return not (lists and _is_trusted(lists.find(subject, now)))

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Write down and judge all that waits; what can't be now, waits on."""
        await self._flush(self._void, count_honey)
        await self._flush(self._early, self._count_early)

    async def _flush(self, waiting: SeenCodes, count: _Count) -> None:
        if waiting.given_up:
            log.warning("early_scans_given_up", codes=waiting.given_up)
            waiting.given_up = 0
        try:
            while waiting:
                await self._count_some(waiting, count)
        except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
            log.warning("early_scans_not_counted", cause=fault)

    async def _count_some(self, waiting: SeenCodes, count: _Count) -> None:
        taken = waiting.take(_AT_ONCE)
        now = utc_datetime(self.clock.now_ms())
        try:
            async with self.engine.begin() as conn:
                await count(conn, taken, now=now)
        except BaseException:
            for each in taken:
                waiting.add(*each)
            raise

    async def _count_early(
        self, conn: AsyncConnection, seen: Sequence[SeenCode], *, now: datetime
    ) -> None:
        watch = self.states.current.early
        await count_early_scans(conn, seen, watch, self.find_holders, now=now)


def _is_trusted(found: Found) -> bool:
    listed = found.listed
    return found.is_shop or (listed is not None and listed.list is not ListName.BLOCK)


async def count_early_scans(
    conn: AsyncConnection,
    seen: Sequence[SeenCode],
    watch: EarlyWatch,
    find_holders: FindHolders,
    *,
    now: datetime,
) -> None:
    """Write down what was seen early, and raise incidents of what is too much."""
    # Enough is known of a package whose every thousandth code is on record.
    wanted = [each for each in seen if watch.codes_near(each.code_id) < MOST_CODES]
    if not wanted:
        return
    await store.lock_counting(conn)
    new = await store.add_early_codes(conn, wanted, now=now)
    code_ids = [each.code_id for each in wanted]
    places = await find_places(conn, code_ids)
    settings = await load_settings(conn)
    holders = await find_holders(conn, code_ids)
    await _report_early(conn, _stretches(places, holders), settings, now=now)
    fresh = [place for place in places if place.code_id in new]
    await _report_leaks(conn, fresh, settings, now=now)


def _stretches(
    places: Sequence[CodePlace], holders: Sequence[CodeHolder]
) -> list[_Stretch]:
    """Tell of which packages and rolls codes are; of what is in none, its batch."""
    found: dict[str, _Stretch] = {}
    held = sorted(holders, key=lambda each: each.first_code_id)
    for each in held:
        subject = f"package:{each.package_id}"
        codes = CodeInterval(each.first_code_id, each.last_code_id)
        found[subject] = _Stretch(subject, codes, {"printhouse": each.printhouse})
    for place in places:
        if place.unit is not None:
            subject = f"roll:{place.batch_id}/{place.unit}"
            detail = {"batch_id": str(place.batch_id), "roll": place.unit}
            codes = CodeInterval(place.first_of_unit, place.last_of_unit)
        elif not any(h.first_code_id <= place.code_id <= h.last_code_id for h in held):
            subject = f"batch:{place.batch_id}"
            detail = {"batch_id": str(place.batch_id)}
            codes = CodeInterval(place.first_of_batch, place.last_of_batch)
        else:
            continue
        found[subject] = _Stretch(subject, codes, detail)
    return list(found.values())


async def _report_early(
    conn: AsyncConnection,
    stretches: Sequence[_Stretch],
    settings: CaseSettings,
    *,
    now: datetime,
) -> None:
    known = await lock_incidents(
        conn, IncidentKind.EARLY_SCAN, [each.subject for each in stretches]
    )
    sightings = []
    for each in stretches:
        before = known.get(each.subject)
        seen, dismissed = (before.seen, before.dismissed) if before else (0, 0)
        # What was a false alarm counts no more, and takes no room from what came since.
        most = MOST_CODES + dismissed
        counted = await store.count_early(conn, each.codes, most=most)
        more = max(0, counted.codes - seen)
        is_open = before is not None and before.state is IncidentState.OPEN
        alarm = settings.early_scans_alarm
        if is_open or (more and 0 < alarm <= counted.codes - dismissed):
            detail = {**each.detail, **counted._asdict()}
            sightings.append(Sighting(each.subject, more, detail, each.codes))
    await report_sightings(conn, IncidentKind.EARLY_SCAN, sightings, now=now)


async def _report_leaks(
    conn: AsyncConnection,
    fresh: Sequence[CodePlace],
    settings: CaseSettings,
    *,
    now: datetime,
) -> None:
    """Raise incidents of batches of which enough new codes were seen in a day."""
    batches: dict[str, list[CodePlace]] = {}
    for place in fresh:
        batches.setdefault(f"batch:{place.batch_id}", []).append(place)
    known = await lock_incidents(conn, IncidentKind.LEAK, list(batches))
    sightings = []
    for subject, places in batches.items():
        codes = CodeInterval(places[0].first_of_batch, places[0].last_of_batch)
        alarm = settings.leak_scans_alarm
        came = await store.count_new(
            conn, codes, since=_since(known.get(subject), now), most=max(alarm, 1)
        )
        if 0 < alarm <= came:
            detail = {"batch_id": str(places[0].batch_id)}
            sightings.append(Sighting(subject, len(places), detail))
    await report_sightings(conn, IncidentKind.LEAK, sightings, now=now)


def _since(known: Incident | None, now: datetime) -> datetime:
    """Tell from when codes count: those of a false alarm do not."""
    day_ago = now - LEAK_WINDOW
    if known is None or known.finding is not IncidentFinding.FALSE_ALARM:
        return day_ago
    return max(day_ago, known.closed_at or day_ago)
