"""Valkey, run from its wheel: only a Unix socket, only with a password, no disk."""

import signal
import threading
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crowncap.embedded.account import Account
from crowncap.embedded.errors import DoesNotStartError, EmbeddedServerError
from crowncap.embedded.paths import Places, Say
from crowncap.embedded.process import ServerLog, ServerProcess, explain, pause
from crowncap.embedded.programs import Programs

START_LIMIT_S = 30.0
STOP_LIMIT_S = 15.0
ANSWER_LIMIT_S = 5.0


class ValkeyServer:
    """One Valkey on one data directory, ours or found running."""

    name = "Valkey"

    def __init__(
        self,
        places: Places,
        account: Account,
        programs: Programs,
        password: str,
        say: Say,
    ) -> None:
        """Take where it lives and whom it runs as; nothing is started yet."""
        self._places = places
        self._account = account
        self._program = programs.valkey_server
        self._password = password
        self._say = say
        self._log = ServerLog(places.run / "valkey.log")
        self._process: ServerProcess | None = None

    def start(self, cancelled: threading.Event) -> None:
        """Start it, or take the one that listens here, and wait until it answers.

        Raises EmbeddedServerError.
        """
        pid = self._ask_for_pid()
        if pid is not None:
            self._process = ServerProcess(pid)
            self._say(f"Valkey is already running (process {pid}); using it.")
            return
        self._log.mark()
        child = self._account.spawn(
            [self._program, "-"], log=self._log.path, config=self._config()
        )
        self._process = ServerProcess(child.pid, child)
        began = time.monotonic()
        while self._ask_for_pid() != child.pid:
            if not self._process.is_alive():
                raise self._why_it_ended()
            if time.monotonic() - began > START_LIMIT_S:
                self.stop()
                raise DoesNotStartError(
                    f"Valkey does not answer after {START_LIMIT_S:.0f} seconds; its "
                    f"log is {self._log.path}"
                )
            pause(cancelled, self.name)

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        return self._process is not None and self._process.is_alive()

    def how_it_ended(self) -> str:
        """Say in a few words how it ended."""
        return "it never ran" if self._process is None else self._process.how_it_ended()

    def stop(self) -> None:
        """Stop it; there is nothing to save."""
        process, self._process = self._process, None
        if process is None:
            return
        if not process.end(signal.SIGTERM, within_s=STOP_LIMIT_S):
            process.end(signal.SIGKILL, within_s=STOP_LIMIT_S)

    def _config(self) -> bytes:
        """Word the configuration, which goes through a pipe and touches no disk.

        The filters are rebuilt from PostgreSQL, and a stale snapshot would be worse
        than none: so nothing is ever saved.
        """
        lines = (
            "port 0",
            f"unixsocket {_quoted(self._places.valkey_socket)}",
            "unixsocketperm 700",
            f'requirepass "{self._password}"',
            f"dir {_quoted(self._places.sockets)}",
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
            "daemonize no",
            'logfile ""',
        )
        return "\n".join((*lines, "")).encode()

    def _ask_for_pid(self) -> int | None:
        """Ask whoever listens here for its process id; None if nobody does.

        Raises EmbeddedServerError if it does not know our password.
        """
        path = self._places.valkey_socket
        try:
            with redis.Redis(
                unix_socket_path=str(path),
                password=self._password,
                socket_timeout=ANSWER_LIMIT_S,
                retry=Retry(NoBackoff(), 0),
            ) as client:
                info = client.info("server")
        except redis.AuthenticationError as error:
            raise EmbeddedServerError(
                f"Valkey on {path} does not know the password in "
                f"{self._places.keys / 'valkey-password'}; put back the file that "
                "belongs to it, or stop that Valkey."
            ) from error
        except redis.ConnectionError:
            return None
        except redis.RedisError as error:
            raise DoesNotStartError(f"Valkey on {path} answers: {error}") from error
        assert isinstance(info, dict)
        return int(info["process_id"])

    def _why_it_ended(self) -> EmbeddedServerError:
        lines = self._log.lines()
        # Lines with a hash are warnings; the last one says why it left.
        grave = [line for line in lines if " # " in line or "***" in line]
        line = (grave or lines or ["it left no word"])[-1]
        return explain(self.name, line.partition(" # ")[2] or line, self._log.path)


def _quoted(path: Path) -> str:
    """Quote a path, in which there may be blanks but, see Places, no quotes."""
    return f'"{path}"'
