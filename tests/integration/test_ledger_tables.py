"""The ledger's growing tables: their partitions, and who may write."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors as pg

from core.clock import utc_datetime
from core.ids import first_id_at
from scan_api.domain.scans import Outcome
from scan_api.store.partitions import keep_time_partitions
from tests.fixtures.ground import CLOCK, Ground, outcomes

ROOT = Path(__file__).resolve().parents[2]
BY_MONTH = ("transfers", "holds", "members")


async def test_months_are_made_ahead_and_take_what_is_scanned(ledger: Ground) -> None:
    """Transfers, their ends, holds and new members lie in the month of their id."""
    assert await keep_time_partitions(ledger.engine, utc_datetime(CLOCK.now_ms()))
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    [ann] = await ledger.members("ann")
    await ledger.commit(ledger.wish(code, ann, points))
    month = utc_datetime(CLOCK.now_ms()).strftime("%Y_%m")
    for table in ("transfers", "members"):
        [(where,)] = await ledger.rows(f"SELECT tableoid::regclass::text FROM {table}")
        assert where == f"{table}_{month}"
    for table in BY_MONTH:
        names = await ledger.rows(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{table}'::regclass"
        )
        assert sum(name.startswith(f"{table}_2") for (name,) in names) >= 3


async def test_a_member_found_or_made_at_once_has_one_number(ledger: Ground) -> None:
    """Whoever asks second gets the number of who was first."""
    first = await ledger.members("ann", "bob")
    assert await ledger.members("bob", "cem", "ann") == [
        first[1],
        (await ledger.members("cem"))[0],
        first[0],
    ]
    rows = await ledger.rows("SELECT member_no, member_id FROM members ORDER BY 2")
    assert [name for _, name in rows] == ["ann", "bob", "cem"]
    assert rows == await ledger.rows(
        "SELECT member_no, member_id FROM identities ORDER BY 2"
    )
    # Far above what the sequence gives to campaigns.
    [(most,)] = await ledger.rows(
        "SELECT seqmax FROM pg_sequence WHERE seqrelid = 'account_numbers'::regclass"
    )
    assert min(number for number, _ in rows) > first_id_at(CLOCK.now_ms() - 60_000)
    assert first_id_at(CLOCK.now_ms()) > most


async def test_a_pending_transfer_ends_once_even_behind_the_code(
    ledger: Ground,
) -> None:
    """By a unique index within its partition; its own row is unique by its key."""
    columns = "(origin_id, transfer_id, kind, debit_account, credit_account, amount)"
    insert = f"INSERT INTO transfers {columns} VALUES"
    await ledger.rows(f"{insert} (7, 7, 'pending', 1, 2, 5), (7, 8, 'post', 1, 2, 5)")
    for twice, rule in {
        "(7, 9, 'void', 1, 2, 5)": pg.UniqueViolation,
        "(7, 7, 'posted', 1, 2, 5)": pg.UniqueViolation,
    }.items():
        with pytest.raises(rule):
            await ledger.conn.execute(f"{insert} {twice}".encode())


# The serving role ---------------------------------------------------------------------


@pytest.fixture
def serving(database_url: str) -> Iterator[psycopg.Connection]:
    """Be the role that docs/operations.md makes for workers, as it says to make it."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [grants] = re.findall(r"```sql\n(GRANT USAGE, CREATE [^`]*)```", text)
    with psycopg.connect(database_url, autocommit=True) as connection:
        role = f"serving_{connection.info.dbname}"
        connection.execute(f"CREATE ROLE {role}")
        connection.execute(re.sub(r"\bcap_app\b", role, grants))
        try:
            connection.execute(f"SET ROLE {role}")
            yield connection
        finally:
            connection.execute("RESET ROLE")
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


def test_the_serving_role_adds_to_the_ledger_and_cannot_rewrite_it(
    serving: psycopg.Connection,
) -> None:
    """Not the table, not a partition, and not one that it has asked for itself."""
    serving.execute(
        "SELECT ensure_ledger_partitions('transfers', '{2031_01}',"
        " '{900000000000000000}', '{900000001000000000}')"
    )
    serving.execute(
        "INSERT INTO transfers (origin_id, transfer_id, kind, debit_account,"
        " credit_account, amount) VALUES (900000000000000001, 900000000000000001,"
        " 'posted', 1, 2, 5)"
    )
    with pytest.raises(pg.RaiseException, match="not a table of the ledger"):
        serving.execute(
            "SELECT ensure_ledger_partitions('audit_log', '{}', '{}', '{}')"
        )
    tables = serving.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'transfers'::regclass UNION SELECT 'transfers'"
    ).fetchall()
    assert ("transfers_2031_01",) in tables
    for (table,) in tables:
        for statement in (
            f"UPDATE {table} SET amount = 6",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"DROP TABLE {table}",
            f"ALTER TABLE {table} ADD COLUMN more text",
        ):
            with pytest.raises(pg.InsufficientPrivilege):
                serving.execute(statement.encode())
    with pytest.raises(pg.InsufficientPrivilege):
        serving.execute("ALTER TABLE transfers DETACH PARTITION transfers_2031_01")
    rows = serving.execute("SELECT amount FROM transfers").fetchall()
    assert rows == [(5,)]


def test_the_serving_role_cannot_take_a_void_back(serving: psycopg.Connection) -> None:
    """What was voided stays void, without a trigger that says so."""
    serving.execute("INSERT INTO void_codes (code_id, change_id) VALUES (7, 1)")
    for statement in (
        "UPDATE void_codes SET code_id = 8",
        "DELETE FROM void_codes",
        "TRUNCATE void_codes",
    ):
        with pytest.raises(pg.InsufficientPrivilege):
            serving.execute(statement.encode())


async def test_the_hot_statement_runs_as_the_serving_role(
    ledger: Ground, serving: psycopg.Connection
) -> None:
    """What the grants leave out would stop every scan."""
    points = await ledger.campaign("points")
    codes = await ledger.live(2)
    role = serving.execute("SELECT current_user").fetchone()
    assert role is not None
    await ledger.conn.execute(f"SET ROLE {role[0]}".encode())
    [ann] = await ledger.members("ann")
    key = b"k" * 16
    paid = ledger.wish(codes[0], ann, points, key=key, body=key)
    held = ledger.wish(codes[1], ann, points, outcome=Outcome.HELD)
    assert outcomes(await ledger.commit(paid)) == ["rewarded"]
    assert outcomes(await ledger.commit(held)) == ["held"]
