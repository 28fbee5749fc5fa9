"""What a version in the shadow would say of scans, asked a moment after their answer.

A batch that is durable leaves its decisions here, and a second later all of them are
judged at once, by columns, off the loop. Whatever goes wrong here is the shadow's: what
is too much, or can't be judged or written, is counted as missed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.columns import VERDICTS, column_of, decide_many, obey_lists
from anti_fraud.domain.decision import Decision
from anti_fraud.domain.evaluation import translate
from anti_fraud.domain.shadows import (
    MISSED,
    Difference,
    Shadow,
    ShadowCounts,
)
from anti_fraud.store.shadows import add_counts
from core.clock import business_day
from scan_api.pipeline.metrics import SHADOW_MISSED
from scan_api.store.scans import Decided

# What waits to be judged: seconds of scans, and some ten megabytes.
MOST_NOTED: Final = 20_000
# Judged at once, a hundredth of a second.
_AT_ONCE: Final = 2_000
# Differing scans that a worker keeps a day; more are only counted.
KEPT_A_DAY: Final = 10_000
_EACH_S: Final = 1.0

log = structlog.get_logger(logger_name=__name__)


class _Noted(NamedTuple):
    scan_id: int
    # The scan's own time, in ms since 1970.
    at_ms: int
    decision: Decision


@dataclass(slots=True)
class Shadowing:
    """Asks shadows what they would say; one a worker."""

    engine: AsyncEngine
    timezone: ZoneInfo
    _noted: dict[Shadow, list[_Noted]] = field(default_factory=dict)
    _waiting: int = 0
    _counts: dict[Shadow, ShadowCounts] = field(default_factory=dict)
    _kept_day: date | None = None
    _kept: int = 0

    def note(self, decided: Sequence[Decided]) -> None:
        """Take over what was decided of a durable batch; returns at once."""
        for each in decided:
            decision = each.plan.decision
            if decision is None or decision.shadow is None:
                continue
            shadow, scan = decision.shadow, each.scan
            if scan.at_ms >= shadow.until_ms:
                continue
            noted = _Noted(scan.scan_id, scan.judged_at_ms, decision)
            if self._waiting >= MOST_NOTED:
                self._miss(shadow, [noted])
                continue
            self._noted.setdefault(shadow, []).append(noted)
            self._waiting += 1

    async def run(self) -> None:
        """Judge and write what was noted until cancelled."""
        while True:
            await asyncio.sleep(_EACH_S)
            await self.flush()

    async def flush(self) -> None:
        """Judge and write what was noted up to now; never raises for the shadow."""
        noted, self._noted, self._waiting = self._noted, {}, 0
        for shadow, scans in noted.items():
            for start in range(0, len(scans), _AT_ONCE):
                some = scans[start : start + _AT_ONCE]
                try:
                    counts = self._counts.setdefault(shadow, ShadowCounts())
                    await asyncio.to_thread(self._judge, shadow, some, counts)
                except Exception as fault:  # noqa: BLE001 - it is the shadow's own
                    log.error("shadow_failed", run=shadow.run, cause=fault)
                    self._miss(shadow, some)
        for shadow in list(self._counts):
            await self._write(shadow, self._counts.pop(shadow))

    def _judge(
        self, shadow: Shadow, scans: Sequence[_Noted], counts: ShadowCounts
    ) -> None:
        """Judge scans of one live version and its shadow, and count them."""
        facts = [scan.decision.facts for scan in scans]
        names = [known.name for known in shadow.counted.facts]
        columns = {name: column_of([f.get(name) for f in facts]) for name in names}
        told = translate(columns, shadow.counted, shadow.rule_set)
        days = [business_day(scan.at_ms, self.timezone) for scan in scans]
        many = decide_many(
            shadow.rule_set, told, np.array([d.toordinal() for d in days], np.int32)
        )
        listed = [scan.decision.listed for scan in scans]
        names_listed = [None if each is None else each.list for each in listed]
        verdicts = obey_lists(many.verdicts, names_listed)
        ids = [rule.rule_id for rule in shadow.rule_set.rules]
        hits: list[set[str]] = [set() for _ in scans]
        for rule_id, mask, failed in zip(ids, many.hits, many.failed, strict=True):
            for place in np.flatnonzero(mask).tolist():
                hits[place].add(rule_id)
            for place in np.flatnonzero(failed).tolist():
                counts.rule(days[place], rule_id).failed += 1
        for place, scan in enumerate(scans):
            verdict = VERDICTS[verdicts[place]]
            live, day = scan.decision.verdict, days[place]
            counts.outcomes[day, live, verdict] += 1
            _count_rules(counts, day, scan.decision, hits[place])
            if live is not verdict and self._may_keep(day):
                scores = scan.decision.score, int(many.scores[place])
                difference = Difference(scan.scan_id, live, verdict, *scores)
                counts.differences.append(difference)

    def _may_keep(self, day: date) -> bool:
        # What comes late counts for the newest day: days that take turns are one.
        if self._kept_day is None or day > self._kept_day:
            self._kept_day, self._kept = day, 0
        self._kept += 1
        return self._kept <= KEPT_A_DAY

    def _miss(self, shadow: Shadow, scans: Sequence[_Noted]) -> None:
        SHADOW_MISSED.inc(len(scans))
        counts = self._counts.setdefault(shadow, ShadowCounts())
        for scan in scans:
            day = business_day(scan.at_ms, self.timezone)
            counts.outcomes[day, scan.decision.verdict, MISSED] += 1

    async def _write(self, shadow: Shadow, counts: ShadowCounts) -> None:
        """Add counts to those of all workers, once or never."""
        try:
            async with self.engine.begin() as conn:
                await add_counts(conn, shadow.run, counts)
        except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
            # It may have been written all the same, and is not counted twice: from
            # here on these scans are missing.
            lost = counts.outcomes.total()
            SHADOW_MISSED.inc(lost)
            log.warning("shadow_not_written", run=shadow.run, scans=lost, cause=fault)


def _count_rules(
    counts: ShadowCounts, day: date, decision: Decision, own: set[str]
) -> None:
    live = {hit.rule_id for hit in decision.hits}
    for rule_id in live | own:
        counted = counts.rule(day, rule_id)
        counted.live_hits += rule_id in live
        counted.shadow_hits += rule_id in own
        counted.both += rule_id in live and rule_id in own
