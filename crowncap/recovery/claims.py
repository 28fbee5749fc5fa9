"""Which codes were claimed, written beside PostgreSQL within a second.

Sixteen bytes a claim, in a file a month and worker: scan_id and code_id, little-endian.
A database that is restored learns from them which codes were claimed after its backup.
Files of months before the oldest backup may be deleted.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from core.clock import utc_datetime
from core.ids import first_id_at, time_of_id

_INTERVAL_S = 1.0
_CLAIM = np.dtype([("scan_id", "<i8"), ("code_id", "<i8")])
# So much is read at once.
_CLAIMS_A_SLICE = 1 << 20
# What waits for a full disk; more than this is forgotten, and said.
_MAX_WAITING = 1_000_000
_OUT_OF_ORDER_MS = 60_000

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class ClaimJournal:
    """Takes claims as they are made, and writes them down behind."""

    directory: Path
    _waiting: list[tuple[int, int]] = field(default_factory=list)

    def note(self, claims: Sequence[tuple[int, int]]) -> None:
        """Take (scan_id, code_id) of claims that were committed."""
        self._waiting.extend(claims)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, durably; what cannot be written waits on."""
        if not self._waiting:
            return
        taken, self._waiting = self._waiting, []
        try:
            await asyncio.to_thread(self._write, taken)
        except OSError as fault:
            log.error("claims_not_written", claims=len(taken), cause=fault)
            if len(taken) + len(self._waiting) <= _MAX_WAITING:
                self._waiting = taken + self._waiting

    def _write(self, claims: list[tuple[int, int]]) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        records = np.array(claims, _CLAIM)
        path = self.directory / f"{_month_of(claims[0][0])}-{os.getpid()}.claims"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            # A crash may have cut the last record short; it was never whole.
            file.seek(os.fstat(descriptor).st_size // _CLAIM.itemsize * _CLAIM.itemsize)
            file.truncate()
            file.write(records.tobytes())
            file.flush()
            os.fsync(descriptor)


def claims_after(directory: Path, scan_id: int) -> Iterator[NDArray[np.int64]]:
    """Yield the code_ids that were claimed by scans after one, a slice at a time.

    And by those of a minute before it: scans are committed in another order than that
    in which their ids were chosen.
    """
    after = first_id_at(time_of_id(scan_id) - _OUT_OF_ORDER_MS)
    # A second's claims stand in the file of the month in which the second began.
    first = _month_of(first_id_at(time_of_id(scan_id) - 86_400_000))
    for path in sorted(directory.glob("*.claims")):
        if path.name < first:
            continue
        with path.open("rb") as file:
            while content := file.read(_CLAIMS_A_SLICE * _CLAIM.itemsize):
                whole = len(content) // _CLAIM.itemsize
                records = np.frombuffer(content, _CLAIM, count=whole)
                later = records["code_id"][records["scan_id"] > after]
                if len(later):
                    yield later.astype(np.int64)


def _month_of(scan_id: int) -> str:
    return f"{utc_datetime(time_of_id(scan_id)):%Y-%m}"
