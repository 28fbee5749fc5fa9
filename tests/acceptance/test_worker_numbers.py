"""Whatever becomes of workers and their connections, no two give the same scan_id."""

import contextlib
import os
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.fixtures.load import Load
from tests.fixtures.processes import wait_for
from tests.fixtures.rule_sets import kept_rules, put_into_force
from tests.fixtures.servers import with_database
from tests.fixtures.service import Service, running_service

MEMBERS = [f"numbered-{n}" for n in range(256)]
CUT_HOLDERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'crowncap worker number'"
)
# The numbers that live workers have.
# Two workers, and the process of jobs.
HOLDERS = 3
HELD = (
    "SELECT objid::int FROM pg_locks WHERE locktype = 'advisory' AND classid = 4345"
    " AND granted AND database = (SELECT oid FROM pg_database"
    " WHERE datname = current_database())"
)


@pytest.fixture(scope="module")
def numbered() -> Iterator[Service]:
    """Run one service for all tests here; each leaves it sound."""
    with running_service() as running:
        put_into_force(running, kept_rules(2))
        yield running


@contextlib.contextmanager
def refusing_connections(service: Service) -> Iterator[psycopg.Connection]:
    """Let PostgreSQL refuse everybody who is not connected yet, for a while."""
    url = service.urls.database_url
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            yield admin
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def worker_of(scan_id: str) -> int:
    """Tell which worker gave an id."""
    return int(scan_id) >> 12 & 1023


async def test_a_worker_never_gets_the_number_of_a_live_one(numbered: Service) -> None:
    """1,024 starts later, as a crash loop makes them: each reward has its claim."""
    batch = numbered.issue(20_000)
    codes = numbered.codes(batch)
    code_ids = dict(
        zip(
            codes,
            range(batch["first_serial"], batch["first_serial"] + len(codes)),
            strict=True,
        )
    )
    first, second = numbered.worker_pids()
    [(number,)] = numbered.query(
        "SELECT worker_no FROM worker_leases WHERE pid = %s", first
    )
    numbered.query("SELECT setval('worker_numbers', %s)", number - 1 + 1024)
    async with Load(numbered, codes, MEMBERS) as load:
        os.kill(second, signal.SIGKILL)
        wait_for(lambda: len(numbered.worker_pids()) == 2)
        wait_for(lambda: len(numbered.query(HELD)) == HOLDERS, what="numbers")
        await load.until(600, "rewarded")
    rewarded = [one for one in load.sent if one.outcome == "rewarded"]
    claims = {
        (code_id & (1 << 36) - 1, str(scan_id), member)
        for code_id, scan_id, member in numbered.query(
            "SELECT code_id, scan_id, member_id FROM claims JOIN members"
            " USING (member_no)"
        )
    }
    for one in rewarded:
        assert (code_ids[one.code], one.body["scan_id"], one.member) in claims
    assert len({worker_of(one.body["scan_id"]) for one in rewarded[-500:]}) == 2
    assert len({number for (number,) in numbered.query(HELD)}) == HOLDERS
    numbered.audit()


def test_a_worker_without_a_number_promises_nothing(numbered: Service) -> None:
    """Its lease was cut and no new one is to be had: 503, and then all goes on."""
    forged = numbered.codes(numbered.issue(1))[0]
    forged = forged[:-4] + ("0000" if forged[-4:] != "0000" else "1111")
    numbered.scan(numbered.fresh_code(), "ann")
    codes = [numbered.fresh_code() for _ in range(40)]
    token = numbered.member_token("ann")

    def scan(code: str) -> httpx.Response:
        # A connection of its own each time reaches both workers.
        with numbered.client() as client:
            return client.post(
                "/v1/scans",
                json={"code": code},
                headers={"authorization": f"Bearer {token}"},
            )

    with refusing_connections(numbered) as admin:
        admin.execute(CUT_HOLDERS)
        wait_for(
            lambda: (
                numbered.log().count('"event": "worker_number_not_leased"') >= HOLDERS
            )
        )
        answers = [scan(code) for code in codes[:10]]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        assert scan(forged).json()["outcome"] == "invalid"
    wait_for(lambda: len(numbered.query(HELD)) == HOLDERS, what="numbers")
    wait_for(lambda: scan(codes[10]).status_code == 200)
    assert {scan(code).json()["outcome"] for code in codes[11:]} == {"rewarded"}
    numbered.audit()


def test_workers_that_postgres_refuses_come_back_when_it_does_not(
    numbered: Service,
) -> None:
    """All of them gone at once, and every start in vain: no end, and a reason."""
    supervisor, before = numbered.pid, set(numbered.worker_pids())
    with refusing_connections(numbered):
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: numbered.log().count("Cannot reach the database") >= 4)
    numbered.wait_ready()
    wait_for(lambda: len(set(numbered.worker_pids()) - before) == 2)
    assert numbered.pid == supervisor
    assert '"event": "worker_ended"' in numbered.log()
    assert numbered.scan(numbered.fresh_code(), "bob")["outcome"] == "rewarded"
    numbered.audit()
