"""A member's last scans: how regular they are, and from how many places codes came."""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

MOST_RECENT: Final = 20
# How long nothing may be scanned before all is forgotten.
RECENT_S: Final = 7 * 86_400
# By so many scans a rhythm is told.
RHYTHM_SCANS: Final = 10


class RecentScan(NamedTuple):
    """A scan: when, of which batch, and a number for where its goods come from.

    No batch or origin is 0.
    """

    at_ms: int
    batch: int
    origin: int


class Recent(msgspec.Struct, frozen=True, gc=False):
    """What a member's last scans tell, this one included.

    The rhythm is that of the last ten, its variation their standard deviation by their
    mean; batches, origins and span are those of the last twenty. All are None as long
    as there are fewer.
    """

    rhythm_median_s: float | None = None
    rhythm_variation: float | None = None
    recent_batches: int | None = None
    recent_origins: int | None = None
    recent_span_s: int | None = None


def read_recent(scans: Sequence[RecentScan]) -> Recent:
    """Tell what a member's last scans tell, the newest first."""
    if len(scans) < RHYTHM_SCANS:
        return _TOO_FEW
    times = [scan.at_ms for scan in scans[:RHYTHM_SCANS]]
    gaps = [later - earlier for later, earlier in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    # Sent in one millisecond they are as regular as can be.
    variation = statistics.pstdev(gaps, mean) / mean if mean else 0.0
    median_s = sorted(gaps)[len(gaps) // 2] / 1000
    if len(scans) < MOST_RECENT:
        return Recent(median_s, round(variation, 3))
    return Recent(
        median_s,
        round(variation, 3),
        len({scan.batch for scan in scans} - {0}),
        len({scan.origin for scan in scans} - {0}),
        (scans[0].at_ms - scans[MOST_RECENT - 1].at_ms) // 1000,
    )


_TOO_FEW: Final = Recent()
# Members' last scans are kept for the facts of these names, where a rule reads one.
OF_RECENT_SCANS: Final = frozenset(Recent.__struct_fields__)
