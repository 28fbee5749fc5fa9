"""What a backup is: its files, the manifest that lists them, and their checksums.

DIR             0700, and so is every directory in it; every file 0600
├── keys/         what stands beside the database, master keys among it
├── postgres/     a base backup of the embedded PostgreSQL with its log, or
├── database.dump of a PostgreSQL of one's own, what pg_dump wrote
├── manifest.json
└── SHA256SUMS    written last: without it, DIR is no backup
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from codegen.keyring import write_durably

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
BASE = "postgres"
DUMP = "database.dump"
# Within the data directory, and within a backup.
KEYS = "keys"
CLAIMS = "claims"
MARKS = "high-water.json"
# What must not be forgotten even if the database did, one JSON object a line.
JOURNAL = "changes.jsonl"
RESTORED = "restored.json"


class BackupError(Exception):
    """A backup cannot be taken or restored; str() is a sentence for the operator."""


class FileEntry(msgspec.Struct, frozen=True):
    """One file of a backup."""

    bytes: int
    sha256: str


class Facts(msgspec.Struct, frozen=True):
    """What a backup is of. Its time is PostgreSQL's, from before the copy began."""

    version: str
    schema: str
    taken_at: datetime
    database: Literal["postgres", "database.dump"]


class Manifest(msgspec.Struct, frozen=True):
    """The file that lists everything in a backup.

    `settings` names for each variable that pointed outside the data directory the
    file of the backup that holds what it pointed at. Directories are listed because
    PostgreSQL needs even those that are empty, which not every copy keeps.
    """

    facts: Facts
    marks: dict[str, int]
    settings: dict[str, str]
    directories: list[str]
    files: dict[str, FileEntry]


def seal(
    directory: Path, facts: Facts, marks: dict[str, int], settings: dict[str, str]
) -> Manifest:
    """Make all of a directory private, write its manifest and, last, its checksums."""
    directories: list[str] = []
    files: dict[str, FileEntry] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_dir():
            path.chmod(0o700)
            directories.append(name)
        else:
            path.chmod(0o600)
            files[name] = FileEntry(path.stat().st_size, sha256_of(path))
    manifest = Manifest(facts, marks, settings, directories, files)
    write_durably(
        directory / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest))
    )
    sums = {name: entry.sha256 for name, entry in files.items()}
    sums[MANIFEST] = sha256_of(directory / MANIFEST)
    # Names and bytes are on the disk before the file that vouches for them.
    os.sync()
    lines = [f"{sha256}  {name}\n" for name, sha256 in sums.items()]
    write_durably(directory / SUMS, "".join(lines).encode())
    return manifest


def read_verified(directory: Path) -> Manifest:
    """Read a backup's manifest and every byte that it lists.

    Raises BackupError for whatever is missing, changed, or was never finished.
    """
    manifest = _read_manifest(directory)
    for name in (*manifest.directories, *manifest.files):
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            raise _damaged(directory, MANIFEST, f"names {name}, which is outside")
    for name, entry in manifest.files.items():
        path = directory / name
        if not path.is_file() or path.is_symlink():
            raise _damaged(directory, name, "is missing")
        if (path.stat().st_size, sha256_of(path)) != (entry.bytes, entry.sha256):
            raise _damaged(directory, name, "differs from its checksum")
    return manifest


def _read_manifest(directory: Path) -> Manifest:
    for name in (SUMS, MANIFEST):
        if not (directory / name).is_file():
            raise BackupError(
                f"{directory} is not a whole backup: {name} is missing. Either it was "
                "interrupted, or this is another directory."
            )
    sums: dict[str, str] = {}
    for line in (directory / SUMS).read_text(encoding="utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        sums[name] = sha256
    if sums.pop(MANIFEST, None) != sha256_of(directory / MANIFEST):
        raise _damaged(directory, MANIFEST, "differs from its checksum")
    try:
        manifest = msgspec.json.decode(
            (directory / MANIFEST).read_bytes(), type=Manifest
        )
    except msgspec.DecodeError as fault:
        raise _damaged(directory, MANIFEST, f"cannot be read ({fault})") from None
    if sums != {name: entry.sha256 for name, entry in manifest.files.items()}:
        raise _damaged(directory, SUMS, f"lists other files than {MANIFEST}")
    return manifest


def check_name(name: str) -> None:
    """Raise BackupError for a name that a list of checksums cannot hold."""
    if not name.isprintable() or "\\" in name:
        raise BackupError(
            f"The name {name!a} has characters that a backup can't list; choose "
            "another, of letters, digits, dots and hyphens."
        )


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(directory: Path, name: str, how: str) -> BackupError:
    return BackupError(
        f"The backup {directory} is damaged: {name} {how}. Nothing was written; use "
        "another copy of it, or another backup."
    )
