"""`crowncap backup` and `crowncap restore` with a PostgreSQL of one's own."""

import json
import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from crowncap import embedded
from crowncap.embedded.programs import postgres_tool
from tests.fixtures.commands import run_command
from tests.fixtures.servers import administer, with_database

# What variables name, and under which names a backup keeps it.
ELSEWHERE = {
    "CROWNCAP_MASTER_KEYS": "master-keys",
    "CROWNCAP_SIGNING_KEY": "signing.pem",
    "CROWNCAP_MEMBER_JWKS": "brand-member-jwks.json",
}


@pytest.fixture
def environ(
    servers: embedded.RunningServers, database_url: str, tmp_path: Path
) -> dict[str, str]:
    """Set up servers of one's own, with every key file outside the data directory."""
    keys = tmp_path / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / "high-water.json").write_text('{"0": 7}')
    (keys / "master-keys").write_text("of an earlier life\n")
    (keys / "high-water.json.new").write_text("cut sho")
    named = {}
    for variable in ELSEWHERE:
        named[variable] = str(tmp_path / variable)
        (tmp_path / variable).write_text(f"{variable} is here\n")
    return {k: v for k, v in os.environ.items() if not k.startswith("CROWNCAP_")} | {
        "CROWNCAP_DATABASE_URL": database_url,
        "CROWNCAP_REDIS_URL": servers.urls.redis_url,
        "CROWNCAP_DATA_DIR": str(tmp_path / "data"),
        **named,
    }


def test_a_dump_and_the_keys_that_lie_elsewhere_come_back(
    servers: embedded.RunningServers, environ: dict[str, str], tmp_path: Path
) -> None:
    """The variables' files win over what lies under their names."""
    url = environ["CROWNCAP_DATABASE_URL"]
    member = "INSERT INTO products (gtin, name, brand, created_at)"
    with psycopg.connect(url) as connection:
        connection.execute(f"{member} VALUES ('06901234567892', 'm', 'b', now())")
    done = run_command(["backup", "--out", str(tmp_path / "backup")], environ)
    assert done.returncode == 0, done.stderr
    done = run_command(
        ["restore", str(tmp_path / "backup"), "--data-dir", str(tmp_path / "d")],
        environ,
    )
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)["settings"]
    assert settings == {v: f"keys/{name}" for v, name in ELSEWHERE.items()}
    for variable, name in ELSEWHERE.items():
        copy = tmp_path / "d" / "keys" / name
        assert copy.read_text() == f"{variable} is here\n"
        assert variable in done.stderr
    assert {p.name for p in (tmp_path / "d" / "keys").iterdir()} == {
        "high-water.json",
        "restored.json",
        *ELSEWHERE.values(),
    }
    assert "The marks are the backup's" in done.stderr
    with administer(servers) as connection:
        connection.execute("CREATE DATABASE of_a_dump")
    try:
        fresh = with_database(url, "of_a_dump")
        dump = tmp_path / "backup" / "database.dump"
        assert f"pg_restore --dbname URL --exit-on-error {dump}" in done.stderr
        restored = subprocess.run(
            [postgres_tool("pg_restore"), "--exit-on-error", "--dbname", fresh, dump],
            check=False,
            capture_output=True,
        )
        assert restored.returncode == 0, restored.stderr
        with psycopg.connect(fresh) as connection:
            rows = connection.execute("SELECT gtin FROM products").fetchall()
        assert rows == [("06901234567892",)]
    finally:
        with administer(servers) as connection:
            connection.execute("DROP DATABASE of_a_dump WITH (FORCE)")


def test_a_backup_that_fails_leaves_nothing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Whatever fails: the database, or a file that a variable names."""
    url = environ["CROWNCAP_DATABASE_URL"]
    gone = with_database(url, "no_such_database")
    lost = str(tmp_path / "nowhere")
    for changed, words in (
        ({"CROWNCAP_DATABASE_URL": gone}, "Cannot reach the database"),
        ({"CROWNCAP_SIGNING_KEY": lost}, "nowhere"),
    ):
        done = run_command(
            ["backup", "--out", str(tmp_path / "backup")], environ | changed
        )
        assert done.returncode == 2, done.stdout
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert not (tmp_path / "backup").exists()
