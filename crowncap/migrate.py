"""Brings a database to this version's shape, while others go on using it."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg import errors as pg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

import migrations
from core.clock import elapsed_s
from core.db import LOCK_TIMEOUT_MS, SESSIONS, sqlalchemy_url, why_away
from core.errors import MisconfiguredError

# Two processes that start at once migrate one after the other.
_LOCK = text("SELECT pg_advisory_lock(4343, 0)")
_UNLOCK = text("SELECT pg_advisory_unlock(4343, 0)")
# Longer than a migration takes that moves rows.
_TURN_TIMEOUT_S = 20 * 60
_TURN_PAUSE_S = 0.3
# After each try that met a lock, everybody it made wait is let through first: 40 tries
# in three minutes, behind each of which a scan waits 200 ms for a lock.
PAUSES_S = (0.5, 1.0, 2.0, *[5.0] * 36)
_WATCH_INTERVAL_S = LOCK_TIMEOUT_MS / 1000 / 4
_BLOCKERS = (
    SESSIONS + " WHERE a.pid = ANY (pg_blocking_pids(%s)) AND a.pid <> pg_backend_pid()"
)


def migrate(database_url: str, *, pauses_s: Sequence[float] = PAUSES_S) -> None:
    """Upgrade to the newest revision; raises MisconfiguredError with one sentence."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        with engine.connect() as connection, _watching(connection) as blockers:
            _take_turn(connection, blockers)
            connection.execute(text("SET statement_timeout = '10min'"))
            connection.commit()
            _upgrade_patiently(connection, config, blockers, pauses_s)
            connection.execute(_UNLOCK)
            connection.commit()
    except OperationalError as fault:
        raise MisconfiguredError(
            f"Cannot reach the database: {why_away(fault)}"
        ) from None
    finally:
        engine.dispose()


async def revision_of(engine: AsyncEngine) -> str | None:
    """Tell which revision a database has, if any."""
    async with engine.connect() as conn:
        return await conn.run_sync(
            lambda c: MigrationContext.configure(c).get_current_revision()
        )


def _take_turn(connection: Connection, blockers: "Blockers") -> None:
    """Wait for others that migrate, a moment at a time.

    An index that is built beside writers waits for every open transaction: one that
    waited here for long would make it wait for ever.
    """
    connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
    connection.commit()
    until_s = elapsed_s() + _TURN_TIMEOUT_S
    while True:
        try:
            connection.execute(_LOCK)
        except OperationalError as fault:
            connection.rollback()
            if not isinstance(fault.orig, pg.LockNotAvailable):
                raise
            if elapsed_s() < until_s:
                time.sleep(_TURN_PAUSE_S)
                continue
            raise MisconfiguredError(
                f"Another process has been migrating the database for "
                f"{_TURN_TIMEOUT_S // 60} minutes: {blockers}. Wait for it or end it, "
                "and start again."
            ) from None
        connection.commit()
        return


def _upgrade_patiently(
    connection: Connection,
    config: Config,
    blockers: "Blockers",
    pauses_s: Sequence[float],
) -> None:
    """Upgrade, from the migration on that met a lock, until nobody is in the way."""
    left = list(pauses_s)
    while True:
        try:
            _upgrade(connection, config)
        except (DBAPIError, pg.Error) as fault:
            connection.rollback()
            cause = fault.orig if isinstance(fault, DBAPIError) else fault
            if not isinstance(cause, pg.LockNotAvailable | pg.DeadlockDetected):
                raise
            if not left:
                raise MisconfiguredError(
                    f"The database was not migrated: {blockers} kept locks on tables "
                    f"that change, through {len(pauses_s) + 1} tries. What was done is "
                    "whole. End that transaction, or wait for its end, and start again."
                ) from None
        else:
            return
        time.sleep(left.pop(0))


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    try:
        if present == ScriptDirectory.from_config(config).get_current_head():
            return
        command.upgrade(config, "head")
    except CommandError as fault:
        raise MisconfiguredError(
            f"The database is of a newer or unknown version ({present}): {fault}"
        ) from None
    connection.commit()


# Who is in the way --------------------------------------------------------------------


@dataclass(slots=True)
class Blockers:
    """Whom the migration waited for last, as a second connection saw it."""

    seen: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Name them for a sentence."""
        return " and ".join(self.seen) or "a transaction that has ended meanwhile"


@contextlib.contextmanager
def _watching(connection: Connection) -> Iterator[Blockers]:
    """Look, while a block runs, at whom this connection waits for."""
    driver = connection.connection.driver_connection
    assert driver is not None
    blockers = Blockers()
    done = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(driver.info, blockers, done), daemon=True
    )
    watcher.start()
    try:
        yield blockers
    finally:
        done.set()
        watcher.join()


def _watch(
    watched: psycopg.ConnectionInfo, blockers: Blockers, done: threading.Event
) -> None:
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(
            watched.dsn, password=watched.password, autocommit=True
        ) as connection,
    ):
        while not done.wait(_WATCH_INTERVAL_S):
            rows = connection.execute(_BLOCKERS, (watched.backend_pid,)).fetchall()
            if rows:
                blockers.seen = [str(name) for (name,) in rows]
