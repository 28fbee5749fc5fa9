"""The process of jobs that `crowncap up` keeps beside its workers."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Final

from crowncap.embedded.paths import Say
from crowncap.embedded.process import ServerProcess
from crowncap.embedded.supervise import RestartPolicy, Supervisor

_COMMAND: Final = ("-c", "from crowncap.cli import main; main()", "jobs")
_STOP_WITHIN_S: Final = 15.0


class JobsProcess:
    """A `crowncap jobs` that ends with us, however we end."""

    name = "The process of jobs"

    def __init__(self) -> None:
        self._process: ServerProcess | None = None

    def start(self, _cancelled: threading.Event) -> None:
        """Start it; it is not waited for, since nobody waits for jobs."""
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *_COMMAND, "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
        )
        self._process = ServerProcess(child.pid, child)

    def is_alive(self) -> bool:
        """Say whether it runs."""
        return self._process is not None and self._process.is_alive()

    def how_it_ended(self) -> str:
        """Say in a few words how it ended."""
        assert self._process is not None
        return self._process.how_it_ended()

    def stop(self) -> None:
        """Let it end what is under way, but not for ever."""
        if self._process is not None and not self._process.end(
            signal.SIGTERM, within_s=_STOP_WITHIN_S
        ):
            self._process.end(signal.SIGKILL, within_s=_STOP_WITHIN_S)


@contextlib.contextmanager
def running_jobs(say: Say) -> Iterator[None]:
    """Keep one process that runs jobs, and start it again when it ends."""
    process = JobsProcess()
    process.start(threading.Event())
    supervisor = Supervisor(
        [process], say=say, on_restart=_do_nothing, policy=RestartPolicy()
    )
    supervisor.start()
    try:
        yield
    finally:
        supervisor.stop()
        process.stop()


def _do_nothing(_name: str) -> None:
    """Leave it at that: a job is taken up from its row."""
