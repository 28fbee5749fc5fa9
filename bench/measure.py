"""Timing, and what else the machine was doing meanwhile."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CPU_FIELDS: Final = 8


@dataclass(frozen=True, slots=True)
class CpuTicks:
    """Ticks of all processors since boot, from the first line of /proc/stat."""

    total: int
    idle: int
    steal: int


def read_cpu_ticks() -> CpuTicks:
    """Read /proc/stat (proc_pid_stat(5)); zeros where there is none."""
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return CpuTicks(0, 0, 0)
    ticks = [int(field) for field in line.split()[1 : 1 + _CPU_FIELDS]]
    return CpuTicks(total=sum(ticks), idle=ticks[3] + ticks[4], steal=ticks[7])


def steal_percent(before: CpuTicks, after: CpuTicks) -> float:
    """Return the share of time that other guests of the host took from this one."""
    total = after.total - before.total
    return round(100 * (after.steal - before.steal) / total, 1) if total else 0.0


def busy_percent(before: CpuTicks, after: CpuTicks) -> float:
    """Return the share of time in which processors were not idle."""
    total = after.total - before.total
    idle = after.idle - before.idle
    return round(100 * (total - idle) / total, 1) if total else 0.0


def time_once(work: Callable[[], object]) -> float:
    """Run it once; returns seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Run it once to warm up, then `repeats` times; returns the median."""
    work()
    return statistics.median(time_once(work) for _ in range(repeats))


def rounded(value: float) -> float:
    """Keep four significant digits: more would be noise."""
    return float(f"{value:.4g}")
