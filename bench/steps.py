"""Where a commit's time goes: each step of it by itself, for scans of three kinds.

Batches of scans through the hot statement, see bench/commits.py: paid ones, those of
codes that others have claimed, and the same again a moment later. PostgreSQL's CPU is
that of the connection's own process. Steps are timed by PostgreSQL (`track_functions`),
each without those that it calls and without what is left to do at the commit; their
time is that of the wall, so that only a quiet machine tells it rightly.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from bench.commits import Ground, on_ground
from bench.measure import rounded
from scan_api.domain.scans import Outcome
from scan_api.store.scans import Decided

_STEPS: Final = "SELECT funcname::text, self_time FROM pg_stat_user_functions"
_LEAST_US: Final = 0.1


def run() -> dict[str, object]:
    """Return microseconds and WAL bytes a scan of each kind, and of its steps."""
    return on_ground(_measure)


async def _measure(ground: Ground) -> dict[str, object]:
    await ground.conn.execute("SET track_functions = 'all'")
    kinds: dict[str, tuple[Callable[[], Iterable[list[Decided]]], Outcome]] = {
        "paid": (ground.paid, Outcome.REWARDED),
        "repeat": (lambda: ground.repeats(1), Outcome.ALREADY_CLAIMED),
        "repeat_equal": (lambda: ground.repeats(1), Outcome.ALREADY_CLAIMED),
        "repeat_by_another": (lambda: ground.repeats(2), Outcome.ALREADY_CLAIMED),
    }
    return {name: await _time(ground, *kind) for name, kind in kinds.items()}


async def _time(
    ground: Ground, plan: Callable[[], Iterable[list[Decided]]], outcome: Outcome
) -> dict[str, object]:
    batches, scans = list(plan()), len(ground.codes)
    process = Path(f"/proc/{ground.conn.info.backend_pid}/schedstat")
    steps, wal, cpu_us = await _steps(ground), await ground.wal(), _cpu_us(process)
    began_s = time.perf_counter()
    await ground.commit(batches, outcome)
    wall_us = 1e6 * (time.perf_counter() - began_s)
    cpu_us, wal = _cpu_us(process) - cpu_us, await ground.wal() - wal
    spent = {
        name: rounded((ms - steps.get(name, 0)) * 1000 / scans)
        for name, ms in (await _steps(ground)).items()
    }
    slowest_first = sorted(spent.items(), key=lambda step: -step[1])
    return {
        "postgres_cpu_us": rounded(cpu_us / scans),
        "wall_us": rounded(wall_us / scans),
        "wal_bytes": rounded(wal / scans),
        "steps_us": {name: us for name, us in slowest_first if us >= _LEAST_US},
    }


async def _steps(ground: Ground) -> dict[str, float]:
    """Read how long each function has taken so far, in milliseconds."""
    await ground.conn.execute("SELECT pg_stat_force_next_flush()")
    await asyncio.sleep(0.1)
    return dict(await (await ground.conn.execute(_STEPS)).fetchall())


def _cpu_us(process: Path) -> float:
    """Tell the CPU time of a process so far (proc_pid_schedstat(5))."""
    return int(process.read_text().split()[0]) / 1000
