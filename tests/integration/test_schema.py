"""The migrated database, the tables that the code knows, and what stays written."""

from typing import Any

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.pool import NullPool

import anti_fraud.tables
import codegen.tables
import core.auth.tables
import core.fence
import core.outbox
import crowncap.audit.tables
import crowncap.recovery.tables
import events.tables
import printer_export.tables
import rewards.tables
import scan_api.tables
from core.db import sqlalchemy_url
from core.errors import MisconfiguredError
from crowncap import embedded
from crowncap.migrate import migrate
from crowncap.schema import SCHEMA_FILE, dump_schema
from tests.fixtures.ground import Ground
from tests.fixtures.servers import administer, with_database

FEATURES: dict[str, MetaData] = {
    "anti_fraud": anti_fraud.tables.metadata,
    "codegen": codegen.tables.metadata,
    "core.auth": core.auth.tables.metadata,
    "core.fence": core.fence.metadata,
    "core.outbox": core.outbox.metadata,
    "crowncap.audit": crowncap.audit.tables.metadata,
    "crowncap.recovery": crowncap.recovery.tables.metadata,
    "events": events.tables.metadata,
    "printer_export": printer_export.tables.metadata,
    "rewards": rewards.tables.metadata,
    "scan_api": scan_api.tables.metadata,
}
APPEND_ONLY = (
    *("audit_log", "range_changes", "code_exports", "rule_sets"),
    *("logistic_events", "logistic_event_units"),
    *("rule_set_commits", "rule_set_changes"),
)
# Made by the migrations alone: nothing but PostgreSQL needs to know of them.
ONLY_IN_SQL = {"remove_index", "remove_fk", "add_fk", "add_constraint"}


def test_every_table_has_one_owner() -> None:
    """No two features declare the same table."""
    names = [name for metadata in FEATURES.values() for name in metadata.tables]
    assert len(names) == len(set(names))


def test_the_schema_to_read_is_what_the_migrations_come_to(database_url: str) -> None:
    """Whoever adds a migration writes the file anew, by `make schema`."""
    assert dump_schema(database_url) == SCHEMA_FILE.read_text()


def test_the_schema_to_read_makes_the_same_database(
    servers: embedded.RunningServers,
) -> None:
    """It is no picture of the schema: PostgreSQL takes it, and tells the same."""
    url = with_database(servers.urls.database_url, "from_schema")
    with administer(servers) as connection:
        connection.execute("CREATE DATABASE from_schema")
    with psycopg.connect(url, autocommit=True) as connection:
        # As pg_dump's own scripts do: bodies of functions name tables that come later.
        # Bodies of functions name tables that come later.
        connection.execute("SET check_function_bodies = off")
        connection.execute(SCHEMA_FILE.read_text())
    # PostgreSQL words a nested AND with a pair of parentheses more, once it read it.
    again, file = dump_schema(url), SCHEMA_FILE.read_text()
    bare = str.maketrans("", "", "()")
    assert again.translate(bare) == file.translate(bare)
    with administer(servers) as connection:
        connection.execute("DROP DATABASE from_schema WITH (FORCE)")


def test_the_tables_in_code_are_the_tables_in_the_database(database_url: str) -> None:
    """Names, columns, types, nullability and unique constraints, in both directions."""
    engine = sqlalchemy.create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        partitions = set(
            connection.execute(
                sqlalchemy.text(
                    "SELECT inhrelid::regclass::text FROM pg_inherits UNION"
                    " SELECT 'alembic_version'"
                )
            ).scalars()
        )

        def concerns(item: object, name: str | None, kind: str, *_: object) -> bool:
            table = getattr(item, "table", None)
            owner = name if kind == "table" else getattr(table, "name", None)
            return owner not in partitions

        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": False,
                "include_object": concerns,
            },
        )
        everything: Any = list(FEATURES.values())
        differences = compare_metadata(context, everything)
    engine.dispose()
    flat = [
        one
        for each in differences
        for one in (each if isinstance(each, list) else [each])
    ]
    assert [d for d in flat if d[0] not in ONLY_IN_SQL] == []


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_history_cannot_be_rewritten(ledger: Ground, table: str) -> None:
    """Not by UPDATE, not by DELETE, not by TRUNCATE, not even of no row."""
    [(column,)] = await ledger.rows(
        "SELECT column_name FROM information_schema.columns"
        f" WHERE table_name = '{table}' AND ordinal_position = 2"
    )
    for statement in (
        f"UPDATE {table} SET {column} = {column} WHERE false",
        f"DELETE FROM {table} WHERE false",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(psycopg.DatabaseError, match="append-only") as refused:
            await ledger.conn.execute(statement.encode())
        assert refused.value.sqlstate == "CC003"


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """A second `up` finds the newest shape."""
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT count(*) FROM range_version").fetchall()
    assert rows == [(1,)]


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    """An older program says so in one sentence instead of guessing."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MisconfiguredError, match="newer or unknown version"):
        migrate(database_url)


def test_a_database_that_cannot_be_reached_is_one_sentence(database_url: str) -> None:
    """No trace, no URL with a password in it."""
    with pytest.raises(MisconfiguredError) as fault:
        migrate(database_url.replace("test_", "no_such_"))
    assert "Cannot reach the database" in str(fault.value)
    assert "\n" not in str(fault.value)
