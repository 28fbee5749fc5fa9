"""Budgets and daily caps become limits, with what was taken of them."""

from collections.abc import Iterator

import psycopg
import pytest

from core.db import create_engine
from crowncap import embedded
from crowncap.migrate import migrate
from rewards.store.active_campaigns import load_campaigns
from tests.fixtures.servers import administer, with_database
from tests.integration.test_ledger_migration import upgrade

NAME = "test_before_limits"
# Three campaigns; one member earned today, and a hold of long ago still waits.
FILL = """
    INSERT INTO epochs (epoch, state, key_check, next_serial, created_at)
    VALUES (0, 'open', decode(repeat('ab', 16), 'hex'), 0, now());
    INSERT INTO campaigns (campaign_id, name, points, starts_at, created_at, daily_cap)
    VALUES ('both', 'Both', 5, now(), now(), 20),
        ('free', 'Free', 5, now(), now(), NULL),
        ('spent', 'Spent', 5, now(), now(), NULL);
    INSERT INTO campaign_budgets (campaign_no, budget, spent)
    SELECT campaign_no, CASE campaign_id WHEN 'free' THEN NULL ELSE 17 END,
        CASE campaign_id WHEN 'both' THEN 15 ELSE 0 END FROM campaigns;
    INSERT INTO members (member_no, member_id, created_at)
    VALUES (1 << 50, 'ann', now());
    INSERT INTO identities (member_id, member_no) VALUES ('ann', 1 << 50);
    INSERT INTO daily_earnings (member_no, campaign_no, day, earned)
    SELECT 1 << 50, campaign_no, current_date, 15 FROM campaigns
    WHERE campaign_id = 'both';
    INSERT INTO daily_earnings (member_no, campaign_no, day, earned)
    SELECT n, campaign_no, '2026-01-05', 5 FROM campaigns, unnest(ARRAY[7, 8]) AS n
    WHERE campaign_id = 'both';
    INSERT INTO holds
        (transfer_id, code_id, member_no, campaign_no, amount, day, reason)
    SELECT n, n, 7, campaign_no, 5, '2026-01-05', 'rules'
    FROM campaigns, unnest(ARRAY[9]) AS n WHERE campaign_id = 'both';
    INSERT INTO balances (member_no, available, pending) VALUES (1 << 50, 15, 0);
""".replace("1 << 50", "1125899906842624")


@pytest.fixture
def earlier_url(servers: embedded.RunningServers) -> Iterator[str]:
    """Give a database of the version before, with rows in it."""
    with administer(servers) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    url = with_database(servers.urls.database_url, NAME)
    upgrade(url, "0026")
    with psycopg.connect(url) as filling:
        filling.execute(FILL.encode())
    yield url
    with administer(servers) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


async def test_budgets_and_caps_become_limits_with_what_was_taken(
    earlier_url: str,
) -> None:
    """What was had on days that are over is kept only where something is held."""
    migrate(earlier_url)
    with psycopg.connect(earlier_url) as connection:
        uses = connection.execute(
            "SELECT c.campaign_id, l.per, l.most, u.holder, u.used,"
            " u.period >= current_date FROM limits AS l JOIN campaigns AS c"
            " USING (campaign_no) LEFT JOIN limit_uses AS u USING (limit_no)"
            " ORDER BY 1, 2, 4"
        ).fetchall()
        assert uses == [
            ("both", "member_day", 20, 7, 5, False),
            ("both", "member_day", 20, 1 << 50, 15, True),
            ("both", "total", 17, 0, 15, False),
            ("spent", "total", 17, None, None, None),
        ]
        held = connection.execute(
            "SELECT array_agg(per ORDER BY per) FROM holds, limits"
            " WHERE limit_no = ANY (limits)"
        ).fetchall()
        assert held == [(["member_day", "total"],)]
    engine = create_engine(earlier_url)
    async with engine.connect() as conn:
        campaigns = await load_campaigns(conn)
    await engine.dispose()
    caps = {
        name: (
            found.budget and found.budget.most,
            found.daily_cap and found.daily_cap.most,
        )
        for name, found in campaigns.items()
    }
    assert caps == {"both": (17, 20), "free": (None, None), "spent": (17, None)}


def test_the_role_that_serves_may_write_what_is_new_at_once(earlier_url: str) -> None:
    """Before anybody repeats the grants, since workers of before go on meanwhile."""
    role = "served_before_limits"
    with psycopg.connect(earlier_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}".encode())
        try:
            connection.execute(f"GRANT INSERT ON balances TO {role}".encode())
            connection.execute(
                f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}".encode()
            )
            migrate(earlier_url)
            connection.execute(f"SET ROLE {role}".encode())
            connection.execute(
                "INSERT INTO limits (campaign_no, per, most, since)"
                " SELECT campaign_no, 'day', 9, now() FROM campaigns LIMIT 1"
            )
            connection.execute("UPDATE limit_uses SET used = used")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM limit_uses")
        finally:
            connection.execute("RESET ROLE")
            connection.execute(f"DROP OWNED BY {role}".encode())
            connection.execute(f"DROP ROLE {role}".encode())
