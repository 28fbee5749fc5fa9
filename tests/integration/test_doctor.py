"""`crowncap doctor` says of each thing that is wrong what to do about it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from codegen.keyring import MasterKeyFile
from core.auth.members import MemberSigner
from core.clock import SystemClock
from core.settings import Settings
from crowncap import embedded
from crowncap.doctor import Examination, Finding
from printer_export.files.signing import SigningKeyFile
from tests.fixtures.commands import run_command
from tests.fixtures.network_data import date_file, write_xdb

Environ = dict[str, str]


@pytest.fixture
def environ(
    servers: embedded.RunningServers, database_url: str, tmp_path: Path
) -> Environ:
    """Set up a sound installation that has issued nothing."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    MasterKeyFile(keys / "master-keys").add_epoch(0)
    SigningKeyFile(keys / "signing.pem").create()
    MemberSigner.load_or_create(keys)
    return {
        "CROWNCAP_DATABASE_URL": database_url,
        "CROWNCAP_REDIS_URL": servers.urls.redis_url,
        "CROWNCAP_DATA_DIR": str(tmp_path),
    }


async def test_a_sound_installation_has_nothing_wrong(environ: Environ) -> None:
    """Every look is made, and none complains."""
    findings = await Examination(Settings.from_env(environ)).run()
    assert len(findings) == 10
    assert [f for f in findings if f.wrong] == []
    [noted] = [f for f in findings if f.note]
    assert noted.check == "network data"
    assert noted.note.startswith("iporigin ")


async def test_open_incidents_are_told_and_keep_nobody_from_starting(
    environ: Environ,
) -> None:
    with psycopg.connect(environ["CROWNCAP_DATABASE_URL"], autocommit=True) as conn:
        conn.execute(
            "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen)"
            " SELECT 'leak', n::text, now(), now(), now(), 1 FROM generate_series(1, 2)"
            " AS n"
        )
    findings = await Examination(Settings.from_env(environ)).run()
    assert [f for f in findings if f.wrong] == []
    [found] = [f for f in findings if f.note and f.check == "incidents"]
    assert found.note.startswith("open: 2 leak;")


def lose(name: str) -> Callable[[Path, Environ], None]:
    return lambda directory, _: (directory / "keys" / name).unlink()


def open_up(name: str, mode: int) -> Callable[[Path, Environ], None]:
    return lambda directory, _: (directory / name).chmod(mode)


def point(variable: str, url: str) -> Callable[[Path, Environ], None]:
    return lambda _, environ: environ.update({variable: url})


NOBODY = "postgresql://u:secret@127.0.0.1:1/x"
WRONG: dict[str, tuple[Any, str, str]] = {
    "no master keys": (lose("master-keys"), "key files", "Restore them"),
    "no signing key": (lose("signing.pem"), "key files", "Cannot read"),
    "no member keys": (lose("member-jwks.json"), "key files", "Cannot read"),
    "an open key": (open_up("keys/master-keys", 0o640), "key files", "chmod 600"),
    "an open half": (open_up("keys/member-signing.pem", 0o644), "key files", "chmod"),
    "an open directory": (open_up(".", 0o777), "data directory", "chmod o-w"),
    "no PostgreSQL": (point("CROWNCAP_DATABASE_URL", NOBODY), "PostgreSQL", "Start it"),
    "no URL": (point("CROWNCAP_REDIS_URL", "secret"), "Redis", "write it like"),
    "no Redis": (point("CROWNCAP_REDIS_URL", "redis://127.0.0.1:1"), "Redis", "Start"),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_what_is_wrong_is_found_and_said(
    environ: Environ, tmp_path: Path, kind: str
) -> None:
    """With what to do, and without a password."""
    spoil, check, words = WRONG[kind]
    spoil(tmp_path, environ)
    findings = await Examination(Settings.from_env(environ)).run()
    wrong = {f.check: f.wrong for f in findings if f.wrong}
    assert words in wrong[check]
    assert "secret" not in str(wrong)


@pytest.mark.parametrize(
    ("statement", "check", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "schema version", "9999"),
        (
            "INSERT INTO epochs SELECT 0, 'open', decode(md5(''), 'hex'), 0, now()",
            "master keys belong to the database",
            "restore the right key file",
        ),
    ],
)
async def test_another_database_is_found(
    environ: Environ, statement: str, check: str, words: str
) -> None:
    """Of another version, or of other keys."""
    with psycopg.connect(environ["CROWNCAP_DATABASE_URL"]) as connection:
        connection.execute(statement.encode())
    findings = await Examination(Settings.from_env(environ)).run()
    assert words in {f.check: f.wrong for f in findings}[check]


def test_the_command_exits_1_when_something_is_wrong(
    environ: Environ, tmp_path: Path
) -> None:
    """And says it to people and to programs."""
    (tmp_path / "keys" / "master-keys").chmod(0o644)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CROWNCAP_")}
    done = run_command(["doctor", "--json"], kept | environ)
    assert done.returncode == 1, done.stderr
    findings = msgspec.json.decode(done.stdout)
    assert {f["check"] for f in findings if f["wrong"]} == {
        "key files",
        "master keys belong to the database",
    }


async def test_data_about_networks_is_told_with_its_age(
    environ: Environ, tmp_path: Path
) -> None:
    """And is wrong once it is old; the file here is as old as the test says."""
    path = write_xdb(
        tmp_path / "old.xdb", [("192.0.2.0", "192.0.2.9", "中国|广东省|0|0|CN")]
    )
    environ["CROWNCAP_NETWORK_DATA"] = str(path)

    async def look() -> Finding:
        findings = await Examination(Settings.from_env(environ)).run()
        return next(f for f in findings if f.check == "network data")

    date_file(path, SystemClock().now_ms() // 1_000 - 86_400 * 3)
    assert ", 3 d old; iporigin " in (await look()).note
    date_file(path, SystemClock().now_ms() // 1_000 - 86_400 * 401)
    assert "401 days old" in (await look()).wrong
    path.unlink()
    assert str(path) in (await look()).wrong
