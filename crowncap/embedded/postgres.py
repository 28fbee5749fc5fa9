"""PostgreSQL, run from its wheel: only a Unix socket, only with a password."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from crowncap.embedded.account import Account
from crowncap.embedded.errors import (
    DamagedDataError,
    DoesNotStartError,
    EmbeddedServerError,
    NoSpaceError,
)
from crowncap.embedded.paths import OTHERS_MASK, Places, Say
from crowncap.embedded.process import (
    ServerLog,
    ServerProcess,
    explain,
    is_running,
    pause,
)
from crowncap.embedded.programs import Programs

DATABASE = "crowncap"
SUPERUSER = "crowncap"
PORT = 5432  # only the name of the socket's file
CONTROL_FILE_BYTES = 8192
# Recovery after a crash may replay max_wal_size, which takes minutes on a slow disk.
START_LIMIT_S = 600.0
STOP_LIMIT_S = 120.0
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    # Claims are small random writes: rare checkpoints write fewer full pages, and
    # compressing those would cost processor time that the scans need.
    "checkpoint_timeout": "30min",
    "max_wal_size": "8GB",
    "wal_compression": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
# What the log says when the data, and not the set-up, are the trouble.
SIGNS_OF_DAMAGE = (
    "control file",
    "checkpoint record",
    "checksum",
    "could not open file",
    "could not access file",
    "could not read file",
    "is not a database cluster directory",
    "not a valid data directory",
    'file "pg_',
)
# The same words also mean a passing state, for clients that come too early.
PASSING = ("the database system is", "password authentication failed")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says: who runs, and whether it is ready."""

    pid: int
    status: str


class PostgresServer:
    """One PostgreSQL on one data directory, ours or found running."""

    name = "PostgreSQL"

    def __init__(
        self,
        places: Places,
        account: Account,
        programs: Programs,
        password: str,
        say: Say,
        *,
        settings: Mapping[str, str],
    ) -> None:
        """Take where it lives and whom it runs as; nothing is started yet."""
        self._places = places
        self._account = account
        self._programs = programs
        self._password = password
        self._say = say
        self._settings = settings
        self._log = ServerLog(places.run / "postgres.log")
        self._process: ServerProcess | None = None

    def start(self, cancelled: threading.Event) -> None:
        """Start it, or take the one that runs on these data, and wait until it answers.

        Raises EmbeddedServerError.
        """
        self._process = None
        self._remove_leftovers()
        if not self._places.pgdata.exists():
            self._say("Creating the database (once) ...")
            self._create_data()
        self._check_data()
        found = self._find_postmaster()
        while found is not None and found.status == "stopping":
            pause(cancelled, self.name)
            found = self._find_postmaster()
        if found is None:
            self._process = self._spawn()
        else:
            self._process = ServerProcess(found.pid)
            self._say(f"PostgreSQL is already running (process {found.pid}); using it.")
        self._await_ready(self._process, cancelled)
        self._open_database()

    def is_alive(self) -> bool:
        """Say whether its main process runs."""
        return self._process is not None and self._process.is_alive()

    def how_it_ended(self) -> str:
        """Say in a few words how it ended, and its last words if it gave up itself."""
        if self._process is None:
            return "it never ran"
        panics = [line for line in self._log.lines() if "PANIC:" in line]
        words = [line.partition("PANIC:")[2].strip() for line in panics[-1:]]
        return ": ".join([self._process.how_it_ended(), *words])

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m fast` does: break connections, write a checkpoint.

        One that does not end in time is stopped without a checkpoint, which the next
        start makes good from the write-ahead log.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if not process.end(signal.SIGINT, within_s=STOP_LIMIT_S):
            self._say("PostgreSQL takes too long to stop; it will recover next time.")
            process.end(signal.SIGQUIT, within_s=STOP_LIMIT_S)

    def _spawn(self) -> ServerProcess:
        # This is a list of paths, in which a quoted one may hold blanks.
        sockets = f'"{self._places.sockets}"'
        settings = {**self._settings, "unix_socket_directories": sockets}
        flags = [f"--{name}={value}" for name, value in settings.items()]
        self._log.mark()
        child = self._account.spawn(
            [self._programs.postgres, "-D", self._places.pgdata, *flags],
            log=self._log.path,
        )
        return ServerProcess(child.pid, child)

    def _await_ready(self, process: ServerProcess, cancelled: threading.Event) -> None:
        began = time.monotonic()
        slow = False
        while True:
            # Asked before the file: an answer of a dead one would be an old answer.
            alive = process.is_alive()
            found = self._find_postmaster()
            if found == Postmaster(process.pid, "ready"):
                return
            if not alive:
                raise self._why_it_ended()
            waited_s = time.monotonic() - began
            if waited_s > START_LIMIT_S:
                raise DoesNotStartError(
                    f"PostgreSQL is not ready after {waited_s:.0f} seconds; its log is "
                    f"{self._log.path}"
                )
            if waited_s > 3 and not slow:  # noqa: PLR2004 - seconds of patience
                slow = True
                self._say("PostgreSQL is recovering from its log; please wait ...")
            pause(cancelled, self.name)

    def _open_database(self) -> None:
        """See that it answers to our password, and that the database exists."""
        try:
            with (
                psycopg.connect(
                    host=str(self._places.sockets),
                    port=PORT,
                    user=SUPERUSER,
                    password=self._password,
                    dbname="postgres",
                    connect_timeout=30,
                    autocommit=True,
                ) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
                )
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.errors.DiskFull as error:
            raise explain(
                self.name, "No space left on device", self._log.path
            ) from error
        except psycopg.Error as error:
            if "password authentication failed" in str(error):
                raise EmbeddedServerError(
                    f"The password in {self._places.keys / 'postgres-password'} is not "
                    f"that of the data in {self._places.pgdata}; put back the file "
                    "that belongs to them."
                ) from error
            reason = " ".join(str(error).split())
            raise explain(self.name, reason, self._log.path) from error

    def _find_postmaster(self) -> Postmaster | None:
        """Read who runs on these data; an entry of somebody else's number is removed.

        After a restart of the machine or container the old number often belongs to
        another program, and PostgreSQL by itself would then refuse to start.
        """
        path = self._places.pgdata / "postmaster.pid"
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            pid = abs(int(lines[0]))
        except (FileNotFoundError, IndexError, ValueError):
            return None
        if not is_running(pid):
            return None
        try:
            works_in = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            # Without /proc (macOS) there is only the number to go by.
            works_in = self._places.pgdata
        if works_in != self._places.pgdata and self._process is None:
            path.unlink(missing_ok=True)
            return None
        status = lines[7].strip() if len(lines) > 7 else "starting"  # noqa: PLR2004 - pidfile.h
        return Postmaster(pid, status)

    def _create_data(self) -> None:
        """Create the data aside and put them in place by a rename: whole or not at all.

        Raises NoSpaceError or DoesNotStartError.
        """
        home = self._places.home
        scratch = Path(tempfile.mkdtemp(dir=home, prefix="postgres.new-"))
        try:
            password = scratch / "password"
            password.touch(mode=0o600)
            password.write_text(self._password, encoding="utf-8")
            for path in (scratch, password) if self._account.is_lent else ():
                os.chown(path, self._account.uid, self._account.gid)
            self._initdb(scratch / "data", password)
            (scratch / "data").rename(self._places.pgdata)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _initdb(self, target: Path, password: Path) -> None:
        done = self._account.run(
            [
                self._programs.initdb,
                f"--pgdata={target}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--data-checksums",
            ]
        )
        if done.returncode == 0:
            return
        output = f"{done.stdout}\n{done.stderr}"
        complaints = [line for line in output.splitlines() if "error:" in line]
        complaints += [line for line in output.splitlines() if "FATAL:" in line]
        complaints = complaints or [f"initdb ended with {done.returncode}"]
        line = complaints[-1].partition("error: ")[2] or complaints[-1]
        if "No space left on device" in output:
            raise NoSpaceError(
                f"The disk under {self._places.home} is full, so the database cannot "
                "be created; make room and start again."
            )
        raise DoesNotStartError(f"The database cannot be created: {line.strip()}")

    def _remove_leftovers(self) -> None:
        """Remove what a killed creation left behind; the lock of `up` makes it safe."""
        for scratch in self._places.home.glob("postgres.new-*"):
            shutil.rmtree(scratch, ignore_errors=True)

    def _check_data(self) -> None:
        """Look for damage that PostgreSQL itself would word less plainly."""
        pgdata = self._places.pgdata
        try:
            version = (pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            raise self._damaged("PG_VERSION is missing") from None
        ours = self._programs.postgres_major
        if not version.isdigit():
            raise self._damaged("PG_VERSION holds no version")
        if version != ours:
            raise DamagedDataError(
                f"The data in {pgdata} were written by PostgreSQL {version}, but this "
                f"Crowncap brings PostgreSQL {ours}; use the Crowncap that wrote them, "
                "or dump and reload them."
            )
        control = pgdata / "global" / "pg_control"
        if not control.exists() or control.stat().st_size != CONTROL_FILE_BYTES:
            raise self._damaged("its control file is missing or cut short")
        if pgdata.stat().st_mode & OTHERS_MASK & ~0o050:
            raise DamagedDataError(
                f"Other users can reach the data in {pgdata}; run: chmod 700 {pgdata}"
            )

    def _why_it_ended(self) -> EmbeddedServerError:
        """Pick the one line of the log that says why it did not start."""
        lines = self._log.lines()
        serious = [
            line.partition(mark)[2].strip()
            for line in lines
            for mark in ("PANIC:", "FATAL:")
            if mark in line and not any(words in line for words in PASSING)
        ]
        line = serious[0] if serious else (lines[-1] if lines else "it left no word")
        if any(sign in line for sign in SIGNS_OF_DAMAGE) and "No space" not in line:
            return self._damaged(line)
        return explain(self.name, line, self._log.path)

    def _damaged(self, how: str) -> DamagedDataError:
        return DamagedDataError(
            f"The data in {self._places.pgdata} are damaged ({how}); restore them from "
            f"a backup, or move {self._places.data_dir} away to begin anew."
        )
