"""Which user of the operating system runs the servers, and running things as it."""

import contextlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from crowncap.embedded.errors import EmbeddedServerError

ROOT_UID = 0
# PostgreSQL refuses to run as root, so root lends it one of these, the first that is.
LENT_ACCOUNTS = ("postgres", "nobody")
# Nothing of the caller's environment may change a server (PGDATA, PGPORT, LANG, ...).
SERVER_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
LOG_LIMIT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system that the servers run as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def choose(cls, existing_data: Path) -> Self:
        """Take ourselves, or, as root, the owner of the data or a lent account.

        Raises EmbeddedServerError if root finds no account to lend.
        """
        if os.geteuid() != ROOT_UID:
            return cls("ourselves", os.geteuid(), os.getegid())
        # An error here means only that there is no such file, or no such account.
        with contextlib.suppress(FileNotFoundError, KeyError):
            entry = pwd.getpwuid(existing_data.stat().st_uid)
            if entry.pw_uid != ROOT_UID:
                return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)
        for name in LENT_ACCOUNTS:
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)
        raise EmbeddedServerError(
            "PostgreSQL does not run as root, and this machine has neither a user "
            "postgres nor nobody to run it as; start Crowncap as an ordinary user."
        )

    @property
    def is_lent(self) -> bool:
        """Say whether the servers run as somebody else than this process."""
        return self.uid != os.geteuid()

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a short command to its end as this account and catch its output."""
        return subprocess.run(  # noqa: S603 - our own programs, and no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=SERVER_ENVIRONMENT,
            user=self.uid if self.is_lent else None,
            group=self.gid if self.is_lent else None,
            extra_groups=[] if self.is_lent else None,
        )

    def spawn(
        self, command: Sequence[str | Path], *, log: Path, config: bytes = b""
    ) -> subprocess.Popen[bytes]:
        """Start a server as this account, with `config` on its standard input.

        It gets a session of its own, so that a Ctrl-C in the terminal reaches only
        the shell, which then stops the servers in order.
        """
        with open_log(log) as output:
            child = subprocess.Popen(  # noqa: S603 - our own programs, and no shell
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=SERVER_ENVIRONMENT,
                user=self.uid if self.is_lent else None,
                group=self.gid if self.is_lent else None,
                extra_groups=[] if self.is_lent else None,
            )
        assert child.stdin is not None
        try:
            child.stdin.write(config)
            child.stdin.close()
        except BrokenPipeError:
            # A server that is gone already has said why in its log.
            child.stdin = None
        return child

    def can_enter(self, directory: Path) -> bool:
        """Really try, as this account, whether it can traverse to a directory."""
        if not self.is_lent:
            return True
        script = 'test -d "$1" && test -x "$1"'
        return self.run(["/bin/sh", "-c", script, "sh", directory]).returncode == 0

    def can_run(self, program: Path) -> bool:
        """Really try, as this account, whether a program runs."""
        if not self.is_lent:
            return True
        try:
            return self.run([program, "--version"]).returncode == 0
        except OSError:
            return False


def open_log(path: Path) -> BinaryIO:
    """Open a private log for appending; one that grew large is put aside first."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")
