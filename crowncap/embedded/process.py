"""A server's process, whether we started it or found it running."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from crowncap.embedded.errors import (
    DoesNotStartError,
    EmbeddedServerError,
    NoSpaceError,
)

POLL_S = 0.02


class ServerProcess:
    """A running server, known by its process id."""

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        """Take a child of ours, or the id of a server that an earlier `up` left."""
        self.pid = pid
        self._child = child

    def is_alive(self) -> bool:
        """Say whether it runs; a child that ended is reaped on the way."""
        if self._child is not None:
            return self._child.poll() is None
        return is_running(self.pid)

    def how_it_ended(self) -> str:
        """Say in a few words how it ended, as far as a parent can know."""
        code = None if self._child is None else self._child.poll()
        if code is None:
            return f"process {self.pid} is gone"
        if code < 0:
            return f"process {self.pid} was ended by {signal_name(-code)}"
        return f"process {self.pid} left with exit code {code}"

    def end(self, kind: signal.Signals, *, within_s: float) -> bool:
        """Send a signal and wait; say whether the process is gone by then."""
        deadline = time.monotonic() + within_s
        if self.is_alive():
            try:
                os.kill(self.pid, kind)
            except ProcessLookupError:
                return True
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


class ServerLog:
    """A server's log file, read for what the server said since its last start."""

    def __init__(self, path: Path) -> None:
        """Take the file, which need not exist yet."""
        self.path = path
        self._start = 0

    def mark(self) -> None:
        """Remember that the next start's words begin here."""
        self._start = self.path.stat().st_size if self.path.exists() else 0

    def lines(self) -> list[str]:
        """Give the last lines since the mark, at most 64 KiB of them."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # A log that was put aside meanwhile is shorter than the mark.
            start = self._start if self._start <= size else 0
            file.seek(max(start, size - (64 << 10)))
            text = file.read().decode(errors="replace")
        return [line.strip() for line in text.splitlines() if line.strip()]


def signal_name(number: int) -> str:
    """Name a signal; not every real-time signal has a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that ended but was not reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        # Without /proc (macOS) the signal's word is all there is.
        return True
    # The state follows the command's name, which may itself hold brackets.
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def pause(cancelled: threading.Event, name: str) -> None:
    """Wait a moment; raises DoesNotStartError if the start was cancelled."""
    if cancelled.wait(POLL_S):
        raise DoesNotStartError(f"The start of {name} was cancelled.")


def explain(name: str, line: str, log: Path) -> EmbeddedServerError:
    """Turn the line of the log that matters into an error."""
    if "No space left on device" in line:
        return NoSpaceError(
            f"The disk under {log.parent} or the data is full, so {name} cannot run; "
            "make room and start again."
        )
    return DoesNotStartError(f"{name} does not start: {line} (its log is {log})")
