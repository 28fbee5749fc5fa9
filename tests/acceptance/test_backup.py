"""Backups of what runs, restored elsewhere and started there."""

import json
import re
import stat
import subprocess
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.settings import Settings
from crowncap.backup import BackupError, restore_backup, take_backup
from tests.fixtures.processes import free_port
from tests.fixtures.service import OwnService, Service

ROOT = Path(__file__).parents[2]
# Documented, but not written by every fresh start, and why.
NOT_AT_FIRST = {
    "keys/changes.jsonl": "something must have changed",
    "keys/restored.json": "there must have been a restore",
    "postgres-home": "the account must be unable to reach the data directory",
    "programs": "the account must be unable to reach the installed ones",
}


def documented() -> dict[str, str]:
    """Read the table of docs/operations.md: each file, and whether a backup has it."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("| in the data directory |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`.+?`) \| (yes|no) \|", table, re.MULTILINE)
    return {name: has for names, has in rows for name in re.findall(r"`(.+?)`", names)}


def names_in(directory: Path) -> set[str]:
    """Name what lies in a data directory or a backup, as the table does."""
    below = {f"keys/{path.name}" for path in (directory / "keys").iterdir()}
    return below | {path.name for path in directory.iterdir()} - {"keys"}


def refused(service: Service, *args: str) -> str:
    """Run a command that has to refuse with a sentence; gives the sentence."""
    done = service.run(*args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def check_complete(data_dir: Path, out: Path) -> None:
    """Check that a backup is private and sound, and that the docs say what it has."""
    for path in (out, *out.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    checked = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=out, check=False
    )
    assert checked.returncode == 0
    table = documented()
    assert names_in(data_dir) <= table.keys()
    assert table.keys() - names_in(data_dir) <= NOT_AT_FIRST.keys()
    kept = names_in(out) - {"manifest.json", "SHA256SUMS"}
    assert kept <= {name for name, has in table.items() if has == "yes"}
    assert table.keys() - NOT_AT_FIRST.keys() - kept <= {
        name for name, has in table.items() if has == "no"
    }


def test_what_ran_runs_elsewhere_after_a_restore(own_service: OwnService) -> None:
    """Claims from before the backup are there; later serials are not issued again."""
    service = own_service()
    beside = service.data_dir.parent
    code = service.fresh_code()
    reward = service.scan(code, "early")

    # 1. The backup of a running service: whole, private, and complete.
    out = beside / "backup"
    settings = Settings.from_env({"CROWNCAP_DATA_DIR": str(service.data_dir)})
    with pytest.raises(BackupError, match="within the data"):
        take_backup(settings, service.data_dir / "b", say=print)
    taken = json.loads(service.cli("backup", "--out", str(out)))
    assert taken["path"] == str(out)
    assert taken["bytes"] > 1_000_000
    check_complete(service.data_dir, out)
    with pytest.raises(BackupError, match="holds something"):
        take_backup(settings, out, say=print)

    # 2. Life goes on, until it does not.
    later = service.issue(50_000)
    assert service.scan(service.codes(later)[0], "late")["outcome"] == "rewarded"
    service.stop()
    assert "start it first" in refused(service, "backup", "--out", str(beside / "no"))
    assert not (beside / "no").exists()

    # 3. The restored one has the old claims, by its own servers in its own place.
    restored = Service(beside / "new", free_port(), 2, service.environ)
    told = restored.cli("restore", str(out), "--keep-marks", str(service.data_dir))
    assert json.loads(told)["data_dir"] == str(restored.data_dir)
    assert (restored.data_dir / "keys" / "restored.json").exists()
    try:
        restored.start()
        again = restored.scan(code, "early")
        assert (again["scan_id"], again["by_you"]) == (reward["scan_id"], True)
        [(late,)] = restored.query("SELECT count(*) FROM claims")
        assert late == 1
        fresh = restored.issue(100)
        assert fresh["first_serial"] > later["first_serial"] + 49_999
        restored.audit()
        assert "WRONG" not in restored.cli("doctor")
    finally:
        restored.stop()

    # 4. A used directory is refused, and so is a backup that rotted.
    with pytest.raises(BackupError, match="holds something"):
        restore_backup(
            out, restored.data_dir, keep_marks=None, clock=SystemClock(), say=print
        )
    with (out / "postgres" / "global" / "pg_control").open("r+b") as file:
        file.seek(100)
        file.write(b"rot")
    with pytest.raises(BackupError, match="pg_control differs"):
        restore_backup(
            out, beside / "rotten", keep_marks=None, clock=SystemClock(), say=print
        )
    assert not (beside / "rotten").exists()
