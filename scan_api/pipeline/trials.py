"""Recorded scans, judged once more: by a candidate, and by what is live beside it.

Each is judged by the facts that it kept; what the version that judged it never counted
is unknown to others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from anti_fraud.domain.columns import columns_of, decide_many, obey_lists
from anti_fraud.domain.evaluation import translate
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.trials import Decided, Trial, TriedScans, uncounted_by
from core.clock import business_day
from scan_api.store.trials import JudgedFacts

# Clocks of the world differ by whole quarters of an hour.
_QUARTER_MS = 15 * 60_000


def versions_of(scans: Sequence[JudgedFacts]) -> set[int]:
    """Name the versions that judged scans."""
    return {_version(scan) for scan in scans}


@dataclass(frozen=True, slots=True)
class RulesOnTrial:
    """A candidate, what is live beside it, and the versions that judged, by number."""

    candidate: RuleSet
    live: RuleSet
    judged_by: Mapping[int, RuleSet]
    timezone: ZoneInfo

    def count(
        self,
        trial: Trial,
        scans: Sequence[JudgedFacts],
        decided: Mapping[int, Decided],
    ) -> None:
        """Judge scans once more and count them.

        Takes some microseconds a scan and no I/O. Scans of versions that can't be read
        any more are only counted as such.
        """
        groups: dict[int, list[JudgedFacts]] = defaultdict(list)
        for scan in scans:
            groups[_version(scan)].append(scan)
        for version, group in groups.items():
            old = self.judged_by.get(version)
            if old is None:
                trial.unreadable += len(group)
            else:
                trial.add(self._try(group, old, decided))

    def _try(
        self,
        scans: Sequence[JudgedFacts],
        old: RuleSet,
        decided: Mapping[int, Decided],
    ) -> TriedScans:
        """Judge scans of one version once more."""
        candidate, live = self.candidate, self.live
        columns = columns_of(old, [scan.judged[1:] for scan in scans])
        # Only where rules end it matters on which day a scan is judged.
        days = np.zeros(len(scans), np.int32)
        if old.expires or live.expires or candidate.expires:
            days = _days_of([scan.judged_at_ms for scan in scans], self.timezone)
        as_candidate = translate(columns, old, candidate)
        by_old = decide_many(old, columns, days)
        by_live = by_old
        if live.version != old.version:
            by_live = decide_many(live, translate(columns, old, live), days)
        by_candidate = decide_many(candidate, as_candidate, days)
        listed = [scan.listed for scan in scans]
        return TriedScans(
            [scan.scan_id for scan in scans],
            recorded=obey_lists(by_old.verdicts, listed),
            live=obey_lists(by_live.verdicts, listed),
            candidate=obey_lists(by_candidate.verdicts, listed),
            by_live=by_live,
            by_candidate=by_candidate,
            columns=as_candidate,
            uncounted=uncounted_by(old, candidate),
            decided=decided,
        )


def _version(scan: JudgedFacts) -> int:
    version = scan.judged[0]
    assert isinstance(version, int), "pack_facts writes the version first"
    return version


def _days_of(times_ms: Sequence[int], timezone: ZoneInfo) -> NDArray[np.int32]:
    """Tell on which business days n moments fall, as ordinals int32[n]."""
    quarters = np.array(times_ms) // _QUARTER_MS
    found, places = np.unique(quarters, return_inverse=True)
    days = [business_day(int(q) * _QUARTER_MS, timezone).toordinal() for q in found]
    return np.array(days, np.int32)[places]
