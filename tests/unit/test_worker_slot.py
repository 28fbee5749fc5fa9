"""What the supervisor takes a worker to be doing."""

import multiprocessing
from typing import cast

from granian.server.mp import WorkerProcess

from crowncap.worker_processes import Slot
from crowncap.worker_reports import BEAT


def test_a_beat_from_before_the_stop_makes_no_worker_serve_again() -> None:
    """It was in the pipe when the worker was told; the next one has to wait."""
    reports, worker = multiprocessing.Pipe(duplex=False)
    slot = Slot(0, process=cast("WorkerProcess", object()), reports=reports)
    assert not slot.is_up()
    worker.send_bytes(BEAT)
    slot.listen(1.0)
    assert slot.is_up()
    worker.send_bytes(BEAT)
    slot.leave_by_s = 16.0
    slot.listen(2.0)
    assert slot.heard_s == 2.0
    assert not slot.is_up()
