"""Starting both servers on a data directory, and finding them again."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from crowncap.data_dir import explain_permission
from crowncap.embedded import postgres
from crowncap.embedded.account import Account
from crowncap.embedded.errors import (
    AlreadyRunningError,
    EmbeddedServerError,
    NotSetUpError,
)
from crowncap.embedded.paths import (
    Places,
    Say,
    obtain_password,
    prepare_data_dir,
    prepare_home,
    read_password,
)
from crowncap.embedded.postgres import PostgresServer
from crowncap.embedded.programs import Programs
from crowncap.embedded.supervise import OnRestart, RestartPolicy, Supervisor
from crowncap.embedded.valkey import ValkeyServer


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """How to reach the servers; both hold passwords, so neither is shown."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


def connection_urls(data_dir: Path) -> ServerUrls:
    """Word the URLs of the servers on a data directory, whether or not they run.

    `database_url` is for psycopg, `redis_url` for redis-py. Raises NotSetUpError if
    nothing was ever started there, NotPrivateError if a password is open to others.
    """
    try:
        places = Places.of(data_dir)
        return _urls(
            places,
            read_password(places.keys / "postgres-password"),
            read_password(places.keys / "valkey-password"),
        )
    except FileNotFoundError:
        raise NotSetUpError(
            f"Nothing is running on {data_dir}; start it with: "
            f"crowncap up --data-dir {data_dir}"
        ) from None
    except OSError as error:
        raise EmbeddedServerError(_in_words(error)) from error


class RunningServers:
    """Both servers, and the lock that keeps a second `up` away."""

    def __init__(
        self,
        urls: ServerUrls,
        servers: tuple[PostgresServer, ValkeyServer],
        held: contextlib.ExitStack,
        say: Say,
    ) -> None:
        """Take what start() has started, and what is to be undone at the end."""
        self.urls = urls
        self._servers = servers
        self._held = held
        self._say = say

    def supervise(
        self, *, on_restart: OnRestart, policy: RestartPolicy | None = None
    ) -> Supervisor:
        """Watch both from now on, until stop().

        `on_restart` gets the server's name, "PostgreSQL" or "Valkey", in a thread of
        the supervisor; Valkey comes back empty.
        """
        supervisor = Supervisor(
            self._servers,
            say=self._say,
            on_restart=on_restart,
            policy=policy or RestartPolicy(),
        )
        supervisor.start()
        self._held.callback(supervisor.stop)
        return supervisor

    def stop(self) -> None:
        """Stop the watch, then Valkey, then PostgreSQL, and let go of the lock."""
        self._held.close()

    def __enter__(self) -> Self:
        """Give itself: `with start(...) as servers`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def start(
    data_dir: Path, *, say: Say, settings: Mapping[str, str] = postgres.SETTINGS
) -> RunningServers:
    """Start PostgreSQL and Valkey on a data directory, or take those that run on it.

    Creates what is missing. `say` gets one line for the user at a time; `settings` are
    PostgreSQL's, and only data that may be lost have others. Raises
    EmbeddedServerError, and then leaves nothing running.
    """
    try:
        return _start(data_dir, say, settings)
    except OSError as error:
        raise EmbeddedServerError(_in_words(error)) from error


def _start(data_dir: Path, say: Say, settings: Mapping[str, str]) -> RunningServers:
    data_dir = data_dir.resolve()
    account = Account.choose(Places.of(data_dir).pgdata)
    prepare_data_dir(data_dir, account)
    with contextlib.ExitStack() as undo:
        undo.enter_context(_lock(data_dir))
        places = prepare_home(data_dir, account, say)
        programs = Programs.find(account, places.home)
        postgres_password = obtain_password(places.keys / "postgres-password")
        valkey_password = obtain_password(places.keys / "valkey-password")
        servers = (
            PostgresServer(
                places, account, programs, postgres_password, say, settings=settings
            ),
            ValkeyServer(places, account, programs, valkey_password, say),
        )
        for server in servers:
            undo.callback(server.stop)
            server.start(threading.Event())
        urls = _urls(places, postgres_password, valkey_password)
        return RunningServers(urls, servers, undo.pop_all(), say)


@contextlib.contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process; raises AlreadyRunningError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(data_dir / "run" / "up.lock", flags, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "unknown"
            raise AlreadyRunningError(
                f"Crowncap is already running on {data_dir} (process {holder})."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _urls(places: Places, postgres_password: str, valkey_password: str) -> ServerUrls:
    sockets = quote(os.fsencode(places.sockets), safe="/")
    socket = quote(os.fsencode(places.valkey_socket), safe="/")
    # The port is only the socket's name, but without it PGPORT would have a say.
    return ServerUrls(
        f"postgresql://{postgres.SUPERUSER}:{quote(postgres_password, safe='')}"
        f"@/{postgres.DATABASE}?host={sockets}&port={postgres.PORT}",
        f"unix://:{quote(valkey_password, safe='')}@{socket}?db=0",
    )


def _in_words(error: OSError) -> str:
    """Make a sentence of what the operating system refused."""
    if isinstance(error, PermissionError) and error.filename is not None:
        return explain_permission(error)
    reason = error.strerror or str(error)
    where = error.filename if error.filename is not None else "the data directory"
    return f"The operating system refuses {os.fsdecode(where)}: {reason}."
