"""What a worker process tells the supervisor that started it, and when it ends itself.

So does what runs beside the workers. One pipe from each: a beat a second while its
event loop turns, and why it could not start. The supervisor can log nothing better than
what it has heard here.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from core.db import DATABASE_AWAY, why_away
from core.errors import MisconfiguredError
from core.log import configure_logging

BEAT_EVERY_S = 1.0
BEAT = b"beat"
FAULT = b"fault:"
# Shorter than what a pipe takes in one piece.
MAX_SENTENCE = 2_000
# As long as the supervisor itself waits for a worker that it told to stop.
LAST_WORDS_S = 15.0

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class WorkerReports:
    """The worker's end of the pipe; telling never waits and never fails."""

    sender: Connection | None = None

    def beat(self) -> None:
        """Say that the worker serves."""
        self._send(BEAT)

    def failed(self, fault: BaseException) -> None:
        """Say why this worker cannot go on, in the log and to the supervisor."""
        sentence, is_known = sentence_of(fault)
        log.error("worker_failed", cause=sentence, exc_info=None if is_known else fault)
        self._send(FAULT + sentence.encode()[:MAX_SENTENCE])

    @asynccontextmanager
    async def telling_failure(self) -> AsyncIterator[None]:
        """Tell what keeps the worker from starting, and let it through."""
        try:
            yield
        except Exception as fault:
            self.failed(fault)
            raise

    async def beat_forever(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_EVERY_S)

    def _send(self, message: bytes) -> None:
        if self.sender is not None:
            # Full, since the supervisor is stopped; or gone, and so will be the worker.
            with suppress(OSError):
                self.sender.send_bytes(message)


def sentence_of(fault: BaseException) -> tuple[str, bool]:
    """Say what is wrong; and whether that is enough without a trace."""
    if isinstance(fault, MisconfiguredError):
        return str(fault), True
    if isinstance(fault, DATABASE_AWAY):
        return f"Cannot reach the database: {why_away(fault)}", True
    if isinstance(fault, DBAPIError | psycopg.Error):
        cause, why = getattr(fault, "orig", fault), why_away(fault)
        sqlstate = getattr(cause, "sqlstate", None) or ""
        # Class 42: a table, column or function is missing, or a right to it.
        if sqlstate.startswith("42"):
            sentence = "The database is not as this version needs it, or its role may"
            return f"{sentence} not do what it must; migrate, grant again: {why}", True
        return f"The database refused: {why}", False
    return f"{type(fault).__name__}: {fault}".replace("\n", " "), False


def begin_work(target: str, name: str, sender: Connection) -> Any:
    """Call `module:function` in a new process with its reports, and give what it gives.

    A worker's makes the application. Tells why if it fails. The process takes a name of
    at most 15 letters, which `ps` and `top` show.
    """
    # Elsewhere than on Linux it keeps Python's.
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")
    configure_logging()
    os.set_blocking(sender.fileno(), False)
    reports = WorkerReports(sender)
    _end_with_parent()
    try:
        module, _, function = target.partition(":")
        return getattr(import_module(module), function)(reports)
    except Exception as fault:  # noqa: BLE001 - told, and the process ends
        reports.failed(fault)
        sys.exit(1)


def _end_with_parent() -> None:
    """Stop when the process that started this one is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(
        target=_watch_parent, args=(parent.sentinel,), name="watch-parent", daemon=True
    ).start()


def _watch_parent(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    # A worker that hangs hears no SIGTERM; nobody is left to kill it but itself.
    threading.Event().wait(LAST_WORDS_S)
    os.kill(os.getpid(), signal.SIGKILL)
