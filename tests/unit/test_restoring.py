"""A backup is restored whole and as it was, or not at all."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.clock import utc_datetime
from crowncap.backup import BackupError, Restored, restore_backup
from crowncap.backup.contents import Facts, read_verified, seal, sha256_of

TAKEN = utc_datetime(1_790_000_000_000)
KEYS = {
    "master-keys": f"0 {'ab' * 32}\n",
    "high-water.json": '{"0":700,"scan":5}',
    "changes.jsonl": '{"number":1}\n{"number":2}\n',
}


class Later:
    """A quarter of an hour after the backup."""

    def now_ms(self) -> int:
        """Tell it."""
        return 1_790_000_900_000


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Make a whole backup with a dump, which needs no server."""
    directory = tmp_path / "backup"
    (directory / "keys").mkdir(parents=True)
    for name, text in KEYS.items():
        (directory / "keys" / name).write_text(text)
    (directory / "database.dump").write_bytes(b"PGDMP")
    facts = Facts("0.1.0", "0018", TAKEN, "database.dump")
    seal(directory, facts, {"0": 700}, {"CROWNCAP_MASTER_KEYS": "keys/master-keys"})
    return directory


def restore(backup: Path, target: Path, *, keep_marks: Path | None = None) -> Restored:
    return restore_backup(
        backup, target, keep_marks=keep_marks, clock=Later(), say=lambda _: None
    )


def old_data_dir(tmp_path: Path, files: dict[str, str]) -> Path:
    """Make what is left of the installation that was in use until now."""
    keys = tmp_path / "old" / "keys"
    keys.mkdir(parents=True)
    for name, text in files.items():
        (keys / name).write_text(text)
    return keys.parent


def test_a_backup_is_private_and_restored_as_it_was(
    backup: Path, tmp_path: Path
) -> None:
    """With word of when it was taken, for the start that follows."""
    for path in backup.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    restored = restore(backup, tmp_path / "new")
    keys = tmp_path / "new" / "keys"
    for name, text in KEYS.items():
        assert (keys / name).read_text() == text
        assert stat.S_IMODE((keys / name).stat().st_mode) == 0o600
    note = json.loads((keys / "restored.json").read_text())
    assert note["backup_taken_at"] == "2026-09-21T14:13:20Z"
    assert note["restored_at"] == "2026-09-21T14:28:20Z"
    assert restored.settings == {"CROWNCAP_MASTER_KEYS": "keys/master-keys"}
    assert restored.backup_taken_at == TAKEN


def change(name: str) -> Callable[[Path], None]:
    """Damage one byte, and keep the size."""

    def damage(backup: Path) -> None:
        content = (backup / name).read_bytes()
        (backup / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])

    return damage


def remove(name: str) -> Callable[[Path], None]:
    return lambda backup: (backup / name).unlink()


def lead_outside(backup: Path) -> None:
    """List a file beside the backup, with checksums that agree."""
    (backup.parent / "elsewhere").write_bytes(b"PGDMP")
    for name in ("manifest.json", "SHA256SUMS"):
        text = (backup / name).read_text()
        (backup / name).write_text(text.replace("database.dump", "../elsewhere"))
    manifest = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(
        manifest.replace('"database": "../elsewhere"', '"database": "database.dump"')
    )
    lines = (backup / "SHA256SUMS").read_text().splitlines()
    lines[-1] = f"{sha256_of(backup / 'manifest.json')}  manifest.json"
    (backup / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def put_a_link(backup: Path) -> None:
    """Put the same bytes where the backup's end."""
    (backup / "database.dump").rename(backup.parent / "elsewhere")
    (backup / "database.dump").symlink_to(backup.parent / "elsewhere")


DAMAGE = {
    "a byte of a key": (change("keys/master-keys"), "keys/master-keys differs"),
    "a byte of the dump": (change("database.dump"), "database.dump differs"),
    "a file is gone": (remove("keys/changes.jsonl"), "keys/changes.jsonl is missing"),
    "a byte of the manifest": (change("manifest.json"), "manifest.json differs"),
    "a byte of the checksums": (change("SHA256SUMS"), "SHA256SUMS lists other"),
    "no checksums: interrupted": (remove("SHA256SUMS"), "not a whole backup"),
    "no manifest: interrupted": (remove("manifest.json"), "not a whole backup"),
    "a path that leads outside": (lead_outside, "which is outside"),
    "a link": (put_a_link, "database.dump is missing"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_backup_is_refused_and_nothing_is_written(
    backup: Path, tmp_path: Path, kind: str
) -> None:
    """All of it is read before the first byte is written."""
    damage, words = DAMAGE[kind]
    damage(backup)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupError, match=words):
        restore(backup, tmp_path / "new")
    assert sorted(tmp_path.iterdir()) == before


def test_a_directory_in_use_is_refused(backup: Path, tmp_path: Path) -> None:
    """An empty one is not in use; neither a file nor the backup itself is a place."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "precious").touch()
    (tmp_path / "file").touch()
    for target, words in {
        tmp_path / "used": "holds something",
        tmp_path / "file": "holds something",
        backup / "new": "within the backup",
        Path("/proc"): "holds something",
    }.items():
        with pytest.raises(BackupError, match=words):
            restore(backup, target)
    assert [p.name for p in (tmp_path / "used").iterdir()] == ["precious"]
    read_verified(backup)
    (tmp_path / "empty").mkdir()
    restore(backup, tmp_path / "empty")
    assert (tmp_path / "empty" / "keys" / "master-keys").exists()


def test_the_newer_of_both_marks_is_kept(backup: Path, tmp_path: Path) -> None:
    """Each by itself, and every line of either journal once."""
    files = {
        "high-water.json": '{"0": 900, "1": 3, "scan": 4}',
        "changes.jsonl": '{"number":2}\n{"number":3}\n',
    }
    old = old_data_dir(tmp_path, files)
    restore(backup, tmp_path / "new", keep_marks=old)
    keys = tmp_path / "new" / "keys"
    marks = json.loads((keys / "high-water.json").read_text())
    assert marks == {"0": 900, "1": 3, "scan": 5}
    lines = (keys / "changes.jsonl").read_text().splitlines()
    assert [msgspec.json.decode(line)["number"] for line in lines] == [1, 2, 3]


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "no high-water.json"), ({"high-water.json": '{"0": "many"}'}, "damaged")],
)
def test_marks_that_cannot_be_kept_restore_nothing(
    backup: Path, tmp_path: Path, files: dict[str, str], words: str
) -> None:
    """Even if that is noticed when everything else was copied."""
    old = old_data_dir(tmp_path, files)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupError, match=words):
        restore(backup, tmp_path / "new", keep_marks=old)
    assert sorted(tmp_path.iterdir()) == before
