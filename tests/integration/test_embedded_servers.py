"""The embedded servers start, are found again, come back and explain themselves."""

import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest
import redis

from crowncap import embedded
from crowncap.embedded.errors import (
    AlreadyRunningError,
    DamagedDataError,
    NotSetUpError,
)
from crowncap.embedded.paths import Places
from crowncap.embedded.process import is_running
from tests.fixtures.embedded import (
    one,
    postgres_pid,
    up_elsewhere,
    valkey_pid,
    wait_for_line,
    wait_until,
)


def is_one_sentence(text: str) -> bool:
    """Say whether a text is one line without a traceback's marks."""
    return "\n" not in text and "Traceback" not in text and text[0].isupper()


def test_both_servers_answer_with_the_settings_that_money_needs(ground: Path) -> None:
    """Durable commits, checksums, UTF-8, no TCP, and a cache that never evicts."""
    with embedded.start(ground / "data", say=print) as servers:
        settings_are_those_that_money_needs(servers.urls)


def settings_are_those_that_money_needs(urls: embedded.ServerUrls) -> None:
    """Ask both servers."""
    settings = {
        name: one(urls, f"SELECT current_setting('{name}')")
        for name in (
            "fsync",
            "synchronous_commit",
            "data_checksums",
            "listen_addresses",
            "server_encoding",
            "password_encryption",
        )
    }
    assert settings == {
        "fsync": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    assert one(urls, "SELECT current_setting('server_version_num')::int / 10000") == 18
    with redis.Redis.from_url(urls.redis_url) as client:
        assert client.config_get("maxmemory-policy", "save", "appendonly", "port") == {
            "maxmemory-policy": "noeviction",
            "save": "",
            "appendonly": "no",
            "port": "0",
        }


def test_a_database_and_a_valkey_of_ones_own_per_test(
    database_url: str, redis_url: str
) -> None:
    """The fixtures hand out a fresh database and an empty Valkey."""
    with psycopg.connect(database_url) as connection:
        name = connection.execute("SELECT current_database()").fetchone()
    assert name is not None
    assert name[0].startswith("test_")
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_a_killed_up_leaves_servers_that_the_next_up_finds_again(ground: Path) -> None:
    """The same processes go on, nothing is started twice, and stop() ends them."""
    data_dir = ground / "data"
    with up_elsewhere(data_dir) as first:
        wait_for_line(first, "ready")
    said: list[str] = []
    before = postgres_pid(data_dir), valkey_pid(embedded.connection_urls(data_dir))
    with embedded.start(data_dir, say=said.append) as servers:
        after = postgres_pid(data_dir), valkey_pid(servers.urls)
        assert after == before
        assert said == [
            f"PostgreSQL is already running (process {before[0]}); using it.",
            f"Valkey is already running (process {before[1]}); using it.",
        ]
    assert not any(map(is_running, before))
    assert not (Places.of(data_dir).pgdata / "postmaster.pid").exists()


def test_a_second_up_on_the_same_data_is_told_who_runs(ground: Path) -> None:
    """One sentence with the process id, and the first goes on undisturbed."""
    data_dir = ground / "data"
    with up_elsewhere(data_dir) as first:
        wait_for_line(first, "ready")
        with up_elsewhere(data_dir) as second:
            _, errors = second.communicate(timeout=60)
        assert errors.strip() == (
            f"Crowncap is already running on {data_dir} (process {first.pid})."
        )
        with pytest.raises(AlreadyRunningError, match=f"process {first.pid}"):
            embedded.start(data_dir, say=print)
        assert one(embedded.connection_urls(data_dir), "SELECT 1") == 1
    with embedded.start(data_dir, say=print) as servers:
        assert one(servers.urls, "SELECT 1") == 1


def test_an_up_killed_while_it_creates_the_database_leaves_no_half(
    ground: Path,
) -> None:
    """The data directory of PostgreSQL is there whole, or not at all."""
    data_dir = ground / "data"
    with up_elsewhere(data_dir) as first:
        wait_for_line(first, "Creating the database")
        wait_until(lambda: any(data_dir.glob("postgres.new-*/data/base")))
    assert not (data_dir / "postgres").exists()
    with embedded.start(data_dir, say=print) as servers:
        assert one(servers.urls, "SELECT 1") == 1


@pytest.mark.parametrize("victim", ["PostgreSQL", "Valkey"])
def test_a_killed_server_comes_back_and_the_user_hears_of_it(
    ground: Path, victim: str
) -> None:
    """SIGKILL, then within seconds a new process, two lines and the hook."""
    data_dir = ground / "data"
    said: queue.Queue[str] = queue.Queue()
    restarted: queue.Queue[str] = queue.Queue()
    with embedded.start(data_dir, say=said.put) as servers:
        servers.supervise(on_restart=restarted.put)
        while not said.empty():
            said.get()
        before = {
            "PostgreSQL": postgres_pid(data_dir),
            "Valkey": valkey_pid(servers.urls),
        }
        os.kill(before[victim], signal.SIGKILL)
        assert "ended by SIGKILL" in (line := said.get(timeout=60))
        assert line.startswith(f"{victim} stopped unexpectedly")
        assert restarted.get(timeout=60) == victim
        # On a busy machine it may also say that the recovery takes a while.
        while "recovering" in (line := said.get(timeout=60)):
            pass
        assert line.startswith(f"{victim} is back after")
        after = {
            "PostgreSQL": postgres_pid(data_dir),
            "Valkey": valkey_pid(servers.urls),
        }
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {victim}
        assert one(servers.urls, "SELECT 1") == 1


def test_a_server_that_cannot_come_back_is_explained(ground: Path) -> None:
    """After some failures the user reads what is wrong; stopping still is quick."""
    data_dir = ground / "data"
    said: queue.Queue[str] = queue.Queue()
    policy = embedded.RestartPolicy(first_delay_s=0.01, many=3)
    with embedded.start(data_dir, say=said.put) as servers:
        servers.supervise(on_restart=print, policy=policy)
        (Places.of(data_dir).pgdata / "global" / "pg_control").unlink()
        os.kill(postgres_pid(data_dir), signal.SIGKILL)
        while "failed 4 times" not in (line := said.get(timeout=60)):
            pass
        assert "damaged (its control file is missing or cut short)" in line
        assert is_one_sentence(line)
        began = time.monotonic()
    # It does not wait until it would be tried again.
    assert time.monotonic() - began < policy.delay_after_many_s


def test_damaged_data_are_told_in_one_sentence(ground: Path) -> None:
    """A missing or foreign version, a cut or a corrupt control file, an empty one."""
    data_dir = ground / "data"
    embedded.start(data_dir, say=print).stop()
    pgdata = Places.of(data_dir).pgdata
    version, control = pgdata / "PG_VERSION", pgdata / "global" / "pg_control"
    sound = {path: path.read_bytes() for path in (version, control)}
    flipped = bytes([sound[control][40] ^ 1])
    corrupt = sound[control][:40] + flipped + sound[control][41:]
    for path, damage, words in (
        (version, b"", "PG_VERSION holds no version"),
        (version, b"17\n", "written by PostgreSQL 17"),
        (control, sound[control][:100], "control file is missing or cut short"),
        (control, corrupt, "damaged (incorrect checksum in control file)"),
    ):
        path.write_bytes(damage)
        with pytest.raises(DamagedDataError) as caught:
            embedded.start(data_dir, say=print)
        assert words in str(caught.value)
        assert is_one_sentence(str(caught.value))
        path.write_bytes(sound[path])
    with embedded.start(data_dir, say=print) as servers:
        assert one(servers.urls, "SELECT 1") == 1


def test_a_number_that_now_is_another_program_does_not_stop_the_start(
    ground: Path,
) -> None:
    """After a container's restart the old process id often is somebody else's."""
    data_dir = ground / "data"
    embedded.start(data_dir, say=print).stop()
    pgdata = Places.of(data_dir).pgdata
    with subprocess.Popen(["sleep", "60"], user=pgdata.stat().st_uid) as other:
        stale = pgdata / "postmaster.pid"
        stale.write_text(f"{other.pid}\n{pgdata}\n1\n5432\n\n\n0 0\nready\n")
        os.chown(stale, pgdata.stat().st_uid, pgdata.stat().st_gid)
        with embedded.start(data_dir, say=print) as servers:
            assert one(servers.urls, "SELECT 1") == 1
        assert other.poll() is None
        other.kill()


def test_a_data_directory_without_servers_says_how_to_start_them(ground: Path) -> None:
    """Commands say it in one sentence, with the command to type."""
    data_dir = ground / "data"
    with pytest.raises(NotSetUpError) as caught:
        embedded.connection_urls(data_dir)
    assert str(caught.value) == (
        f"Nothing is running on {data_dir}; "
        f"start it with: crowncap up --data-dir {data_dir}"
    )


def test_stopping_twice_and_threads_left_behind(ground: Path) -> None:
    """A second stop is harmless, and no watching thread outlives the first."""
    servers = embedded.start(ground / "data", say=print)
    supervisor = servers.supervise(on_restart=print)
    watching = [
        thread for thread in threading.enumerate() if thread.name.startswith("watch-")
    ]
    assert len(watching) == 2
    supervisor.stop()
    assert not any(thread.is_alive() for thread in watching)
    servers.stop()
    servers.stop()
