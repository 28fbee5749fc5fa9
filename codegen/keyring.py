"""Where master keys and the high-water mark live: two small files, never PostgreSQL."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from codegen.domain.keys import EpochKeys, Purpose, Secret, derive_secret
from codegen.domain.messages import message
from core.errors import MisconfiguredError
from core.ids import random_bytes
from core.private_files import refuse_readable

_KEY_LENGTH = 32


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file (mode 0600) so that a crash leaves the old or the new one."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True)
class MasterKeyFile:
    """The file of master keys: one `epoch hex` a line, readable by its owner only."""

    path: Path

    def exists(self) -> bool:
        """Tell whether there is a key file."""
        return self.path.exists()

    def load(self, purpose: Purpose = Purpose.CAPS) -> EpochKeys:
        """Read all keys; raises MisconfiguredError with one sentence."""
        return EpochKeys.from_masters(self._masters(), purpose)

    def load_secrets(self, secret: Secret) -> dict[int, bytes]:
        """Derive what one use needs, by epoch; raises MisconfiguredError."""
        return {
            epoch: derive_secret(master_key, epoch, secret)
            for epoch, master_key in self._masters().items()
        }

    def add_epoch(self, epoch: int) -> EpochKeys:
        """Append a fresh random key for an epoch that has none, durably."""
        masters = self._masters() if self.exists() else {}
        if epoch not in masters:
            masters[epoch] = random_bytes(_KEY_LENGTH)
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lines = [f"{number} {key.hex()}\n" for number, key in masters.items()]
            write_durably(self.path, "".join(lines).encode())
        return EpochKeys.from_masters(masters)

    def _masters(self) -> dict[int, bytes]:
        try:
            refuse_readable(self.path, message("master_keys"))
            text = self.path.read_text()
        except OSError as fault:
            raise MisconfiguredError(
                message(
                    "master_keys_unreadable",
                    path=str(self.path),
                    why=fault.strerror or str(fault),
                )
            ) from None
        masters: dict[int, bytes] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                epoch, key = line.split()
                masters[int(epoch)] = bytes.fromhex(key)
                EpochKeys.from_masters({int(epoch): bytes.fromhex(key)})
            except ValueError:
                raise MisconfiguredError(
                    message("master_key_line", path=str(self.path), line=number)
                ) from None
        return masters


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest change, batch, audit entry and scan that PostgreSQL has had."""

    change: int = 0
    batch: int = 0
    audit: int = 0
    scan: int = 0

    def is_behind(self, other: "Newest") -> bool:
        """Tell whether anything that `other` has had is missing here."""
        return (
            self.change < other.change
            or self.batch < other.batch
            or self.audit < other.audit
            or self.scan < other.scan
        )

    def at_least(self, other: "Newest") -> "Newest":
        """Take the newer of both in each."""
        return Newest(
            max(self.change, other.change),
            max(self.batch, other.batch),
            max(self.audit, other.audit),
            max(self.scan, other.scan),
        )


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """The next serial of each epoch, and what is newest, kept outside PostgreSQL.

    A database restored from a backup has forgotten what it issued since; this file has
    not, so no serial is ever issued twice. Serials are written before the issue
    commits, the rest within a second after.
    """

    path: Path

    def newest(self) -> Newest:
        """Read what PostgreSQL has had, as far as this machine was told."""
        marks = RaisedMark(self.path, 0).marks()
        return Newest(*(int(marks.get(f.name, 0)) for f in fields(Newest)))

    @contextmanager
    def locked(self) -> Iterator[Newest]:
        """Lock the file for raising what is newest; gives what it says by then."""
        with self.raising(0):
            yield self.newest()

    def raise_newest(self, found: Newest) -> None:
        """Write down what is newest; only ever upward. The caller holds the lock."""
        raised = asdict(found.at_least(self.newest()))
        marks = RaisedMark(self.path, 0).marks() | raised
        write_durably(self.path, json.dumps(marks).encode())

    @contextmanager
    def raising(self, epoch: int | str) -> Iterator["RaisedMark"]:
        """Lock the file for one issue; `RaisedMark.raise_to` writes it durably.

        What is not numbered like caps has its own marks: `coupons of EPOCH`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock_path = self.path.with_suffix(".lock")
        with os.fdopen(
            os.open(lock_path, os.O_WRONLY | os.O_CREAT, 0o600), "w"
        ) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield RaisedMark(self.path, epoch)


@dataclass(frozen=True, slots=True)
class RaisedMark:
    """The high-water mark of one epoch while its file is locked."""

    path: Path
    epoch: int | str

    def marks(self) -> dict[str, int]:
        """Read the file; raises MisconfiguredError when it is damaged."""
        try:
            marks = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            marks = None
        if not isinstance(marks, dict):
            raise MisconfiguredError(message("high_water_damaged", path=str(self.path)))
        return marks

    def current(self) -> int:
        """Read the next serial that may be issued."""
        return int(self.marks().get(str(self.epoch), 0))

    def raise_to(self, serial: int) -> None:
        """Record that serials below `serial` are spent."""
        marks = self.marks() | {str(self.epoch): serial}
        write_durably(self.path, json.dumps(marks).encode())
