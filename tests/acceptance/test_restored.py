"""A restored database starts frozen, is told what it forgot, and pays nothing twice."""

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable

import psycopg
import redis

from tests.fixtures.processes import wait_for
from tests.fixtures.servers import with_database
from tests.fixtures.service import OwnService, Service


def kill_and_wait(service: Service) -> None:
    """Kill the service as a crash does; its servers run on, and lose nothing."""
    workers = service.worker_pids()
    service.kill()
    for pid in workers:
        # One that has heard of it has ended by itself.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def administer(service: Service, *statements: str) -> None:
    """Do something to the databases of a service that does not run."""
    url = with_database(service.urls.database_url, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = 'crowncap'"
        )
        for statement in statements:
            connection.execute(statement)


def back_up(service: Service) -> None:
    """Copy the database; Valkey goes on with what it knows."""
    kill_and_wait(service)
    administer(service, "CREATE DATABASE kept TEMPLATE crowncap")
    service.start()


def restore(service: Service, *, with_redis: bool) -> None:
    """Put the copy in the database's place, and start."""
    kill_and_wait(service)
    # Of Valkey and the files of claims, one is lost as well.
    if with_redis:
        shutil.rmtree(service.data_dir / "claims")
    else:
        with redis.Redis.from_url(service.urls.redis_url) as client:
            client.flushall()
    administer(
        service, "DROP DATABASE crowncap", "ALTER DATABASE kept RENAME TO crowncap"
    )
    service.start()


def available(service: Service, member: str) -> int:
    """Tell what a member has to spend."""
    answer = service.get("/v1/me/wallet", service.member_token(member))
    return int(answer.json()["points"]["available"])


def marks(service: Service) -> dict[str, int]:
    """Read what stands outside PostgreSQL."""
    path = service.data_dir / "keys" / "high-water.json"
    found: dict[str, int] = json.loads(path.read_text())
    return found


def written(service: Service) -> int:
    """Count the claims that stand outside PostgreSQL."""
    files = (service.data_dir / "claims").glob("*.claims")
    return sum(path.stat().st_size for path in files) // 16


def test_a_restored_database_starts_frozen_and_pays_nothing_twice(
    own_service: OwnService,
) -> None:
    """Claims, voids, recalls, tokens and batches of after the backup."""
    service = own_service()
    batch = service.issue(60)
    codes = service.codes(batch)
    assert service.scan(codes[0], "early")["outcome"] == "rewarded"
    back_up(service)
    for code in codes[1:6]:
        assert service.scan(code, "ann")["outcome"] == "rewarded"
    service.change(batch, "voids", from_index=10, to_index=14)
    service.change(batch, "voids", codes=codes[15:17])
    revoked = service.staff_token("support", name="gone")
    service.cli("token", "revoke", revoked.split("_")[2])
    unknown = service.issue(10)
    [(change,)] = service.query("SELECT max(change_id) FROM range_changes")
    wait_for(lambda: marks(service).get("change", 0) >= change, what="the journal")
    # The claim of a second before the crash may be missing.
    wait_for(lambda: written(service) >= 5, what="the claims beside the database")
    restore(service, with_redis=False)
    assert "FROZEN" in service.log()
    assert f"batches {unknown['batch_id']} to {unknown['batch_id']}" in " ".join(
        service.log().split()
    )
    # Claimed after the backup, as the files say: held, and left to a person later.
    again = [service.scan(code, "bob")["outcome"] for code in codes[1:6]]
    assert again == ["held"] * 5
    honest = service.scan(codes[30], "carol")
    assert honest["outcome"] == "held"
    assert service.issue(10)["batch_id"] > unknown["batch_id"]
    refused = service.run("thaw", "--yes")
    assert refused.returncode == 2
    assert "crowncap replay" in refused.stderr
    replayed = json.loads(service.cli("replay", "--yes"))
    assert replayed["left"] == []
    for code in (codes[10], codes[14], codes[15], codes[16]):
        assert service.scan(code, "dan")["outcome"] == "not_active"
    assert json.loads(service.cli("replay", "--yes"))["done"] == []
    thawed = json.loads(service.cli("thaw", "--yes"))
    assert thawed["kept_for_a_person"] == 5
    assert service.scan(codes[31], "erin")["outcome"] == "rewarded"
    wait_for(lambda: available(service, "carol") == 5, what="the honest reward")
    assert available(service, "bob") == 0
    service.audit()
    # It has answered for its marks: it does not freeze again, and is told anew.
    service.stop()
    service.start()
    assert service.scan(codes[32], "erin")["outcome"] == "rewarded"
    service.change(batch, "voids", from_index=40, to_index=40)
    [(change,)] = service.query("SELECT max(change_id) FROM range_changes")
    wait_for(lambda: marks(service)["change"] >= change, what="the journal again")


def test_a_stolen_token_stays_revoked_and_forgotten_claims_stay_held(
    own_service: OwnService,
) -> None:
    """A token from before the backup, revoked after it; a code that nobody scans."""
    service = own_service(workers=1)
    codes = service.codes(service.issue(10))
    stolen = service.staff_token("support", name="thief")
    back_up(service)
    assert service.scan(codes[0], "ann")["outcome"] == "rewarded"
    service.cli("token", "revoke", stolen.split("_")[2])
    [(audit,)] = service.query("SELECT max(audit_id) FROM audit_log")
    wait_for(lambda: marks(service).get("audit", 0) >= audit, what="the journal")
    restore(service, with_redis=True)
    assert service.get("/v1/batches", stolen).status_code == 401
    service.cli("replay", "--yes")
    service.cli("thaw", "--yes")
    # Valkey knew that it was claimed; after the thaw it is still nobody's to be paid.
    assert service.scan(codes[0], "bob")["outcome"] == "held"
    assert service.scan(codes[1], "bob")["outcome"] == "rewarded"
    service.audit()


def test_keys_that_are_not_this_databases_start_nothing(
    own_service: OwnService,
) -> None:
    """The signing key and the members' key: missing, or another's."""
    service = own_service(workers=1)
    keys = service.data_dir / "keys"
    service.stop()

    def refused(change: Callable[[], object]) -> str:
        kept = {path: path.read_bytes() for path in keys.glob("*.pem")}
        change()
        done = service.run("up", *service.flags, "--port", str(service.port))
        for path, content in kept.items():
            path.write_bytes(content)
            path.chmod(0o600)
        assert done.returncode == 2, done.stdout + done.stderr
        return " ".join(done.stderr.split())

    signing, member = keys / "signing.pem", keys / "member-signing.pem"
    assert "signing.pem is missing" in refused(signing.unlink)
    assert "member-signing.pem" in refused(member.unlink)
    assert "Restore the right key file" in refused(
        lambda: shutil.copyfile(member, signing)
    )
    service.start()
    assert service.scan(service.fresh_code(), "patient")["outcome"] == "rewarded"
