"""Where the embedded servers keep what: data, sockets, keys, logs.

D                  0700; as root 0710, so that the servers' account can pass
├── keys/          0700, passwords 0600; never inside PostgreSQL's data
├── run/           0700, logs and the lock of `crowncap up`
├── postgres-home  a text file, only if the three below stand elsewhere (root only)
├── postgres/      PostgreSQL's data
├── sockets/       0700, owned by the servers' account
└── programs/      a copy, only if that account cannot reach the installed ones
"""

import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crowncap.embedded.account import Account
from crowncap.embedded.errors import DamagedDataError, NotPrivateError

Say = Callable[[str], None]

# The kernel's limit for a socket's path: 107 bytes on Linux, 103 on macOS.
SOCKET_PATH_LIMIT_BYTES = 103
# libpq takes a comma for the start of another host.
AWKWARD = frozenset(',"\\')
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# Not TMPDIR: it differs between two shells, which must find the same sockets.
SHORT_DIR = Path("/tmp")  # noqa: S108 - only for a directory that is checked below
OUTSIDE_HOME = Path("/var/lib/crowncap")
OTHERS_MASK = 0o077


@dataclass(frozen=True, slots=True)
class Places:
    """The places that belong to one data directory."""

    data_dir: Path
    home: Path

    @classmethod
    def of(cls, data_dir: Path) -> Self:
        """Find the places of a data directory that is set up already."""
        real = data_dir.resolve()
        record = real / "postgres-home"
        try:
            return cls(real, Path(record.read_text(encoding="utf-8").strip()))
        except FileNotFoundError:
            return cls(real, real)

    @property
    def pgdata(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "postgres"

    @property
    def keys(self) -> Path:
        """Where passwords are kept."""
        return self.data_dir / "keys"

    @property
    def run(self) -> Path:
        """Where logs and the lock are kept."""
        return self.data_dir / "run"

    @property
    def sockets(self) -> Path:
        """Where both sockets are: beside the data, or, if need be, at a short path.

        The short path is the same for every process of one user. It is needed where
        the kernel would cut the name, or clients would read more than a name in it.
        """
        beside = self.home / "sockets"
        longest = os.fsencode(beside / POSTGRES_SOCKET)
        plain = str(beside).isprintable() and not AWKWARD & set(str(beside))
        if plain and len(longest) <= SOCKET_PATH_LIMIT_BYTES:
            return beside
        whose = os.fsencode(self.data_dir) + b"\0%d" % os.geteuid()
        return SHORT_DIR / f"crowncap-{hashlib.sha256(whose).hexdigest()[:20]}"

    @property
    def valkey_socket(self) -> Path:
        """Where Valkey listens."""
        return self.sockets / VALKEY_SOCKET


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Create the data directory, private; never touch what we did not create.

    Raises NotPrivateError.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        data_dir.mkdir(mode=0o700)
        if account.is_lent:
            _let_pass(data_dir, account)
    except FileExistsError:
        if data_dir.is_dir() and data_dir.stat().st_mode & stat.S_IWOTH:
            raise NotPrivateError(
                f"Every user can write to {data_dir}; run: chmod o-w {data_dir}"
            ) from None
    for name in ("keys", "run"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)


def prepare_home(data_dir: Path, account: Account, say: Say) -> Places:
    """Choose the home of the data, with a private directory for the sockets.

    Raises NotPrivateError or DamagedDataError.
    """
    places = choose_home(data_dir, account, say)
    make_private(places.sockets, account)
    return places


def choose_home(data_dir: Path, account: Account, say: Say) -> Places:
    """Find the home of the data, or choose one that the servers' account can reach.

    Raises DamagedDataError.
    """
    places = Places.of(data_dir)
    if not places.home.is_dir():
        raise DamagedDataError(
            f"{places.data_dir / 'postgres-home'} says that the data are in "
            f"{places.home}, which is gone; restore it from a backup, or move "
            f"{places.data_dir} away to begin anew."
        )
    settled = places.home != places.data_dir or places.pgdata.exists()
    if not settled and not account.can_enter(places.data_dir):
        places = Places(places.data_dir, _move_home_outside(places, account))
        say(
            f"User {account.name} cannot reach {places.data_dir}, so the database is "
            f"kept in {places.home}."
        )
    return places


def make_private(directory: Path, account: Account) -> None:
    """Create a directory that only `account` may enter, or check that it is one.

    Raises NotPrivateError.
    """
    try:
        directory.mkdir(mode=0o700)
        if account.is_lent:
            os.chown(directory, account.uid, account.gid, follow_symlinks=False)
    except FileExistsError:
        pass
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        problem = "is not a directory"
    elif found.st_uid != account.uid:
        problem = f"belongs to another user (number {found.st_uid})"
    elif found.st_mode & OTHERS_MASK:
        problem = "can be entered by other users"
    else:
        return
    raise NotPrivateError(
        f"The sockets of the servers belong into {directory}, but that {problem}; "
        "remove it and start again."
    )


def obtain_password(path: Path) -> str:
    """Read a password, or make one of 256 bits and keep it, mode 0600."""
    try:
        return read_password(path)
    except FileNotFoundError:
        write_private(path, secrets.token_urlsafe(32) + "\n")
        return read_password(path)


def read_password(path: Path) -> str:
    """Read a password.

    Raises FileNotFoundError, NotPrivateError if others may read it too, and
    DamagedDataError if the file is empty.
    """
    with path.open(encoding="utf-8") as file:
        mode = os.fstat(file.fileno()).st_mode
        password = file.read().strip()
    if mode & OTHERS_MASK:
        raise NotPrivateError(
            f"Other users can read the password in {path}; run: chmod 600 {path}"
        )
    if not password:
        raise DamagedDataError(
            f"The password file {path} is empty; restore it from a backup."
        )
    return password


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 that is either whole or not there."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).rename(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _let_pass(directory: Path, account: Account) -> None:
    """Let the servers' account pass through a directory that root just created."""
    os.chown(directory, -1, account.gid)
    directory.chmod(0o710)


def _move_home_outside(places: Places, account: Account) -> Path:
    """Make a home that the servers' account can reach, and record it."""
    if not OUTSIDE_HOME.exists():
        OUTSIDE_HOME.mkdir(parents=True)
        OUTSIDE_HOME.chmod(0o711)
    digest = hashlib.sha256(os.fsencode(places.data_dir)).hexdigest()[:20]
    number = 1
    home = OUTSIDE_HOME / digest
    # A home that no data directory names any more is somebody's data all the same.
    while home.exists() and any(home.iterdir()):
        number += 1
        home = OUTSIDE_HOME / f"{digest}-{number}"
    home.mkdir(mode=0o700, exist_ok=True)
    _let_pass(home, account)
    write_private(places.data_dir / "postgres-home", f"{home}\n")
    return home
