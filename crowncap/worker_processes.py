"""The worker processes: started, watched, and started again for ever.

They are forked from a process that has imported the application once, and so serve
within a fraction of a second. Granian words what they run, and stops them. It would
also end everything when a worker ends twice within seconds, which a PostgreSQL that
refuses for a moment is enough for; so what to do about an ended worker is decided here.

Beside them runs what serves nobody, as jobs: forked, watched and stopped alike.
"""

import multiprocessing
import resource
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from multiprocessing.connection import Connection, wait
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server.mp import MPServer, WorkerProcess

from core.clock import elapsed_s
from crowncap.embedded.process import signal_name
from crowncap.worker_reports import BEAT, FAULT, begin_work

KILL_TIMEOUT_S = 15
BACKLOG = 2048
# Connections that a worker holds at most, idle ones and unfinished headers included.
# Past these it accepts none, so they are far more than requests (crowncap.admission).
CONNECTIONS = 16_384
# A connection on which no whole header came for so long is closed.
HEADER_WITHIN_MS = 10_000
_OTHER_FILES = 512
_FORKS = multiprocessing.get_context("forkserver")

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """Where and how widely to serve."""

    host: str
    port: int
    workers: int


@dataclass(frozen=True, slots=True)
class WorkerPolicy:
    """How workers are started again and what they may take; all in seconds."""

    look_every_s: float = 0.25
    first_delay_s: float = 0.1
    longest_delay_s: float = 30.0
    # A worker that served for so long was sound: its end is the first trouble.
    steady_s: float = 10.0
    # Until a worker serves, and between its beats when it does.
    start_within_s: float = 300.0
    silent_for_s: float = 60.0

    def delay_s(self, troubles: int) -> float:
        """Give how long to wait after so many short lives in a row."""
        # A double has room for 2^1023, a crash loop has longer.
        growth = 2.0 ** min(troubles - 1, 60)
        return min(self.first_delay_s * growth, self.longest_delay_s)


@dataclass(frozen=True, slots=True)
class Beside:
    """What runs beside the workers in one process: `module:function`, and its name."""

    target: str
    name: str


@dataclass(slots=True)
class Slot:
    """The place of one process, which a new one takes when the old one ended."""

    index: int
    beside: Beside | None = None
    process: WorkerProcess | None = None
    reports: Connection | None = None
    # When it was started, its first and last beat were heard, what it said is wrong.
    started_s: float = 0.0
    ready_s: float | None = None
    heard_s: float | None = None
    fault: str | None = None
    # When to start the next one, and how many in a row did not last.
    due_s: float = 0.0
    troubles: int = 0
    # By when it has to be gone, once it was told to.
    leave_by_s: float | None = None

    @property
    def name(self) -> int | str:
        """Say in the log which one it is: a worker by its number."""
        return self.index + 1 if self.beside is None else self.beside.name

    def listen(self, now_s: float) -> None:
        """Take in what the worker has told."""
        try:
            while self.reports is not None and self.reports.poll():
                message = self.reports.recv_bytes()
                if message == BEAT:
                    self.ready_s = self.ready_s or now_s
                    self.heard_s = now_s
                elif message.startswith(FAULT):
                    sentence = message.removeprefix(FAULT)
                    self.fault = sentence.decode(errors="replace")
        except (EOFError, OSError):
            # Nobody is at the other end any more; that it ended is seen elsewhere.
            self.reports = None

    def is_up(self) -> bool:
        """Tell whether it works and was not told to stop.

        A beat of one that was told to may still lie in the pipe.
        """
        return (
            self.process is not None
            and self.heard_s is not None
            and self.leave_by_s is None
        )

    def what_is_overdue(self, policy: WorkerPolicy, now_s: float) -> str | None:
        """Tell what the worker should have done by now."""
        if self.leave_by_s is not None:
            if now_s <= self.leave_by_s:
                return None
            return "It did not stop in time when it was told to."
        if self.heard_s is None:
            if now_s - self.started_s <= policy.start_within_s:
                return None
            return f"It does not serve {policy.start_within_s:g} s after its start."
        if now_s - self.heard_s <= policy.silent_for_s:
            return None
        return f"Its event loop has not turned for {policy.silent_for_s:g} s."


class WorkerProcesses(MPServer):
    """Granian's processes under this policy, safe to interrupt twice.

    Its own handlers set an event inside the signal, where the main thread may hold the
    event's lock: a second Ctrl-C, or an unlucky first one, would wait for itself. Here
    a signal leaves a note, which the loop reads a moment later.
    """

    def __init__(
        self,
        target: str,
        serving: Serving,
        policy: WorkerPolicy | None = None,
        *,
        beside: Sequence[Beside] = (),
        on_serving: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve `target`, as in `module:function`, which is given the reports.

        So is what runs `beside`; it returns when its process is to end.
        `on_serving` is called once, when the first worker serves.
        """
        super().__init__(
            target,
            address=serving.host,
            port=serving.port,
            interface=Interfaces.ASGI,
            workers=serving.workers,
            loop=Loops.uvloop,
            factory=True,
            # Of HTTP/2 nothing is bounded by time; proxies speak HTTP/1.1.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_WITHIN_MS),
            backlog=BACKLOG,
            backpressure=_allow_files(),
            websockets=False,
            log_access=False,
            log_enabled=False,
            workers_kill_timeout=KILL_TIMEOUT_S,
        )
        # Ends are seen below; what Granian notes would make a stop look like a fault.
        self.interrupt_children = deque[int](maxlen=0)  # type: ignore[assignment]
        targets = [target, *(each.target for each in beside)]
        modules = [each.partition(":")[0] for each in targets]
        _FORKS.set_forkserver_preload([*modules, "crowncap.worker_forks"])
        self._policy = policy or WorkerPolicy()
        runs = [*repeat(None, self.workers), *beside]
        self._slots = [Slot(index, each) for index, each in enumerate(runs)]
        self._to_renew: deque[Slot] = deque()
        self._on_serving: Callable[[], None] | None = on_serving

    def signal_handler_interrupt(self, *_: Any, **__: Any) -> None:
        """Note the wish to stop."""
        self.interrupt_signal = True

    def signal_handler_reload(self, *_: Any, **__: Any) -> None:
        """Note the wish for new workers."""
        self.reload_signal = True

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        """Start every process for the first time."""
        del target_loader
        for slot in self._slots:
            self._start(slot, spawn_target)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        """Look after each process until told to stop."""
        del target_loader
        while True:
            # Until one ends, or there may be something else to see.
            wait([each.inner.sentinel for each in self.wrks], self._policy.look_every_s)
            if self.interrupt_signal:
                # A Ctrl-C reaches the workers too; their ends are nothing to mend.
                break
            if self.reload_signal:
                self.reload_signal = False
                self._to_renew = deque(self._slots)
            self._renew_next()
            for slot in self._slots:
                try:
                    self._tend(slot, spawn_target)
                except Exception as fault:
                    log.error("worker_not_tended", worker=slot.name, exc_info=fault)
            self._tell_once()

    def _tell_once(self) -> None:
        tell = self._on_serving
        workers = self._slots[: self.workers]
        if tell is not None and any(slot.is_up() for slot in workers):
            self._on_serving = None
            try:
                tell()
            except Exception as fault:
                # It serves all the same.
                log.error("not_greeted", exc_info=fault)

    def _tend(self, slot: Slot, spawn_target: Any) -> None:
        if slot.process is not None:
            self._look(slot, slot.process)
        elif elapsed_s() >= slot.due_s:
            self._start(slot, spawn_target)

    def _start(self, slot: Slot, spawn_target: Any) -> None:
        slot.started_s, slot.ready_s, slot.heard_s = elapsed_s(), None, None
        slot.fault, slot.leave_by_s = None, None
        try:
            receiver, sender = multiprocessing.Pipe(duplex=False)
            process = self._word(slot, spawn_target, sender)
            # Not by its own start(), whose thread would wait for the end as well: how
            # a forked process ended can be heard once.
            process.inner.start()
        except (OSError, EOFError, RuntimeError) as fault:
            # No more processes, files or memory for now, or nothing to fork from.
            self._wait_and_try(slot)
            log.error(
                "worker_not_started",
                worker=slot.name,
                cause=str(fault),
                again_in_s=round(slot.due_s - elapsed_s(), 1),
            )
            return
        sender.close()
        slot.process, slot.reports = process, receiver
        self._note_processes()

    def _word(self, slot: Slot, spawn_target: Any, sender: Connection) -> WorkerProcess:
        """Say what a process runs; it is not started yet."""
        loader = partial(begin_work, self.target, "crowncap worker", sender)
        process = self._spawn_worker(slot.index, spawn_target, loader)
        run, args = spawn_target, _args_of(process)
        if slot.beside is not None:
            name = f"crowncap {slot.beside.name}"
            run, args = begin_work, (slot.beside.target, name, sender)
        process.inner = _FORKS.Process(target=run, args=args)
        return process

    def _look(self, slot: Slot, process: WorkerProcess) -> None:
        slot.listen(elapsed_s())
        exit_code = process.inner.exitcode
        if exit_code is not None:
            self._note_end(slot, process, exit_code)
            return
        overdue = slot.what_is_overdue(self._policy, elapsed_s())
        if overdue is not None:
            slot.fault = overdue
            # Not by its own kill(), which would say that the end was wished.
            process.inner.kill()

    def _note_end(self, slot: Slot, process: WorkerProcess, exit_code: int) -> None:
        slot.listen(elapsed_s())
        lived_s = elapsed_s() - slot.started_s
        if slot.leave_by_s is None or slot.fault is not None:
            served_s = 0.0 if slot.ready_s is None else elapsed_s() - slot.ready_s
            if served_s >= self._policy.steady_s:
                slot.troubles = 0
            self._wait_and_try(slot)
            log.error(
                "worker_ended",
                worker=slot.name,
                pid=process.inner.pid,
                how=_how_it_ended(exit_code),
                cause=slot.fault,
                lived_s=round(lived_s, 1),
                again_in_s=round(slot.due_s - elapsed_s(), 1),
            )
        slot.process, slot.reports = None, None
        self._note_processes()

    def _wait_and_try(self, slot: Slot) -> None:
        slot.troubles += 1
        slot.due_s = elapsed_s() + self._policy.delay_s(slot.troubles)

    def _renew_next(self) -> None:
        """After a SIGHUP: end one process at a time, when all others are up."""
        if self._to_renew and all(slot.is_up() for slot in self._slots):
            slot = self._to_renew.popleft()
            assert slot.process is not None
            slot.leave_by_s = elapsed_s() + KILL_TIMEOUT_S
            slot.process.terminate()  # type: ignore[no-untyped-call]

    def _note_processes(self) -> None:
        """Tell Granian whom it has to stop at the end."""
        self.wrks = [slot.process for slot in self._slots if slot.process is not None]


def _allow_files() -> int:
    """Raise the limit of open files as far as allowed; gives what connections may use.

    The workers inherit it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(wanted - _OTHER_FILES, wanted // 2)


def _args_of(process: WorkerProcess) -> tuple[Any, ...]:
    """Give what Granian would have handed to a process of its own."""
    # Its class for processes cannot be chosen, and what they are given is its own.
    return process.inner._args  # type: ignore[no-any-return] # noqa: SLF001


def _how_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    return f"ended by {signal_name(-exit_code)}"
