"""The watch over the embedded servers outlives every fault of what it watches."""

import threading
from dataclasses import dataclass, field

import pytest

from crowncap.embedded.process import signal_name
from crowncap.embedded.supervise import RestartPolicy, Supervisor
from tests.fixtures.embedded import wait_until

QUICK = RestartPolicy(look_every_s=0.01, first_delay_s=0.01, longest_delay_s=0.02)


@dataclass(slots=True)
class Unsound:
    """A server that is dead until its third start, and answers with faults."""

    name: str = "Unsound"
    starts: int = 0
    looks: int = 0
    deaths: int = 0
    restarted: list[str] = field(default_factory=list)

    def start(self, cancelled: threading.Event) -> None:
        """Fail in a way that nobody foresaw, then succeed."""
        assert not cancelled.is_set()
        self.starts += 1
        if self.starts < 3:
            raise KeyError("an unforeseen fault")

    def is_alive(self) -> bool:
        """Fail at the first look."""
        self.looks += 1
        if self.looks == 1:
            raise PermissionError("may not look")
        return self.starts - self.deaths >= 3

    def how_it_ended(self) -> str:
        """Tell nothing."""
        return "somehow"


def test_a_watch_goes_on_whatever_a_server_raises() -> None:
    """At a look and at a start; and when there is nobody left to tell."""
    server = Unsound()

    def say(line: str) -> None:
        if "back" in line:
            raise ValueError("I/O operation on closed file")

    supervisor = Supervisor(
        [server], say=say, on_restart=server.restarted.append, policy=QUICK
    )
    supervisor.start()
    wait_until(lambda: server.restarted == ["Unsound"])
    looks = server.looks
    wait_until(lambda: server.looks > looks + 3)
    supervisor.stop()


def test_what_follows_a_restart_does_not_keep_the_watch_from_the_next_death() -> None:
    """Restoring may take long; the server is watched meanwhile, and can be stopped."""
    server, never = Unsound(starts=3), threading.Event()
    calls: list[str] = []

    def restore(name: str) -> None:
        calls.append(name)
        never.wait()

    supervisor = Supervisor([server], say=print, on_restart=restore, policy=QUICK)
    supervisor.start()
    server.deaths = 1
    wait_until(lambda: len(calls) == 1)
    server.deaths = 2
    wait_until(lambda: len(calls) == 2)
    supervisor.stop()
    never.set()


@pytest.mark.parametrize(
    ("number", "name"), [(9, "SIGKILL"), (40, "signal 40"), (0, "signal 0")]
)
def test_every_signal_can_be_named(number: int, name: str) -> None:
    """A server ended by a real-time signal is started again like any other."""
    assert signal_name(number) == name
