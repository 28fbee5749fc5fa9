"""Backtests: a version of the rules on scans of a span of time, as a job; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from anti_fraud.domain.trials import Trial

# So many may be unfinished at once, of all versions; the table has as many places.
MOST_AT_ONCE: Final = 3
# A sample takes some of so many parts of all scans, spread evenly.
PARTS: Final = 10_000
MOST_DAYS: Final = timedelta(days=400)
# No installation believes scans that arrive later than this after their own time.
MOST_LATE: Final = timedelta(hours=400)


class BacktestState(StrEnum):
    """How far a backtest has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED: Final = frozenset({BacktestState.WAITING, BacktestState.RUNNING})


class BacktestFault(StrEnum):
    """Why a backtest failed."""

    # A version that it is about can't be read by this Crowncap.
    UNREADABLE = "unreadable"
    # A fault of ours, which the log tells.
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Backtest:
    """A backtest as it stands: what it is about, and what it has counted.

    Scans after `first_scan` and up to `upto_scan` are looked at, up to `after_scan` by
    now; of PARTS parts of them `parts`; those count whose own time is in the span.
    """

    backtest_id: int
    version: int
    # What was active when it was asked for, and is compared with.
    live_version: int
    state: BacktestState
    from_at: datetime
    to_at: datetime
    parts: int
    first_scan: int
    after_scan: int
    upto_scan: int
    trial: Trial
    fault: BacktestFault | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None

    @property
    def sample(self) -> float:
        """Tell which share of the scans is tried."""
        return self.parts / PARTS

    @property
    def progress(self) -> float:
        """Tell which share of its time is counted; scans' numbers are times."""
        if self.state is BacktestState.DONE:
            return 1.0
        whole = self.upto_scan - self.first_scan
        return (self.after_scan - self.first_scan) / whole if whole > 0 else 0.0
