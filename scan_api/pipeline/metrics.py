"""What an operator watches."""

import os
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.multiprocess import mark_process_dead

from scan_api.domain.scans import Outcome

_SCANS = Counter("crowncap_scans", "Scans by outcome.", ["outcome"])
# Looking a label up costs more than counting, so it is done once.
OUTCOMES = {outcome: _SCANS.labels(outcome.value) for outcome in Outcome}
THROTTLED = Counter(
    "crowncap_throttled_scans", "Scans turned away after too many invalid codes."
)
LATENCY = Histogram(
    "crowncap_scan_seconds",
    "Time from a scan's arrival to its answer; one scan in eight is measured.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 5),
)
BATCH_SIZE = Histogram(
    "crowncap_batch_scans",
    "Scans gathered into one batch.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
_STAGE = Histogram(
    "crowncap_stage_seconds",
    "Time a batch spends in a stage.",
    ["stage"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
GATHER_SECONDS = _STAGE.labels("gather")
COMMIT_SECONDS = _STAGE.labels("commit")
BATCH_SECONDS = _STAGE.labels("batch")
QUEUE = Gauge(
    "crowncap_queue_scans",
    "Scans that wait for a batch.",
    multiprocess_mode="livesum",
)
REDIS_UP = Gauge(
    "crowncap_redis_up", "1 while Redis answers.", multiprocess_mode="livemin"
)
POSTGRES_UP = Gauge(
    "crowncap_postgres_up", "1 while PostgreSQL answers.", multiprocess_mode="livemin"
)
STALE_RETRIES = Counter(
    "crowncap_stale_range_retries", "Batches decided again on a newer range table."
)
CLAIMS_RECOUNTED = Counter(
    "crowncap_claims_recounted",
    "Batches planned again since a member had claimed another code meanwhile.",
)
SEGMENTS_NOT_READY = Counter(
    "crowncap_claimed_segment_misses", "Scans whose `claimed` segment was not ready."
)
SCAN_FAULTS = Counter(
    "crowncap_scan_faults", "Scans that failed by themselves, on their own data."
)
RULE_FAULTS = Counter(
    "crowncap_rule_faults", "Rules that could not be asked of a scan that was judged."
)
SHADOW_MISSED = Counter(
    "crowncap_shadow_missed", "Judged scans of which the shadow was not asked."
)
WRONG_BITS = Counter(
    "crowncap_wrong_claimed_bits",
    "Batches in which the filter called a code claimed that is not.",
)
SEGMENTS_MISSING = Gauge(
    "crowncap_filter_segments_missing",
    "Filter segments that are not filled yet; scans ask PostgreSQL meanwhile.",
    multiprocess_mode="livemax",
)
RELEASED = Counter("crowncap_released_holds", "Held rewards resolved by the rules.")
INCIDENTS = Counter(
    "crowncap_key_leak_signs", "Codes that opened though they were never issued."
)


def forget_dead_workers(directory: Path) -> None:
    """Drop the gauges of workers that were killed; their last word is no news."""
    for path in directory.glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue


def hide_gauges() -> None:
    """Leave this process's gauges out: it counts beside workers, and serves nobody.

    As they begin, they would tell an operator that everything is down.
    """
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        # All metrics of a fork begin anew, in files of its own, when one is used.
        QUEUE.set(0)
        mark_process_dead(  # type: ignore[no-untyped-call] # untyped there
            os.getpid(), directory
        )
