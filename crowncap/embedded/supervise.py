"""Watching the embedded servers and starting again what died."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from crowncap.embedded.errors import EmbeddedServerError
from crowncap.embedded.paths import Say

OnRestart = Callable[[str], None]


class Server(Protocol):
    """What can be watched."""

    name: str

    def start(self, cancelled: threading.Event) -> None:
        """Start it and wait until it answers; raises EmbeddedServerError."""

    def is_alive(self) -> bool:
        """Say whether it runs."""

    def how_it_ended(self) -> str:
        """Say in a few words how it ended."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How eagerly a dead server is started again; every duration in seconds."""

    look_every_s: float = 0.25
    first_delay_s: float = 0.1
    longest_delay_s: float = 5.0
    many: int = 5
    window_s: float = 60.0
    delay_after_many_s: float = 30.0

    def delay_s(self, troubles: int) -> float:
        """Give how long to wait when there were so many troubles in the window."""
        if troubles > self.many:
            return self.delay_after_many_s
        return min(self.first_delay_s * 2.0 ** (troubles - 1), self.longest_delay_s)


class Supervisor:
    """A thread a server, so that a slow recovery of one does not blind the other."""

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        say: Say,
        on_restart: OnRestart,
        policy: RestartPolicy,
    ) -> None:
        """Take the servers, which run already; `on_restart` gets a server's name.

        Both callbacks are called in a thread of the supervisor.
        """
        self._say = say
        self._on_restart = on_restart
        self._policy = policy
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._watch,
                args=(server,),
                name=f"watch-{server.name}",
                daemon=True,
            )
            for server in servers
        ]

    def start(self) -> None:
        """Begin to watch."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop watching, and break off a restart that is under way.

        What follows a restart is not waited for: it may take as long as it likes.
        """
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, server: Server) -> None:
        troubles: deque[float] = deque()
        while not self._stopping.wait(self._policy.look_every_s):
            try:
                if server.is_alive():
                    continue
                how = server.how_it_ended()
            except Exception as error:  # noqa: BLE001 - the watch outlives any fault
                self._tell_user(f"Looking after {server.name} failed: {error!r}")
                self._stopping.wait(self._policy.longest_delay_s)
                continue
            self._tell_user(
                f"{server.name} stopped unexpectedly ({how}); starting it again."
            )
            self._revive(server, troubles, how)

    def _revive(self, server: Server, troubles: deque[float], reason: str) -> None:
        """Try until it runs; say clearly what is wrong once it failed often."""
        began = time.monotonic()
        while True:
            self._count(troubles)
            if len(troubles) > self._policy.many:
                self._complain(server, len(troubles), reason)
            if self._stopping.wait(self._policy.delay_s(len(troubles))):
                return
            try:
                server.start(self._stopping)
            except (EmbeddedServerError, OSError) as error:
                reason = str(error)
                continue
            except Exception as error:  # noqa: BLE001 - the watch outlives any fault
                reason = repr(error)
                continue
            took_s = time.monotonic() - began
            self._tell_user(f"{server.name} is back after {took_s:.1f} s.")
            # Meanwhile the server is watched again: it may die a second time.
            threading.Thread(
                target=self._call_hook,
                args=(server.name,),
                name=f"after-{server.name}",
                daemon=True,
            ).start()
            return

    def _count(self, troubles: deque[float]) -> None:
        now = time.monotonic()
        troubles.append(now)
        while troubles[0] < now - self._policy.window_s:
            troubles.popleft()

    def _complain(self, server: Server, failures: int, reason: str) -> None:
        self._tell_user(
            f"{server.name} failed {failures} times within a minute and is now tried "
            f"every {self._policy.delay_after_many_s:.0f} s. The last reason: {reason}"
        )

    def _call_hook(self, name: str) -> None:
        try:
            self._on_restart(name)
        except Exception as error:  # noqa: BLE001 - the watch outlives a caller's fault
            self._tell_user(
                f"{name} runs again, but what should follow failed: {error!r}"
            )

    def _tell_user(self, line: str) -> None:
        # Neither a terminal that was closed nor one that knows no such letter ends it.
        with contextlib.suppress(Exception):
            self._say(line)
