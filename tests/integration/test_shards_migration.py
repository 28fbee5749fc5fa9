"""Keys get their shard while workers of before go on committing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from crowncap import embedded
from crowncap.migrate import migrate
from rewards.domain.active_campaigns import Campaign
from tests.fixtures.campaigns import points_campaign
from tests.fixtures.earlier_worker import commit_as_before
from tests.fixtures.ground import Ground, outcomes, prepare_ground
from tests.fixtures.servers import administer, with_database
from tests.integration.test_ledger_migration import upgrade

NAME = "test_before_shards"
KEYS = """
    SELECT indrelid::regclass::text FROM pg_index
    WHERE indisprimary AND pg_get_indexdef(indexrelid, 1, true) <> 'shard'
        AND indrelid::regclass::text ~
            '^(claims|sightings|scans|void_codes|forgotten_claims)'
"""
LEFT = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE NOT indisvalid OR indexrelid::regclass::text ~ '_by_(shard|member)$'
"""
# A batch of {n} codes that can be scanned, as an issue and an activation leave it.
FILL = """
    UPDATE epochs SET next_serial = {n};
    INSERT INTO batches (epoch, first_serial, quantity, placement, sale_regions,
        link_base, link_form, issued_by, issued_at)
    VALUES (0, 0, {n}, 'inside', '{{}}', 'HTTPS://CAP.CN', 'short', 'ada', now());
    INSERT INTO range_changes (batch_id, kind, person, reason, detail, changed, at)
    VALUES (1, 'issue', 'ada', '', '{{}}', {n}, now()),
        (1, 'activate', 'ada', '', '{{}}', {n}, now());
    INSERT INTO ranges (first_code_id, last_code_id, batch_id, state, sale_regions,
        change_id) VALUES (0, {n} - 1, 1, 'activated', '{{}}', 2);
    SELECT ensure_code_partitions(0, {n} - 1);
"""


@pytest.fixture
def earlier_url(servers: embedded.RunningServers) -> Iterator[str]:
    """Give an empty database of the version before."""
    with administer(servers) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    url = with_database(servers.urls.database_url, NAME)
    upgrade(url, "0028")
    yield url
    with administer(servers) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
async def earlier(earlier_url: str, tmp_path: Path) -> AsyncIterator[Ground]:
    """Give codes to scan in a database of the version before."""
    ground = await prepare_ground(earlier_url, tmp_path)
    yield ground
    await ground.close()


async def fill(ground: Ground, n: int) -> range:
    """Issue and activate codes; what does so today knows shards already."""
    await ground.conn.execute(FILL.format(n=n).encode())
    return range(n)


async def add_campaign(ground: Ground) -> Campaign:
    """Add a campaign of 5 points; what does so today knows states already."""
    [(number, starts_at)] = await ground.rows(
        "INSERT INTO campaigns (campaign_id, name, points, starts_at, created_at)"
        " VALUES ('points', 'points', 5, now(), now())"
        " RETURNING campaign_no, starts_at"
    )
    return points_campaign(starts_at, campaign_no=number)


async def test_no_batch_fails_while_the_keys_change(earlier: Ground) -> None:
    """Neither one that waits nor one whose connection has plans of before."""
    points = await add_campaign(earlier)
    # More than anybody scans while a migration lasts, on whatever machine.
    codes = await fill(earlier, 1 << 30)
    ann, bob = await earlier.members("ann", "bob")
    version = await earlier.version()
    left = iter(codes)
    told: list[str] = []
    begun, before = asyncio.Event(), 0

    async def scan() -> None:
        conn = await earlier.connect()
        async with conn:
            for code, again in zip(left, left, strict=False):
                batch = [
                    earlier.wish(code, ann, points),
                    earlier.wish(again, bob, points),
                    earlier.wish(code, bob),
                ]
                done = await commit_as_before(conn, batch, version=version)
                told.extend(outcome for outcome, _ in done[:2])
                begun.set()
                if 0 < before < len(told) - 100:
                    return

    async def migrate_meanwhile() -> None:
        nonlocal before
        await begun.wait()
        await asyncio.to_thread(migrate, earlier.database_url)
        before = len(told)

    await asyncio.gather(scan(), scan(), migrate_meanwhile())
    assert set(told) == {"rewarded"}
    assert await earlier.rows("SELECT count(*) FROM claims") == [(len(told),)]
    assert await earlier.rows(KEYS) == []
    assert await earlier.rows(LEFT) == []
    broken = {finding.invariant for finding in await earlier.audit()}
    assert not broken & {1, 4, 11}


async def test_rows_of_before_keep_their_values_and_get_shard_0(
    earlier: Ground,
) -> None:
    """In the first shard, where each later statement looks for them."""
    points = await add_campaign(earlier)
    [code, voided] = await fill(earlier, 2)
    [ann, bob] = await earlier.members("ann", "bob")
    scans = [earlier.wish(code, ann, points), earlier.wish(code, bob)]
    version = await earlier.version()
    await commit_as_before(earlier.conn, scans, version=version)
    await earlier.rows(
        f"INSERT INTO void_codes (code_id, change_id) VALUES ({voided}, 1)"
    )
    await earlier.rows(f"INSERT INTO forgotten_claims (code_id) VALUES ({voided})")
    tables = {
        "claims": "code_id, scan_id, member_no",
        "sightings": "code_id, scans, recent_tags, recent_scans",
        "scans": "scan_id, code_id, member_no, outcome, available, scan_count",
        "scan_traces": "scan_id, network, device, cell",
        "void_codes": "code_id, change_id",
        "forgotten_claims": "code_id",
    }
    asked = {
        table: f"SELECT {columns} FROM {table} ORDER BY 1"
        for table, columns in tables.items()
    }
    was = {table: await earlier.rows(asked[table]) for table in tables}
    assert all(was.values())
    await asyncio.to_thread(migrate, earlier.database_url)
    for table in tables:
        assert await earlier.rows(asked[table]) == was[table]
        shards = f"SELECT DISTINCT shard FROM {table}"
        assert await earlier.rows(shards) == [(0,)]
    [again, void] = await earlier.commit(
        earlier.wish(code, ann, points), earlier.wish(voided, bob, points)
    )
    assert outcomes([again, void]) == ["already_claimed", "not_active"]


async def test_a_migration_that_was_interrupted_goes_on(earlier: Ground) -> None:
    """An index that nobody finished is made again, and a whole one kept."""
    await fill(earlier, 1)
    [(part,)] = await earlier.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'claims'::regclass LIMIT 1"
    )
    await earlier.rows(
        "ALTER TABLE claims ADD COLUMN shard smallint NOT NULL DEFAULT 0"
    )
    await earlier.rows(
        f"INSERT INTO {part} (code_id, scan_id, member_no) SELECT lower(keys), 1, 1"
        " FROM partitions_of('claims') LIMIT 1"
    )
    async with await psycopg.AsyncConnection.connect(
        earlier.database_url, autocommit=True
    ) as conn:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await conn.execute(
                f"CREATE UNIQUE INDEX CONCURRENTLY {part}_by_shard"
                f" ON {part} (shard, (1 / (code_id - code_id)))".encode()
            )
    await asyncio.to_thread(migrate, earlier.database_url)
    assert await earlier.rows(KEYS) == []
    assert await earlier.rows(LEFT) == []
