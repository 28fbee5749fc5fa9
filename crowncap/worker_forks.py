"""What workers are forked from: a process that has imported the application.

Imported there, as the last of what it imports (see crowncap.worker_processes). No
thread, loop or connection of ours is alive in it, so that none is half copied.
"""

import os
import signal
from pathlib import Path


def _forget_own_metrics() -> None:
    """Remove what metrics noted as they were made: this process serves nobody.

    They see that they were forked, and begin anew in files of the worker.
    """
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory is not None:
        for path in Path(directory).glob(f"*_{os.getpid()}.db"):
            path.unlink()


def _obey_again() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


_forget_own_metrics()
# A stop that everybody is told of, as by systemd, is for the supervisor and the
# workers; this one has to tell how those ended, and leaves when they are gone.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.register_at_fork(after_in_child=_obey_again)
