"""`crowncap up` that was killed, doubled, or given the wrong keys."""

import json
import os
import shutil
import signal

import psycopg

from crowncap.embedded.process import is_running
from tests.fixtures.commands import Done
from tests.fixtures.processes import children_of, free_port, wait_for
from tests.fixtures.service import OwnService, Service

FORGET = (
    "DELETE FROM ranges WHERE batch_id >= {0}",
    "ALTER TABLE range_changes DISABLE TRIGGER append_only",
    "DELETE FROM range_changes WHERE batch_id >= {0}",
    "ALTER TABLE range_changes ENABLE TRIGGER append_only",
    "DELETE FROM batches WHERE batch_id >= {0}",
    "UPDATE epochs SET next_serial = {1} WHERE epoch = 0",
)


def try_up(service: Service, *, port: int) -> Done:
    """Start one more `up` on the data, which has to refuse."""
    return service.run("up", *service.flags, "--port", str(port))


def only_sentence(done: Done) -> str:
    """Check that a start was refused with one sentence, and give it."""
    assert done.returncode == 2, done.stdout + done.stderr
    said = " ".join(done.stderr.split())
    assert 0 < len(said) < 400, said
    assert "Traceback" not in said
    return said


def test_an_up_that_was_killed_is_started_again_on_the_same_servers_and_data(
    own_program: OwnService,
) -> None:
    """Kill -9 leaves PostgreSQL and Valkey running; they are adopted, not doubled."""
    service = own_program()
    code = service.fresh_code()
    reward = service.scan(code, "survivor")
    servers = service.postgres_pid, service.valkey_pid
    workers = service.worker_pids()
    service.kill()
    wait_for(
        lambda: not any(map(is_running, workers)),
        what="the end of the orphaned workers",
    )
    service.start()
    assert (service.postgres_pid, service.valkey_pid) == servers
    again = service.scan(code, "survivor")
    assert again["scan_id"] == reward["scan_id"]
    assert again["points_available"] == 5
    assert service.scan(service.fresh_code(), "survivor")["outcome"] == "rewarded"
    service.audit()
    recent = service.run("audit", "--recent")
    assert recent.returncode == 0, recent.stdout
    assert "Not read again: scans, transfers, holds and members" in recent.stdout
    assert "each scan that claims has its claim" in recent.stderr
    # The adopted servers are watched like any other, and end with the service.
    os.kill(servers[1], signal.SIGKILL)
    wait_for(lambda: service.readiness() == "ok" and service.valkey_pid != servers[1])
    last = service.postgres_pid
    service.stop()
    assert not is_running(last)
    service.start()
    assert service.scan(code, "survivor")["by_you"] is True


def test_a_second_up_says_one_sentence(service: Service) -> None:
    """On the same data, or on the same port."""
    busy = only_sentence(try_up(service, port=free_port()))
    assert "already running" in busy
    taken = only_sentence(try_up(service, port=service.port))
    assert f"port {service.port}" in taken
    assert service.readiness() == "ok"


def test_a_missing_or_wrong_key_starts_nothing(own_program: OwnService) -> None:
    """Genuine caps never become invalid because a file was lost."""
    service = own_program(workers=1)
    code = service.fresh_code()
    service.stop()
    keys = service.data_dir / "keys" / "master-keys"
    kept = keys.with_name("kept")
    shutil.copy2(keys, kept)
    keys.unlink()
    assert "master keys" in only_sentence(try_up(service, port=service.port))
    assert not keys.exists()
    keys.write_text(f"0 {'ab' * 32}\n")
    keys.chmod(0o600)
    assert "epoch 0" in only_sentence(try_up(service, port=service.port))
    keys.write_text(f"1 {'ab' * 32}\n")
    assert "epoch 0" in only_sentence(try_up(service, port=service.port))
    keys.write_text("0 abc\n")
    assert "Line 1" in only_sentence(try_up(service, port=service.port))
    shutil.copy2(kept, keys)
    keys.chmod(0o644)
    assert "chmod 600" in only_sentence(try_up(service, port=service.port))
    keys.chmod(0o600)
    service.start()
    assert service.scan(code, "patient")["outcome"] == "rewarded"


def test_a_restored_backup_never_issues_a_serial_again(service: Service) -> None:
    """The database forgot two batches; the high-water mark did not."""
    [(next_serial,)] = service.query("SELECT next_serial FROM epochs WHERE epoch = 0")
    first, second = service.issue(100), service.issue(100)
    # As a backup from before both would have it.
    for statement in FORGET:
        service.query(statement.format(first["batch_id"], next_serial))
    third = service.issue(100)
    assert third["first_serial"] > second["first_serial"] + 99
    [(after,)] = service.query("SELECT next_serial FROM epochs WHERE epoch = 0")
    mark = json.loads((service.data_dir / "keys" / "high-water.json").read_text())
    assert mark["0"] == after == third["first_serial"] + 100


def test_no_process_is_left_behind(own_program: OwnService) -> None:
    """After a stop nothing that it started runs."""
    service = own_program()
    pids = [service.pid, *children_of(service.pid), *service.worker_pids()]
    assert len(pids) >= 7
    service.stop()
    # Python's own resource tracker ends a moment after its parent.
    wait_for(lambda: not any(map(is_running, pids)))


def test_no_partition_is_a_reason_not_to_start(own_program: OwnService) -> None:
    """A clock that was ahead left rows in a default, a day is missing, a dump reads."""
    service = own_program(workers=1)
    workers = service.worker_pids()
    service.kill()
    wait_for(lambda: not any(map(is_running, workers)), what="the workers' end")
    [(today, late_id)] = service.query(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM_DD'),"
        " first_id_at(now() - interval '1 min')"
    )
    service.query(f"DROP TABLE scan_traces_{today}")
    service.query("INSERT INTO scan_traces (scan_id) VALUES (%s)", late_id)
    with psycopg.connect(service.urls.database_url) as dump:
        dump.execute("SELECT FROM scans, scan_traces, claims")
        service.start()
        assert service.scan(service.fresh_code(), "late")["outcome"] == "rewarded"
        assert '"partition_waits"' in service.log()
    service.audit()
