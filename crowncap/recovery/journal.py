"""What stands outside PostgreSQL so that a restored one can be told what it forgot.

Beside the marks of the newest change, batch, audit entry and scan
(`codegen.keyring.HighWaterMark`) lies a journal: one JSON line for each void, recall,
revoked token and change of an epoch, since those must not be forgotten. Each worker
brings both up to date every second; what is marked is on the disk of this machine.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.keyring import HighWaterMark, Newest
from crowncap.recovery import store

_INTERVAL_S = 1.0

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Journal:
    """The file of what must not be forgotten, one JSON object a line."""

    path: Path

    @classmethod
    def beside(cls, high_water: HighWaterMark) -> "Journal":
        """Find the journal that belongs to a mark."""
        return cls(high_water.path.with_name("changes.jsonl"))

    def append(self, entries: list[dict[str, Any]]) -> None:
        """Write entries durably; what a crash cut short is closed by a line feed."""
        if not entries:
            return
        lines = "".join(json.dumps(entry) + "\n" for entry in entries)
        if not self._ends_whole():
            lines = "\n" + lines
        with os.fdopen(
            os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w"
        ) as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the entries; a line that cannot be read raises the alarm, once each."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    entry = json.loads(line)
                    assert isinstance(entry["number"], int)
                    yield entry
                except (ValueError, KeyError, TypeError, AssertionError):
                    log.error(
                        "journal_line_unreadable", file=str(self.path), line=number
                    )

    def _ends_whole(self) -> bool:
        if not self.path.exists() or not self.path.stat().st_size:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


async def keep_journal(engine: AsyncEngine, high_water: HighWaterMark) -> None:
    """Bring marks and journal up to date, until cancelled."""
    while True:
        await asyncio.sleep(_INTERVAL_S)
        try:
            await note_newest(engine, high_water)
        except Exception as fault:  # noqa: BLE001 - PostgreSQL or the disk; go on
            log.warning("journal_not_kept", cause=fault)


async def note_newest(engine: AsyncEngine, high_water: HighWaterMark) -> None:
    """Write down what is new: first the entries, then the marks that cover them."""
    known = high_water.newest()
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        found = await store.read_newest(conn)
        told = found.at_least(await store.load_answered(conn))
        entries = await store.read_entries(conn, known)
    if told.is_behind(known):
        # A start freezes such a database; here it can only be told to somebody.
        log.error(
            "database_older_than_its_marks",
            mend="It was put back under running workers. Stop them and start again.",
        )
    if known.is_behind(found):
        await asyncio.to_thread(_write, high_water, entries, found)


def _write(
    high_water: HighWaterMark, entries: list[dict[str, Any]], found: Newest
) -> None:
    with high_water.locked() as newest:
        # Another worker of this machine may have been here meanwhile.
        fresh = [entry for entry in entries if not _is_known(entry, newest)]
        Journal.beside(high_water).append(fresh)
        high_water.raise_newest(found)


def _is_known(entry: dict[str, Any], newest: Newest) -> bool:
    mark = newest.change if entry["kind"] in {"void", "recall"} else newest.audit
    return int(entry["number"]) <= mark
