"""What an operator watches, over workers that come and go."""

import os
import subprocess
import sys
from pathlib import Path

from scan_api.pipeline.metrics import forget_dead_workers


def test_the_gauges_of_a_killed_worker_are_dropped(tmp_path: Path) -> None:
    """A worker that died while Redis was away must not say so for ever."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = tmp_path / f"gauge_livemin_{os.getpid()}.db"
    counters = tmp_path / f"counter_{dead.pid}.db"
    gone = tmp_path / f"gauge_livemin_{dead.pid}.db"
    for path in (kept, counters, gone):
        path.touch()
    forget_dead_workers(tmp_path)
    assert kept.exists()
    assert counters.exists()
    assert not gone.exists()
