"""Servers that a bench starts, what they cost, and their end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

START_S: Final = 240
STOP_S: Final = 30
POLL_S: Final = 0.05
ROOT: Final = Path(__file__).resolve().parent.parent
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
CROWNCAP: Final = Path(sys.executable).with_name("crowncap")


def free_port() -> int:
    """Ask the kernel for a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    command: Sequence[str | Path], log: Path, environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a session of its own, so that Ctrl-C reaches only us."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **environ},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # A second Ctrl-C must not leave servers behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            for pid in (*descendants_of(process.pid), process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a URL answers anything at all; raises RuntimeError with the log."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own http
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(POLL_S)
    text = log.read_text(errors="replace")
    raise RuntimeError(f"{process.args!r} did not start: {text[-2000:]}")


@contextlib.contextmanager
def scratch_data() -> Iterator[Path]:
    """Give a directory for `crowncap up`, and remove all that it made."""
    directory = Path(tempfile.mkdtemp(prefix="crowncap-bench-"))
    # Root lends PostgreSQL another account, which has to pass through.
    directory.chmod(0o711)
    data = directory / "data"
    try:
        yield data
    finally:
        home = data / "postgres-home"
        if home.exists():
            shutil.rmtree(home.read_text().strip(), ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """The embedded servers of a data directory, as crowncap.embedded.paths puts them.

    bench may not import crowncap, so it reads the same two password files.
    """

    database_url: str
    redis_url: str

    @classmethod
    def of(cls, data: Path, database: str) -> "StoreUrls":
        """Word the URLs for a database of that name."""
        home = data / "postgres-home"
        sockets = (
            Path(home.read_text().strip()) if home.exists() else data
        ) / "sockets"
        secrets = [
            quote((data / "keys" / f"{name}-password").read_text().strip(), safe="")
            for name in ("postgres", "valkey")
        ]
        return cls(
            f"postgresql://crowncap:{secrets[0]}@/{database}?host={sockets}&port=5432",
            f"unix://:{secrets[1]}@{sockets}/valkey.sock?db=0",
        )


# What servers cost --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    cpu_ticks: int


def _processes() -> dict[int, _Process]:
    """Read /proc/PID/stat of all; children that were waited for count too."""
    found: dict[int, _Process] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        front, _, rest = text.rpartition(")")
        pid, _, name = front.partition(" (")
        fields = rest.split()
        ticks = sum(int(field) for field in fields[11:15])
        found[int(pid)] = _Process(int(pid), int(fields[1]), name, ticks)
    return found


def children_of(parent: int) -> list[int]:
    """List the processes that a process has started."""
    return [p.pid for p in _processes().values() if p.parent == parent]


def descendants_of(root: int) -> list[int]:
    """List the processes below a process."""
    children: dict[int, list[int]] = {}
    for process in _processes().values():
        children.setdefault(process.parent, []).append(process.pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def cpu_seconds(roots: Sequence[int]) -> dict[str, float]:
    """Sum the CPU time so far of process trees: `app`, `postgres`, `valkey`."""
    processes = _processes()
    sums = {"app": 0.0, "postgres": 0.0, "valkey": 0.0}
    for root in roots:
        for pid in (root, *descendants_of(root)):
            process = processes.get(pid)
            if process is None:
                continue
            kind = "app"
            if process.name.startswith("postgres"):
                kind = "postgres"
            elif process.name.startswith(("valkey", "redis")):
                kind = "valkey"
            sums[kind] += process.cpu_ticks / TICKS_PER_S
    return sums
