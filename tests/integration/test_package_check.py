"""`crowncap package verify`: what a print house finds wrong with a package."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Conflict
from printer_export.domain.packages.orders import PackageOrder, Sheet
from printer_export.domain.packages.rows import Preset
from printer_export.files.checking import Verdict, check_package
from printer_export.files.reading import open_package
from tests.fixtures.commands import run_command
from tests.fixtures.package_vector import FOLDER, SIGNING_KEY, build

PEM = SIGNING_KEY.public_pem()
DATA = "data/roll-00001-lane-01.csv"


def unpacked(folder: Path, content: bytes) -> Path:
    """Extract a package."""
    (folder / "p.zip").write_bytes(content)
    with zipfile.ZipFile(folder / "p.zip") as archive:
        archive.extractall(folder / "p")
    return folder / "p"


def failed(path: Path, pem: bytes | None = PEM) -> list[str]:
    """Name the checks that fail."""
    with open_package(path) as reader:
        checks = list(check_package(reader, pem))
    assert all(each.sentence.endswith(".") for each in checks), checks
    return [each.name for each in checks if each.verdict is Verdict.FAILED]


def change(folder: Path, path: str, old: bytes, new: bytes) -> None:
    """Change the first place of a file where something stands."""
    content = (folder / path).read_bytes()
    assert old in content
    (folder / path).write_bytes(content.replace(old, new, 1))


def sign_again(folder: Path) -> None:
    """Let a manifest say what its files are by now, as a wrong exporter would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        content = (folder / entry["path"]).read_bytes()
        entry["bytes"] = len(content)
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    text = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(text)
    (folder / "manifest.sig").write_bytes(SIGNING_KEY.sign(text))
    named = [each["path"] for each in manifest["files"]]
    sums = "".join(
        f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}  {path}\n"
        for path in (*named, "manifest.json", "manifest.sig")
    )
    (folder / "SHA256SUMS").write_text(sums)


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("link_base", ["https://caps.example", "HTTPS://CAPS.CN"])
def test_a_package_as_it_is_made_passes(
    tmp_path: Path, preset: Preset, link_base: str
) -> None:
    """In every preset, with images and without, as a zip and as a folder."""
    drawn = link_base.isupper()
    sheet = Sheet.A4 if drawn else Sheet.NONE
    order = PackageOrder(preset, 3, 502, codes_per_roll=200, lanes=3, sheet=sheet)
    folder = unpacked(tmp_path, build(order, link_base=link_base))
    assert (folder / "data" / "sheet.pdf").exists() == drawn
    assert failed(folder) == failed(tmp_path / "p.zip") == []


@pytest.mark.parametrize(
    ("path", "old", "new", "names"),
    [
        (DATA, b"https", b"Https", ["sums", "rows"]),
        (DATA, b"\r\n", b"", ["sums", "layout"]),
        ("README.en.txt", b"secret", b"public", ["sums"]),
        ("SHA256SUMS", b"layout.json", b"lay0ut.json", ["sums"]),
        ("manifest.sig", SIGNING_KEY.sign(b"")[:0], b"x", ["signature", "sums"]),
        ("manifest.json", b'"Sun Print"', b'"Moon"', ["signature", "sums"]),
        ("manifest.json", b'"quantity": 10', b'"quantity": "x"', ["signature"]),
        ("layout.json", b'"offset": 12', b'"offset": 72', ["sums", "layout"]),
    ],
)
def test_what_was_changed_on_the_way_is_found(
    tmp_path: Path, path: str, old: bytes, new: bytes, names: list[str]
) -> None:
    """Whatever it is, by its hash or by the signature."""
    folder = unpacked(tmp_path, (FOLDER / "package.zip").read_bytes())
    change(folder, path, old, new)
    assert failed(folder)[: len(names)] == names


def _copy_row(folder: Path) -> None:
    rows = (folder / DATA).read_bytes().split(b"\r\n")
    code, other = rows[1].split(b",")[1][-16:], rows[2].split(b",")[1][-16:]
    change(folder, DATA, other, code)
    grouped = (b"-".join(x[i : i + 4] for i in range(0, 16, 4)) for x in (other, code))
    change(folder, DATA, *grouped)


def _overlap(folder: Path) -> None:
    change(folder, "manifest.json", b'"first_index": 9', b'"first_index": 8')


def _lose_a_row(folder: Path) -> None:
    change(folder, "manifest.json", b'"rows": 3', b'"rows": 2')


def _forget_the_layout(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = [x for x in manifest["files"] if x["path"] != "layout.json"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _add_a_file(folder: Path) -> None:
    shutil.copy(folder / DATA, folder / "data" / "more.csv")


def _changing(old: bytes, new: bytes) -> Callable[[Path], None]:
    return lambda folder: change(folder, DATA, old, new)


@pytest.mark.parametrize(
    ("break_it", "names"),
    [
        (_copy_row, ["duplicates"]),
        (_overlap, ["indexes", "rows"]),
        (_lose_a_row, ["layout"]),
        (_forget_the_layout, ["files"]),
        (_add_a_file, ["files"]),
        (_changing(b"00000000005", b"00000000007"), ["rows"]),
        (_changing(b"0XGT25T0", b"0XGT25TU"), ["rows"]),
        (_changing(b"0XGT-25T0", b"0XGT-25T1"), ["rows"]),
        (_changing(b"caps.example", b"caps.exampel"), ["rows"]),
        (_changing(b"C6F9\r\n", b"C6F9\n\r"), ["rows"]),
        (_changing(b"sequence,", b"sequence"), ["layout"]),
    ],
)
def test_what_was_exported_wrong_is_found_though_it_is_signed(
    tmp_path: Path, break_it: Callable[[Path], None], names: list[str]
) -> None:
    """Codes that stand twice, rows that are not as the rest, indexes left out."""
    folder = unpacked(tmp_path, (FOLDER / "package.zip").read_bytes())
    break_it(folder)
    sign_again(folder)
    assert failed(folder) == names


def test_without_a_key_nobody_vouches(tmp_path: Path) -> None:
    """The rest is still checked; another's key fails."""
    package = FOLDER / "package.zip"
    assert failed(package, None) == []
    assert failed(package, b"no key") == ["signature"]
    folder = unpacked(tmp_path, package.read_bytes())
    (folder / "SHA256SUMS").unlink()
    assert failed(folder, None) == ["sums"]


def verify(*words: str | Path) -> tuple[int, str]:
    """Run `crowncap package verify` without any environment."""
    done = run_command(["package", "verify", *map(str, words)], {"PATH": ""})
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_command_says_one_sentence_a_check(tmp_path: Path) -> None:
    """Its status is 0 or 1; a package that does not open is a failure too."""
    key = ("--key", FOLDER / "signing-key.pem")
    identity = ("--identity", FOLDER / "age-identity.txt")
    status, said = verify(FOLDER / "package.zip.age", *key, *identity)
    assert (status, len(said.splitlines())) == (0, 7), said
    folder = unpacked(tmp_path, (FOLDER / "package.zip").read_bytes())
    change(folder, DATA, b"https", b"Https")
    status, said = verify(folder, *key)
    assert status == 1
    assert f"failed      sums: {DATA} is not what the manifest says" in said
    closed, password = FOLDER / "package-password.zip", FOLDER / "password.txt"
    status, said = verify(closed, *key, "--password-file", password)
    assert (status, len(said.splitlines())) == (0, 7), said
    status, said = verify(closed, *key)
    assert (status, "--password-file" in said) == (1, True)
    status, said = verify(closed, *key, "--password-file", FOLDER / "signing-key.pem")
    assert (status, "does not open" in said) == (1, True)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "other/1"}'])
def test_what_is_no_package_is_told_in_a_sentence(tmp_path: Path, content: str) -> None:
    """Neither a traceback nor a guess."""
    (tmp_path / "manifest.json").write_text(content)
    for path in (tmp_path, FOLDER / "password.txt", FOLDER / "package.zip.age"):
        with pytest.raises(Conflict), open_package(path):
            pass
