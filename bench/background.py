"""Jobs behind the scans, as the world goes.

A world of two weeks is sent within minutes, so that jobs which read what is ten minutes
old would never see it. When all that was sent is answered, nothing is under way, and
they may take in all of it: every few hours of the world.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bench.inhabitants.town import DAYS, HOUR_S
from bench.sending import Deed
from bench.supply import run_crowncap

# In earnest they run every minute.
EVERY_H: Final = 6
# Workers ask each second what is new.
HEARD_AFTER_S: Final = 2.5


def job_runs(data: Path) -> Iterator[tuple[float, Deed]]:
    """Give the runs of jobs, each with its time of the world in seconds."""
    for hour in range(EVERY_H, DAYS * 24, EVERY_H):
        yield hour * HOUR_S, partial(_run, data)


def _run(data: Path) -> None:
    run_crowncap(data, "jobs", "--catch-up")
    time.sleep(HEARD_AFTER_S)
