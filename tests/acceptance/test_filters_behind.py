"""A running service mends its filters by itself, whatever servers it has."""

import asyncio
import json
import os
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from core.auth.members import MemberSigner
from crowncap import embedded
from tests.fixtures.filters import assert_filters_equal_claims
from tests.fixtures.load import Load
from tests.fixtures.processes import free_port, wait_for
from tests.fixtures.servers import administer, reachable_directory
from tests.fixtures.service import OwnService, Service

MEMBERS = [f"filterer-{n}" for n in range(64)]
CLAIM = """
    INSERT INTO claims (code_id, scan_id, member_no)
    SELECT first_serial + n, n, 1 FROM batches, generate_series(0, 2999, 7) AS n
"""


async def test_filters_come_back_while_scans_go_on(own_service: OwnService) -> None:
    """Valkey emptied; Valkey and PostgreSQL gone at once; wrong bits by hand."""
    service = own_service()
    codes = service.codes(service.issue(20_000))
    async with Load(service, codes, MEMBERS) as load:
        await load.until(50, "rewarded")
        with redis.Redis.from_url(service.urls.redis_url) as client:
            client.flushall()
        await load.until(50, "rewarded")
    assert_filters_equal_claims(service)
    first = service.valkey_pid
    os.kill(first, signal.SIGKILL)
    os.kill(service.postgres_pid, signal.SIGQUIT)
    wait_for(lambda: service.readiness() == "ok" and service.valkey_pid != first)
    assert_filters_equal_claims(service)
    with redis.Redis.from_url(service.urls.redis_url) as client:
        client.setbit("claimed:{s0}", 1_000_000, 1)
    async with Load(service, codes[1_000:], MEMBERS) as load:
        await load.until(20, "rewarded")
        rebuilt = await asyncio.to_thread(service.cli, "filters", "rebuild")
        await load.until(20, "rewarded")
    assert json.loads(rebuilt)["segments"] >= 1
    assert_filters_equal_claims(service)
    # Each worker counts them when it next looks.
    none_missing = "crowncap_filter_segments_missing 0.0"
    wait_for(lambda: none_missing in service.get("/metrics").text, what="the count")
    service.audit()


@pytest.mark.usefixtures("redis_url")
def test_filters_come_back_on_servers_of_ones_own(
    servers: embedded.RunningServers, database_url: str
) -> None:
    """Redis comes back empty while PostgreSQL lets nobody in."""
    with reachable_directory() as directory:
        service = external_service(
            directory, embedded.ServerUrls(database_url, servers.urls.redis_url)
        )
        try:
            service.start()
            service.cli("batch", "issue", "--quantity", "3000")
            with psycopg.connect(database_url, autocommit=True) as connection:
                [(name,)] = connection.execute("SELECT current_database()").fetchall()
                wait_for(lambda: has_partition(connection), what="the partition")
                connection.execute(CLAIM)
            with administer(servers) as connection:
                connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = %s",
                    (name,),
                )
                with redis.Redis.from_url(servers.urls.redis_url) as client:
                    client.flushall()
                wait_for(
                    lambda: "filters_not_tended" in service.log(), what="the failure"
                )
                connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert_filters_equal_claims(service)
        finally:
            service.stop()


def has_partition(connection: psycopg.Connection) -> bool:
    """Tell whether a worker has noticed the batch."""
    found = connection.execute("SELECT to_regclass('claims_0')").fetchone()
    return found is not None and found[0] is not None


def external_service(directory: Path, urls: embedded.ServerUrls) -> Service:
    """Set a service up as a brand does, on servers that it did not start."""
    keys = directory / "brand"
    keys.mkdir()
    MemberSigner.load_or_create(keys)
    return Service(
        directory / "data",
        free_port(),
        environ={
            "CROWNCAP_DATABASE_URL": urls.database_url,
            "CROWNCAP_REDIS_URL": urls.redis_url,
            "CROWNCAP_MEMBER_JWKS": str(keys / "member-jwks.json"),
        },
        flags=(),
        external=urls,
    )
