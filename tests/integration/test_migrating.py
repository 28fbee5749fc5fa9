"""Migrations wait for nobody longer than a moment, and say who was in the way."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import migrations
from core.db import LOCK_TIMEOUT_MS, sqlalchemy_url
from core.errors import MisconfiguredError
from crowncap import embedded
from crowncap.migrate import migrate
from tests.fixtures.servers import administer, with_database

# Its successor adds a column to range_changes, which needs ACCESS EXCLUSIVE.
EARLIER = "0008"


@pytest.fixture
def old_database(servers: embedded.RunningServers) -> Iterator[str]:
    """Give a database as an earlier version left it."""
    with administer(servers) as connection:
        connection.execute("CREATE DATABASE of_old")
    url = with_database(servers.urls.database_url, "of_old")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, EARLIER)
        connection.commit()
    engine.dispose()
    yield url
    with administer(servers) as connection:
        connection.execute("DROP DATABASE of_old WITH (FORCE)")


def version(database_url: str) -> str:
    """Read which migration was the last."""
    with psycopg.connect(database_url) as connection:
        [(number,)] = connection.execute("SELECT version_num FROM alembic_version")
    return str(number)


@contextlib.contextmanager
def changing(database_url: str) -> Iterator[list[int]]:
    """Use the table while a block runs; a use that waits long fails. Gives the uses."""
    done, used = threading.Event(), [0]

    def use() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = {3 * LOCK_TIMEOUT_MS}".encode())
            while not done.wait(0.005):
                connection.execute("SELECT change_id FROM range_changes")
                used[0] += 1
            used.append(-1)

    user = threading.Thread(target=use)
    user.start()
    try:
        yield used
    finally:
        done.set()
        user.join()


def test_an_open_reader_makes_a_migration_wait_and_nobody_else(
    old_database: str,
) -> None:
    """It gives up with a sentence, changes nothing, and comes through afterwards."""
    with (
        psycopg.connect(old_database, application_name="an analyst") as reader,
        changing(old_database) as used,
    ):
        reader.execute("SELECT FROM range_changes")
        with pytest.raises(MisconfiguredError) as told:
            migrate(old_database, pauses_s=(0.1, 0.1, 0.1))
    assert used[-1] == -1
    assert used[0] > 20
    assert "(an analyst, role " in str(told.value)
    assert "through 4 tries" in str(told.value)
    assert "End that transaction" in str(told.value)
    assert version(old_database) == EARLIER
    migrate(old_database)
    assert version(old_database) > EARLIER


def test_a_migration_comes_through_once_the_reader_has_ended(old_database: str) -> None:
    """By itself, at the next try."""
    with psycopg.connect(old_database) as reader:
        reader.execute("SELECT FROM range_changes")
        soon = threading.Timer(0.5, reader.rollback)
        soon.start()
        migrate(old_database, pauses_s=[0.2] * 50)
        soon.join()
    assert version(old_database) > EARLIER
