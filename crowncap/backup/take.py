"""Taking a backup while Crowncap runs."""

import asyncio
import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from codegen.keyring import write_durably
from core.clock import elapsed_s, utc_datetime
from core.database_clock import DatabaseClock
from core.db import DATABASE_AWAY, create_engine, why_away
from core.settings import Settings
from crowncap.backup.contents import (
    BASE,
    DUMP,
    KEYS,
    MARKS,
    BackupError,
    Facts,
    check_name,
    seal,
)
from crowncap.embedded.account import SERVER_ENVIRONMENT
from crowncap.embedded.paths import Places, Say
from crowncap.embedded.programs import postgres_tool
from crowncap.migrate import revision_of
from crowncap.server_urls import server_urls

# Locks, and what a crash left of a file that was being written.
_PASSING = (".lock", ".new")


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is whole."""

    path: str
    bytes: int
    seconds: float


def take_backup(settings: Settings, out: Path, *, say: Say) -> Taken:
    """Copy the database, then all that stands outside it, and seal both.

    Raises BackupError, and then leaves nothing behind.
    """
    began_s = elapsed_s()
    try:
        out = out.resolve()
        # 1. Look whether it can be done, before anything is written.
        _check_place(out, settings.data_dir)
        url = server_urls(settings).database_url
        facts = asyncio.run(_ask(settings, url))
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        out.chmod(0o700)
        try:
            # 2. The database.
            if settings.database_url is None:
                _copy_base(url, out / BASE, say)
            else:
                _dump(url, out / DUMP, say)
            # 3. What stands outside. After the database, so that no key is missing of
            #    an epoch that it knows, and the marks are not older than it.
            kept = _copy_keys(settings, out / KEYS)
            # 4. Checksums of both; from here on it is a backup.
            say("Computing checksums ...")
            manifest = seal(out, facts, _marks_in(out), kept)
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
    except OSError as fault:
        raise BackupError(f"Cannot write the backup: {fault}.") from fault
    size = sum(entry.bytes for entry in manifest.files.values())
    return Taken(str(out), size, round(elapsed_s() - began_s, 1))


def _check_place(out: Path, data_dir: Path) -> None:
    check_name(str(out))
    for own in (data_dir.resolve(), Places.of(data_dir).home):
        if out.is_relative_to(own):
            raise BackupError(
                f"{out} lies within the data it would back up ({own}); choose a "
                "directory elsewhere, best on another machine's disk."
            )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BackupError(f"{out} holds something already; choose a new directory.")


async def _ask(settings: Settings, url: str) -> Facts:
    """Ask PostgreSQL what it holds, and see on the way that it answers."""
    engine = create_engine(url, pool_size=1)
    try:
        clock = DatabaseClock()
        await clock.measure(engine)
        revision = await revision_of(engine)
    except DATABASE_AWAY as fault:
        if settings.database_url is not None:
            raise
        raise BackupError(
            f"PostgreSQL does not answer: {why_away(fault)}. A backup is taken while "
            f"Crowncap runs; start it first: crowncap up --data-dir {settings.data_dir}"
        ) from None
    finally:
        await engine.dispose()
    return Facts(
        version=importlib.metadata.version("crowncap"),
        schema=revision or "none",
        taken_at=utc_datetime(clock.now_ms()),
        database="postgres" if settings.database_url is None else "database.dump",
    )


# The database -------------------------------------------------------------------------


def _copy_base(url: str, into: Path, say: Say) -> None:
    """Copy the embedded PostgreSQL's data with the log that makes them consistent."""
    say("Copying the database ...")
    command = (
        postgres_tool("pg_basebackup"),
        *("--pgdata", into, "--format=plain", "--wal-method=stream"),
        *("--checkpoint=fast", "--manifest-checksums=SHA256"),
        *("--no-password", "--progress"),
    )
    _run_for(url, command, SERVER_ENVIRONMENT, say)
    say("Verifying the copy ...")
    _run((postgres_tool("pg_verifybackup"), "--exit-on-error", into), {}, say)


def _dump(url: str, into: Path, say: Say) -> None:
    """Dump a database that is somebody else's to run."""
    say("Dumping the database ...")
    command = (
        postgres_tool("pg_dump"),
        *("--format=custom", "--no-password", "--file", into),
    )
    _run_for(url, command, os.environ, say)


def _run_for(
    url: str, command: Sequence[str | Path], environ: Mapping[str, str], say: Say
) -> None:
    """Run a tool on a database; its password goes where other users can't see it."""
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    _run((*command, "--dbname", make_conninfo("", **parts)), {**environ, **secret}, say)


def _run(command: Sequence[str | Path], environ: Mapping[str, str], say: Say) -> None:
    last = "it left no word"
    with subprocess.Popen(  # noqa: S603 - our own programs, and no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=dict(environ),
    ) as process:
        assert process.stderr is not None
        for line in filter(None, map(str.strip, process.stderr)):
            last = line
            say(line)
    if process.returncode != 0:
        raise BackupError(f"There is no backup, and nothing was kept of it: {last}")


# What stands outside ------------------------------------------------------------------


def _copy_keys(settings: Settings, into: Path) -> dict[str, str]:
    """Copy every file of the data directory's keys, and those that settings name.

    Returns, for each setting that names a file elsewhere, its name in the backup.
    """
    own = settings.data_dir / KEYS
    into.mkdir(mode=0o700)
    # The marks first: what the other files hold is then never older than they say.
    for path in sorted(own.iterdir(), key=lambda p: (p.name != MARKS, p.name)):
        passing = path.name.startswith(".") or path.name.endswith(_PASSING)
        if path.is_file() and not passing:
            check_name(path.name)
            write_durably(into / path.name, path.read_bytes())
    # Under the names that are looked for when nothing is set, except the brand's own
    # member keys, beside which the demo's may lie.
    elsewhere: dict[str, tuple[Path | None, str]] = {
        "CROWNCAP_MASTER_KEYS": (settings.master_keys, "master-keys"),
        "CROWNCAP_SIGNING_KEY": (settings.signing_key, "signing.pem"),
        "CROWNCAP_MEMBER_JWKS": (settings.member_jwks, "brand-member-jwks.json"),
    }
    kept: dict[str, str] = {}
    for variable, (named, name) in elsewhere.items():
        if named is not None and named.resolve() != (own / name).resolve():
            write_durably(into / name, named.read_bytes())
            kept[variable] = f"{KEYS}/{name}"
    return kept


def _marks_in(out: Path) -> dict[str, int]:
    path = out / KEYS / MARKS
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
