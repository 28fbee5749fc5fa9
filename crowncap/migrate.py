"""Brings a database to this version's shape."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

import migrations
from core.db import sqlalchemy_url, why_away
from core.errors import MisconfiguredError

# Two processes that start at once migrate one after the other.
_LOCK = text("SELECT pg_advisory_lock(4343, 0)")
_UNLOCK = text("SELECT pg_advisory_unlock(4343, 0)")


def migrate(database_url: str) -> None:
    """Upgrade to the newest revision; raises MisconfiguredError with one sentence."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(_LOCK)
            connection.commit()
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.execute(text("SET statement_timeout = '10min'"))
            connection.commit()
            _upgrade(connection, config)
            connection.execute(_UNLOCK)
            connection.commit()
    except OperationalError as fault:
        raise MisconfiguredError(
            f"Cannot reach the database: {why_away(fault)}"
        ) from None
    finally:
        engine.dispose()


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
