"""Restoring a backup into a data directory: all of it, or nothing."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from codegen.keyring import write_durably
from core.clock import Clock, utc_datetime
from core.ids import random_bytes
from crowncap.backup.contents import (
    BASE,
    CLAIMS,
    JOURNAL,
    KEYS,
    MARKS,
    RESTORED,
    BackupError,
    Manifest,
    check_name,
    read_verified,
)
from crowncap.embedded.account import Account
from crowncap.embedded.paths import Places, Say, choose_home, prepare_data_dir


@dataclass(frozen=True, slots=True)
class Restored:
    """An installation that was restored and not started yet."""

    data_dir: str
    backup_taken_at: datetime
    database: str
    settings: dict[str, str]


def restore_backup(
    source: Path, data_dir: Path, *, keep_marks: Path | None, clock: Clock, say: Say
) -> Restored:
    """Verify a backup and put it where `up` finds it.

    `keep_marks` is the old data directory, if there is one: its marks are newer than
    the backup's. Raises BackupError or EmbeddedServerError, and then `data_dir` is as
    it was.
    """
    try:
        source, target = source.resolve(), data_dir.resolve()
        # 1. Read all of the backup, before anything is written.
        _check_target(target, source)
        newer = None if keep_marks is None else _keys_of(keep_marks)
        say("Verifying the backup ...")
        manifest = read_verified(source)
        # 2. Write beside the target, which a crash therefore leaves as it is.
        say("Copying ...")
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f"{target.name}.restoring-{random_bytes(4).hex()}")
        try:
            _write(manifest, source, scratch, say)
            if newer is not None:
                _keep_newer(newer, scratch / KEYS)
                _keep_claims(newer.parent / CLAIMS, scratch / CLAIMS)
            _note_restore(manifest, scratch / KEYS, clock)
            # 3. Put it in place in one step.
            os.sync()
            scratch.rename(target)
        except BaseException:
            _remove(scratch)
            raise
    except OSError as fault:
        raise BackupError(f"Cannot restore the backup: {fault}.") from fault
    return Restored(
        str(target), manifest.facts.taken_at, manifest.facts.database, manifest.settings
    )


def _check_target(target: Path, source: Path) -> None:
    check_name(str(target))
    if target.is_relative_to(source):
        raise BackupError(f"{target} lies within the backup; choose another directory.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(
            f"{target} holds something already; choose a directory that is empty or "
            "does not exist."
        )
    if target.is_mount():
        raise BackupError(
            f"{target} is a mount point, which can't be put in place in one step; "
            "choose a directory within it."
        )


def _write(manifest: Manifest, source: Path, scratch: Path, say: Say) -> None:
    """Copy every file that the manifest lists, as `up` would have made it."""
    account = Account.choose(Places.of(scratch).pgdata)
    prepare_data_dir(scratch, account)
    places = choose_home(scratch, account, say)
    parents = {KEYS: places.keys, BASE: places.pgdata}
    for name in (*manifest.directories, *manifest.files):
        top, _, rest = name.partition("/")
        if top not in parents:
            continue  # a dump stays where it is, for pg_restore
        copy = parents[top] / rest
        if name in manifest.files:
            shutil.copyfile(source / name, copy)
            copy.chmod(0o600)
        else:
            copy.mkdir(mode=0o700, exist_ok=True)
        if top == BASE and account.is_lent:
            os.chown(copy, account.uid, account.gid)


def _remove(scratch: Path) -> None:
    home = Places.of(scratch).home
    for directory in {home, scratch}:
        shutil.rmtree(directory, ignore_errors=True)


# Marks --------------------------------------------------------------------------------


def _keys_of(old_data_dir: Path) -> Path:
    keys = old_data_dir.resolve() / KEYS
    if not (keys / MARKS).is_file():
        raise BackupError(
            f"There is no {MARKS} in {keys}; name the data directory that was in use "
            "last, or leave out --keep-marks."
        )
    return keys


def _keep_newer(newer: Path, keys: Path) -> None:
    """Take the higher of each mark, and every line of either journal."""
    marks: dict[str, int] = {}
    lines: dict[str, None] = {}
    for directory in (keys, newer):
        for name, mark in _read_marks(directory / MARKS).items():
            marks[name] = max(mark, marks.get(name, 0))
        if (directory / JOURNAL).exists():
            journal = (directory / JOURNAL).read_text(encoding="utf-8")
            lines |= dict.fromkeys(filter(None, journal.splitlines()))
    write_durably(keys / MARKS, msgspec.json.encode(marks))
    if lines:
        write_durably(keys / JOURNAL, "".join(f"{n}\n" for n in lines).encode())


def _keep_claims(written: Path, into: Path) -> None:
    """Take along which codes were claimed, which the backup cannot know of."""
    if written.is_dir():
        shutil.copytree(written, into)
        for path in (into, *into.iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)


def _read_marks(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except msgspec.DecodeError as fault:
        raise BackupError(
            f"The marks in {path} are damaged ({fault}); docs/operations.md says how "
            "to write them anew."
        ) from None


def _note_restore(manifest: Manifest, keys: Path, clock: Clock) -> None:
    """Leave word for the next start, which then holds claims until it is thawed."""
    note = {
        "backup_taken_at": manifest.facts.taken_at,
        "restored_at": utc_datetime(clock.now_ms()),
    }
    write_durably(keys / RESTORED, msgspec.json.encode(note))
