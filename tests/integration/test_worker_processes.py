"""Workers that end, hang or never start: the service goes on and says why."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from crowncap.embedded.process import is_running
from tests.fixtures.bad_workers import SUPERVISE
from tests.fixtures.processes import free_port, origins_of, wait_for, workers_of

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Rig:
    """A supervisor with two workers, and the file that says how new ones behave."""

    directory: Path
    process: subprocess.Popen[bytes]
    http: httpx.Client

    def behave(self, how: str) -> None:
        """Let workers that start from now on behave so."""
        # At once: a worker that starts meanwhile must not read half of it.
        fresh = self.directory / "behaviour.new"
        fresh.write_text(how, encoding="utf-8")
        fresh.replace(self.directory / "behaviour")

    def workers(self) -> set[int]:
        """Give the worker processes."""
        return set(workers_of(self.process.pid))

    def origin(self) -> int:
        """Give the process that workers are forked from."""
        [pid] = origins_of(self.process.pid)
        return pid

    def answering(self) -> set[int]:
        """Ask on a few connections which workers answer."""
        found = set()
        for _ in range(12):
            with contextlib.suppress(httpx.TransportError):
                found.add(int(self.http.get("/").text))
        return found

    def log(self, event: str) -> list[dict[str, Any]]:
        """Give the lines of one event; every line has to be JSON."""
        text = (self.directory / "log").read_text(encoding="utf-8")
        # What follows the last newline is a line that is being written.
        lines = [json.loads(line) for line in text.split("\n")[:-1]]
        return [line for line in lines if line["event"] == event]

    def wait_for_two(self) -> set[int]:
        """Wait until two workers answer; gives them."""
        found = set[int]()

        def are_there() -> bool:
            # The kernel chooses who is asked: asked once more, it may be one alone.
            nonlocal found
            found = self.answering()
            return len(found) == 2

        wait_for(are_there, what="two workers")
        return found

    @contextlib.contextmanager
    def ending(self, count: int, **words: Any) -> Iterator[None]:
        """Let something happen, and wait until so many ends with these words follow."""
        before = len(self.log("worker_ended"))
        yield

        def has_come() -> bool:
            fresh = self.log("worker_ended")[before:]
            return sum(words.items() <= end.items() for end in fresh) >= count

        wait_for(has_come, what=f"{count} ends with {words}")


MakeRig = Callable[[str], Rig]


@pytest.fixture(scope="module")
def make_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRig]:
    """Give a way to start supervisors; each ends with the module."""
    with contextlib.ExitStack() as stack:

        def make(policy: str) -> Rig:
            directory, port = tmp_path_factory.mktemp("rig"), free_port()
            (directory / "behaviour").write_text("well", encoding="utf-8")
            log = stack.enter_context((directory / "log").open("wb"))
            process = subprocess.Popen(
                [
                    *(sys.executable, "-c", SUPERVISE),
                    *(str(port), directory / "behaviour", policy),
                ],
                cwd=ROOT,
                stderr=log,
            )
            # Each request on a connection of its own, since those choose the worker.
            http = httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"connection": "close"},
                timeout=10,
            )
            rig = Rig(directory, process, stack.enter_context(http))
            stack.callback(end, rig)
            return rig

        yield make


def end(rig: Rig) -> None:
    """End what a failed test left."""
    for pid in (*rig.workers(), rig.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    rig.process.wait()


@pytest.fixture(scope="module")
def shared_rig(make_rig: MakeRig) -> Rig:
    """Run one supervisor for all tests that leave it sound."""
    return make_rig("patient")


@pytest.fixture
def rig(shared_rig: Rig) -> Rig:
    """Give the shared supervisor, whatever a failed test left."""
    shared_rig.behave("well")
    return shared_rig


def test_workers_that_cannot_start_are_started_again_until_they_can(rig: Rig) -> None:
    """All at once, again and again: the service comes back by itself, and says why."""
    pids = rig.wait_for_two()
    wait_for(lambda: bool(rig.log("greeted")))
    for behaviour, how, cause in (
        ("misconfigured", "exit code 1", "The key of epoch 7 is missing."),
        ("refused", "exit code 1", "PostgreSQL refuses."),
        ("broken", "exit code 1", "ZeroDivisionError: "),
        ("leaves", "exit code 3", None),
    ):
        rig.behave(behaviour)
        with rig.ending(3, how=how, cause=cause):
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        if cause is not None:
            assert any(line["cause"] == cause for line in rig.log("worker_failed"))
        pids = set()
    assert rig.answering() == set()
    rig.behave("well")
    rig.wait_for_two()
    assert rig.process.poll() is None
    # Said once, when there was somebody to answer.
    assert [line["answered"] for line in rig.log("greeted")] == [200]


def test_a_worker_that_keeps_dying_does_not_disturb_the_other(rig: Rig) -> None:
    """Killed as fast as it comes; its neighbour answers all the while."""
    neighbour, *victims = sorted(rig.wait_for_two())
    for _ in range(4):
        wait_for(lambda: len(rig.workers()) == 2)
        [victim] = rig.workers() - {neighbour}
        with rig.ending(1, pid=victim, how="ended by SIGKILL"):
            os.kill(victim, signal.SIGKILL)
        assert neighbour in rig.answering()
    assert neighbour in rig.wait_for_two()
    assert not set(victims) & rig.workers()


def test_each_worker_is_renewed_after_a_hangup(rig: Rig) -> None:
    """One after the other, so that one always answers; none of it is a fault."""
    before, ends = rig.wait_for_two(), len(rig.log("worker_ended"))
    rig.process.send_signal(signal.SIGHUP)
    wait_for(lambda: bool(rig.answering()) and not before & rig.workers())
    assert not before & rig.wait_for_two()
    assert len(rig.log("worker_ended")) == ends


def test_a_stop_while_workers_wait_for_their_next_start_is_a_stop(
    make_rig: MakeRig,
) -> None:
    """With one worker alive and one away, asked twice: it ends well, nothing stays."""
    rig = make_rig("patient")
    first, second = rig.wait_for_two()
    rig.behave("misconfigured")
    with rig.ending(3):
        os.kill(first, signal.SIGKILL)
    rig.process.send_signal(signal.SIGINT)
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(timeout=30) == 0
    wait_for(lambda: not is_running(second))


def test_workers_whose_supervisor_was_killed_end_themselves(make_rig: MakeRig) -> None:
    """Those that serve and those that still start."""
    rig = make_rig("patient")
    first, _ = rig.wait_for_two()
    rig.behave("hangs")
    with rig.ending(1):
        os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(rig.workers()) == 2)
    workers = rig.workers()
    # The new one has to have got as far as to hang.
    wait_for(lambda: any(map(sleeps, workers)))
    rig.process.kill()
    rig.process.wait()
    wait_for(lambda: not any(map(is_running, workers)))


def test_workers_whose_origin_was_killed_are_replaced(make_rig: MakeRig) -> None:
    """How they end could not be heard any more, so they end, and others come."""
    rig = make_rig("patient")
    before = rig.wait_for_two()
    with rig.ending(2):
        os.kill(rig.origin(), signal.SIGKILL)
    wait_for(lambda: not any(map(is_running, before)))
    assert not before & rig.wait_for_two()


def test_what_workers_are_forked_from_outlasts_a_stop_of_everybody(rig: Rig) -> None:
    """As systemd tells every process at once: how workers ended has to be heard."""
    before, ends = rig.wait_for_two(), len(rig.log("worker_ended"))
    origin = rig.origin()
    os.kill(origin, signal.SIGTERM)
    rig.process.send_signal(signal.SIGHUP)
    wait_for(lambda: bool(rig.answering()) and not before & rig.workers())
    rig.wait_for_two()
    assert (rig.origin(), len(rig.log("worker_ended"))) == (origin, ends)


def sleeps(pid: int) -> bool:
    """Tell whether a thread watches for the parent, as from the first moment on."""
    names = [
        path.read_text(encoding="utf-8").strip()
        for path in Path(f"/proc/{pid}/task").glob("*/comm")
    ]
    return len(names) > 1


def test_a_worker_that_hangs_is_killed_and_replaced(make_rig: MakeRig) -> None:
    """Before it ever serves, and when its event loop stops turning."""
    rig = make_rig("strict")
    first, second = rig.wait_for_two()
    rig.behave("hangs")
    cause = "It does not serve 8 s after its start."
    with rig.ending(1, how="ended by SIGKILL", cause=cause):
        os.kill(first, signal.SIGKILL)
    assert rig.answering() == {second}
    rig.behave("well")
    assert second in rig.wait_for_two()
    cause = "Its event loop has not turned for 6 s."
    with rig.ending(1, cause=cause), contextlib.suppress(httpx.TransportError):
        rig.http.get("/stall", timeout=0.5)
    rig.wait_for_two()
