"""Packages as they come: with what systems drop, and from somebody who means ill."""

import hashlib
import json
import os
import shutil
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict
from core.terminal import printable, shown
from feeder.package import PackageRows, facts_of, manifest_digest
from printer_export.files.checking import Verdict, check_package
from printer_export.files.reading import open_package
from printer_export.files.secrets import Secrets
from tests.fixtures.commands import run_command
from tests.fixtures.package_vector import FOLDER, PASSWORD, SIGNING_KEY

PEM = SIGNING_KEY.public_pem()
PLAIN = FOLDER / "package.zip"
DROPPED = (
    *(".DS_Store", "data/.DS_Store", "Thumbs.db", "data/thumbs.db", "desktop.ini"),
    *("__MACOSX/data/._roll-00001-lane-01.csv", "data/._roll-00001-lane-01.csv"),
    *("data/~$roll-00001-lane-01.csv", "data/.~lock.x.csv#", "data/@eaDir/x.csv"),
)


def extract(folder: Path) -> Path:
    """Extract the package of the vector."""
    with zipfile.ZipFile(PLAIN) as archive:
        archive.extractall(folder)
    return folder


def zip_again(folder: Path, path: Path) -> Path:
    """Zip a folder as a system does, with deflate."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


def sentences(path: Path, secrets: Secrets | None = None) -> dict[str, str]:
    """Check a package; gives the sentence of each check, all of which are well."""
    with open_package(path, secrets) as reader:
        checks = list(check_package(reader, PEM))
    assert [x for x in checks if x.verdict is not Verdict.OK] == []
    return {x.name: x.sentence for x in checks}


@pytest.mark.parametrize("depth", ["", "package-7", "a b/package-7"])
def test_what_systems_drop_and_a_folder_more_do_no_harm(
    tmp_path: Path, depth: str
) -> None:
    """As a folder and zipped again; what was passed over is said."""
    folder = extract(tmp_path / "outer" / depth)
    for name in DROPPED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    packed = zip_again(tmp_path / "outer", tmp_path / "again.zip")
    for path in (tmp_path / "outer", packed):
        assert "and 9 more" in sentences(path)["files"]


def test_a_windows_zip_has_backslashes(tmp_path: Path) -> None:
    """Some programs of that system write names with them."""
    with (
        zipfile.ZipFile(PLAIN) as plain,
        zipfile.ZipFile(tmp_path / "w.zip", "w") as other,
    ):
        for name in plain.namelist():
            info = zipfile.ZipInfo("x")
            info.filename = "package-7\\" + name.replace("/", "\\")
            other.writestr(info, plain.read(name))
    sentences(tmp_path / "w.zip")


def test_a_file_that_nobody_signed_is_no_dropped_one(tmp_path: Path) -> None:
    """Whatever else stands under data/ fails, and the sentence says what to do."""
    folder = extract(tmp_path / "p")
    shutil.copy(
        folder / "data/roll-00001-lane-01.csv", folder / "data/copy of roll.csv"
    )
    with open_package(folder) as reader:
        [wrong] = [x for x in check_package(reader, PEM) if x.verdict is Verdict.FAILED]
    assert wrong.name == "files"
    assert "copy of roll.csv. Never print from it; take it away" in wrong.sentence


def test_a_folder_around_a_package_says_which(tmp_path: Path) -> None:
    """One zip in it, several packages, or nothing of the kind."""
    shutil.copy(PLAIN, tmp_path / "package-7.zip")
    with pytest.raises(Conflict, match=r"name package-7\.zip"), open_package(tmp_path):
        pass
    extract(tmp_path / "one")
    extract(tmp_path / "two")
    with pytest.raises(Conflict, match="such as one"), open_package(tmp_path):
        pass
    with (
        pytest.raises(Conflict, match="not a package of codes"),
        open_package(FOLDER.parent / "decisions"),
    ):
        pass


def test_a_package_with_a_password_is_read_as_it_is(tmp_path: Path) -> None:
    """From its file, without a folder of codes on the plant's disk."""
    closed = FOLDER / "package-password.zip"
    before = set(tmp_path.iterdir())
    said = sentences(closed, Secrets(password=lambda: PASSWORD))
    assert said == sentences(PLAIN)
    assert set(tmp_path.iterdir()) == before
    with open_package(closed, Secrets(password=lambda: PASSWORD)) as reader:
        name = reader.files[0].path
        rows = [reader.read_rows(name, at, 1)[1][0] for at in (2, 0, 1)]
        with open_package(PLAIN) as plain:
            assert rows == [plain.read_rows(name, at, 1)[1][0] for at in (2, 0, 1)]
            assert manifest_digest(plain.manifest) == manifest_digest(reader.manifest)
    guess = Secrets(password=lambda: "guess")
    with pytest.raises(Conflict, match="does not open"), open_package(closed, guess):
        pass


# What somebody who means ill sends ----------------------------------------------------


def manifest_of(**changes: Any) -> bytes:
    """Write the vector's manifest with changes."""
    with zipfile.ZipFile(PLAIN) as plain:
        said = json.loads(plain.read("manifest.json"))
    return json.dumps(said | changes).encode()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """Zip the vector with other contents."""
    with (
        zipfile.ZipFile(PLAIN) as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for name in plain.namelist():
            other.writestr(name, files.pop(name, plain.read(name)))
        for name, content in files.items():
            other.writestr(name, content)
    return path


def _bomb(path: Path) -> Path:
    return packed(path, {"manifest.json": b" " * (100 << 20)})


def _bomb_of_data(path: Path) -> Path:
    return packed(path, {"data/roll-00001-lane-01.csv": b"0" * (100 << 20)})


def _nested(path: Path) -> Path:
    return packed(path, {"manifest.json": b"[" * 60_000})


def _deep(path: Path) -> Path:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    return packed(path, {"manifest.json": manifest_of(key_id=deep)})


def _wide(path: Path) -> Path:
    layout = b'{"header_bytes":0,"row_bytes":4096000000,"columns":[]}'
    return packed(path, {"layout.json": layout})


def _long_number(path: Path) -> Path:
    return packed(path, {"manifest.json": b'{"format":' + b"9" * 60_000 + b"}"})


def _many_files(path: Path) -> Path:
    # As zipfile writes it, but in a second: APPNOTE 4.3.7, 4.3.12 and 4.3.16.
    count = 102_000
    local = struct.pack("<4s5H3I2Hc", b"PK\3\4", 20, *[0] * 7, 1, 0, b"x")
    entry = struct.pack("<4s6H3I5H2Ic", b"PK\1\2", 20, 20, *[0] * 7, 1, *[0] * 6, b"x")
    with path.open("wb") as file:
        file.write(local * count + entry * count)
        sizes = (len(entry) * count, len(local) * count)
        file.write(struct.pack("<4s4H2IH", b"PK\5\6", *[0] * 4, *sizes, 0))
    return path


def _listed_often(path: Path) -> Path:
    with zipfile.ZipFile(PLAIN) as plain:
        files = json.loads(plain.read("manifest.json"))["files"]
    return packed(path, {"manifest.json": manifest_of(files=files * 20)})


def _leads_out(path: Path) -> Path:
    return packed(path, {"data/../../../etc/cron.d/x": b"x"})


def _is_absolute(path: Path) -> Path:
    return packed(path, {"/etc/cron.d/x": b"x"})


def _nameless(path: Path) -> Path:
    content = PLAIN.read_bytes().replace(b"layout.json", bytes(11))
    path.write_bytes(content)
    return path


def _other_method(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", b" " * (64 << 20))
    return path


@pytest.mark.parametrize(
    "make",
    [
        *(_bomb, _bomb_of_data, _nested, _deep, _wide, _long_number),
        *(_listed_often, _leads_out, _is_absolute, _other_method, _nameless),
    ],
)
def test_what_is_no_package_is_refused_before_it_costs_anything(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    """In one sentence, and in little memory."""
    path = make(tmp_path / "p.zip")
    tracemalloc.start()
    try:
        with pytest.raises(Conflict) as refused, open_package(path):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.detail.endswith(".")
    assert peak_bytes < 24 << 20


def test_an_archive_of_more_files_than_packages_have_is_refused(tmp_path: Path) -> None:
    """Before any of them is looked at."""
    path = _many_files(tmp_path / "p.zip")
    with pytest.raises(Conflict, match="more files"), open_package(path):
        pass


def test_rows_that_the_manifest_invents_are_not_looked_for(tmp_path: Path) -> None:
    """A trillion of them, in a file of some bytes; the check ends."""
    content = b"x" * 100
    entry = {"path": "data/a.csv", "bytes": 2**40, "rows": 2**40}
    entry |= {"sha256": hashlib.sha256(content).hexdigest()}
    numbers = {"from_index": 0, "to_index": 2**40 - 1, "quantity": 2**40}
    files = {
        "manifest.json": manifest_of(files=[entry], **numbers),
        "layout.json": b'{"header_bytes":0,"row_bytes":1,"columns":[]}',
        "data/a.csv": content,
    }
    with open_package(packed(tmp_path / "p.zip", files)) as reader:
        found = {x.name: x.verdict for x in check_package(reader, None)}
    assert found["layout"] is found["sums"] is Verdict.FAILED
    assert "duplicates" not in found


def test_links_and_pipes_in_a_folder_are_no_files(tmp_path: Path) -> None:
    """Whatever they lead to is not read, and a pipe is not waited for."""
    folder = extract(tmp_path / "p")
    data = folder / "data/roll-00001-lane-01.csv"
    shutil.move(data, tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    with (
        open_package(folder) as reader,
        pytest.raises(Conflict, match="lacks data/roll-00001-lane-01"),
    ):
        reader.verify_hashes(lambda _done, _total: None)
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")
    with pytest.raises(Conflict, match=r"no manifest\.json"), open_package(folder):
        pass


def test_words_of_an_unknown_package_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    """Neither in a check's sentence nor in a refusal of `print run`."""
    evil = "\x1b]0;owned\x07\x9b2J\u202e"
    name = f"data/{evil}.csv"
    files = {"manifest.json": manifest_of(key_id=evil), name: b"x"}
    path = packed(tmp_path / "p.zip", files)
    epc = b'{"header_bytes":0,"row_bytes":9,"columns":[]}'
    other = packed(
        tmp_path / "q.zip",
        {"manifest.json": manifest_of(preset=evil), "layout.json": epc},
    )
    key = ("--key", FOLDER / "signing-key.pem")
    for words in (
        ("package", "verify", path, *key),
        ("print", "run", other, "--printer", "zpl://h:1", "--journal", tmp_path / "j"),
    ):
        done = run_command([*map(str, words)], {"PATH": ""})
        said = done.stdout + done.stderr
        assert done.returncode in {1, 2}
        assert set(said) <= set(printable(said)), said
        assert "Traceback" not in said


@given(st.text())
def test_what_is_shown_has_only_letters(text: str) -> None:
    """Whatever it was, and never more than a piece of a sentence."""
    assert all(c.isprintable() for c in shown(text))
    assert len(shown(text)) <= 80
    assert all(c.isprintable() or c == "\n" for c in printable(text))


@pytest.mark.parametrize(
    "changes",
    [
        {"from_index": "x"},
        {"batch_id": None},
        {"package_id": 1.5},
        {"to_index": 10**30},
        {"from_index": -1},
    ],
)
def test_a_feeder_reads_only_what_makes_sense(changes: dict[str, Any]) -> None:
    """In one sentence; and a half surrogate has a digest too."""
    with pytest.raises(Conflict):
        facts_of(json.loads(manifest_of(**changes)))
    assert manifest_digest(json.loads('{"lot": "\\ud800"}'))


@pytest.mark.parametrize(
    "change", [{"index_step": 0}, {"index_step": -4, "first_index": 1}]
)
def test_rows_without_indexes_of_their_own_are_not_printed(
    tmp_path: Path, change: dict[str, int]
) -> None:
    """Whoever wrote such a manifest."""
    files = json.loads(manifest_of())["files"]
    changed = [x | change if "rows" in x else x for x in files]
    path = packed(tmp_path / "p.zip", {"manifest.json": manifest_of(files=changed)})
    with open_package(path) as reader, pytest.raises(Conflict, match="no indexes"):
        PackageRows(reader)


def test_rows_that_end_early_are_a_sentence(tmp_path: Path) -> None:
    """Where the file is shorter than the manifest says."""
    name = "data/roll-00001-lane-01.csv"
    path = packed(tmp_path / "p.zip", {name: b"sequence,link,code\r\n"})
    with (
        open_package(path) as reader,
        pytest.raises(Conflict, match="does not have the rows"),
    ):
        PackageRows(reader).read(0, 3)
