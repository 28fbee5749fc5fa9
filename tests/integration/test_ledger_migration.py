"""A database of an earlier version, with rows, whose ledger moves into partitions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy.pool import NullPool

import migrations
from codegen.keyring import HighWaterMark
from core.db import create_engine, sqlalchemy_url
from core.ids import first_id_at
from crowncap import embedded
from crowncap.audit import Audit
from crowncap.migrate import migrate
from scan_api.store.scans import ensure_members
from tests.fixtures.ground import CLOCK, TIMEZONE
from tests.fixtures.servers import administer, with_database

BEFORE = "0009"
NAME = "test_before_partitions"
# Three thousand claims over three months, of a hundred members with small numbers. Each
# tenth was held; of these a third was posted, a third voided, and a third waits.
FILL = """
    CREATE TEMP TABLE seen AS
    SELECT i AS code_id, 2 + i % 100 AS member_no, i % 30 AS kind,
        (extract(epoch FROM timestamptz '2026-09-01Z') * 1000)::bigint - 1767225600000
            + i * 2500000::bigint << 22 AS scan_id
    FROM generate_series(0, 2999) AS i;
    INSERT INTO epochs VALUES (0, 'open', decode(repeat('ab', 16), 'hex'), 4096, now());
    INSERT INTO campaigns (campaign_id, name, points, starts_at, created_at)
    VALUES ('points', 'Points', 5, now(), now());
    INSERT INTO members (member_id, created_at)
    SELECT 'member ' || n, now() FROM generate_series(1, 100) AS n;
    INSERT INTO batches (epoch, first_serial, quantity, campaign_id, placement,
        sale_regions, link_base, link_form, issued_by, issued_at)
    VALUES (0, 0, 4096, 'points', 'inside', '{}', 'HTTPS://CAP.CN', 'short', 'ada',
        now());
    INSERT INTO range_changes (batch_id, kind, person, reason, detail, changed, at)
    VALUES (1, 'issue', 'ada', '', '{}', 4096, now()),
        (1, 'activate', 'ada', '', '{}', 4096, now());
    INSERT INTO audit_log (at, person, role, action, subject, detail)
    SELECT now(), 'ada', 'issuer', 'batch.' || kind, 'batch:1', '{}'
    FROM range_changes;
    INSERT INTO ranges (first_code_id, last_code_id, batch_id, state, sale_regions,
        change_id)
    VALUES (0, 4095, 1, 'activated', '{}', 2);
    SELECT ensure_code_partitions(0, 4095);
    INSERT INTO claims SELECT code_id, scan_id, member_no FROM seen;
    INSERT INTO scans (scan_id, code_id, member_no, outcome, points, campaign_no, facts)
    SELECT scan_id, code_id, member_no,
        CASE WHEN kind % 10 = 0 THEN 'held' ELSE 'rewarded' END, 5, 1, '' FROM seen;
    INSERT INTO transfers
    SELECT scan_id, CASE WHEN kind % 10 = 0 THEN 'pending' ELSE 'posted' END, 1,
        member_no, 5 FROM seen;
    INSERT INTO transfers
    SELECT scan_id + 1, CASE kind WHEN 0 THEN 'post' ELSE 'void' END, 1, member_no, 5,
        scan_id FROM seen WHERE kind IN (0, 10);
    INSERT INTO holds
    SELECT scan_id, code_id, member_no, 1, 5, '2026-11-01', 'signals',
        CASE kind WHEN 0 THEN 'posted' WHEN 10 THEN 'voided' END,
        CASE WHEN kind < 20 THEN now() END
    FROM seen WHERE kind % 10 = 0;
    INSERT INTO balances
    SELECT member_no, 5 * count(*) FILTER (WHERE kind % 10 <> 0 OR kind = 0),
        5 * count(*) FILTER (WHERE kind = 20) FROM seen GROUP BY member_no;
    INSERT INTO campaign_budgets
    SELECT 1, NULL, 5 * count(*) FILTER (WHERE kind <> 10) FROM seen;
    INSERT INTO idempotency_keys
    SELECT decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), n, 200, 'yes',
        now() FROM generate_series(1, 500) AS n;
"""
ROWS = {
    "transfers": "transfer_id, kind, debit_account, credit_account, amount",
    "holds": "transfer_id, code_id, member_no, campaign_no, amount, day, reason,"
    " resolution, resolved_at",
    "members": "member_no, member_id, created_at",
    "idempotency_keys": "key_hash, body_hash, owner, status, response, created_at",
    "campaigns": "campaign_no, campaign_id",
    "balances": "member_no, available, pending",
}


@pytest.fixture
def earlier_url(servers: embedded.RunningServers) -> Iterator[str]:
    """Give a database of the version before, with rows in it."""
    with administer(servers) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    url = with_database(servers.urls.database_url, NAME)
    upgrade(url, BEFORE)
    with psycopg.connect(url) as filling:
        filling.execute(FILL)
    yield url
    with administer(servers) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def upgrade(database_url: str, revision: str) -> None:
    """Upgrade as crowncap.migrate does, but to a revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sqlalchemy.create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def read(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Read what must be the same before and after."""
    with psycopg.connect(database_url) as connection:
        return {
            table: connection.execute(
                f"SELECT {columns} FROM {table} ORDER BY 1".encode()
            ).fetchall()
            for table, columns in ROWS.items()
        }


async def test_every_row_moves_and_the_audit_is_clean(
    earlier_url: str, tmp_path: Path
) -> None:
    """Nothing is lost, ids are kept, and each end lies beside what it ended."""
    before = read(earlier_url)
    assert [len(before[table]) for table in ("transfers", "holds")] == [3200, 300]
    with psycopg.connect(earlier_url) as connection:
        ends = connection.execute(
            "SELECT transfer_id, pending_id FROM transfers"
            " WHERE pending_id IS NOT NULL ORDER BY 1"
        ).fetchall()
    migrate(earlier_url)
    assert read(earlier_url) == before
    with psycopg.connect(earlier_url) as connection:
        moved = connection.execute(
            "SELECT transfer_id, origin_id FROM transfers"
            " WHERE kind IN ('post', 'void') ORDER BY 1"
        ).fetchall()
        assert moved == ends
        where = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM transfers ORDER BY 1"
        ).fetchall()
        assert where == [(f"transfers_2026_{month}",) for month in ("09", "10", "11")]
        numbered = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM members"
        ).fetchall()
        assert numbered == [("members_numbered",)]
    high_water = tmp_path / "high-water.json"
    high_water.write_text(json.dumps({"0": 4096}))
    engine = create_engine(earlier_url)
    report = await Audit(engine, HighWaterMark(high_water), TIMEZONE, CLOCK).run()
    await engine.dispose()
    assert report.findings == []


async def test_old_members_keep_their_numbers_and_new_ones_get_others(
    earlier_url: str,
) -> None:
    """No new member takes a low number, where campaigns are counted."""
    migrate(earlier_url)
    async with await psycopg.AsyncConnection.connect(
        earlier_url, autocommit=True
    ) as conn:
        wanted = [("member 1", first_id_at(CLOCK.now_ms())), ("somebody new", 1 << 50)]
        found = await ensure_members(conn, wanted)
        assert found == {"member 1": 2, "somebody new": 1 << 50}
        with pytest.raises(psycopg.errors.CheckViolation, match="numbered_any_more"):
            await ensure_members(conn, [("low", 999)])
        assert await ensure_members(conn, [("low", 1 << 51)]) == {"low": 1 << 51}


def test_a_migration_that_is_interrupted_leaves_what_was(earlier_url: str) -> None:
    """All or nothing, and the next try succeeds."""
    before = read(earlier_url)
    with psycopg.connect(earlier_url) as connection:
        connection.execute("CREATE TABLE identities (in_the_way integer)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(earlier_url)
    with psycopg.connect(earlier_url) as connection:
        connection.execute("SELECT pending_id FROM transfers LIMIT 1")
        connection.execute("DROP TABLE identities")
    assert read(earlier_url) == before
    migrate(earlier_url)
    assert read(earlier_url) == before
