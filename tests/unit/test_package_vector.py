"""The test vector of docs/package-format.md is what is written, and opens elsewhere."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pyrage

from printer_export.files.reading import open_package
from tests.fixtures.package_vector import FOLDER, PASSWORD, SIGNING_KEY, vector
from tests.fixtures.programs import Finder

PAGE = FOLDER.with_name("package-format.md")


def test_the_package_of_the_vector_is_what_is_written_today() -> None:
    """If not, the format changed: say so, and run tests.fixtures.package_vector."""
    package = FOLDER / "package.zip"
    assert package.read_bytes() == vector()
    [identity] = (FOLDER / "age-identity.txt").read_text().splitlines()
    key = pyrage.x25519.Identity.from_str(identity)
    sealed = (FOLDER / "package.zip.age").read_bytes()
    assert pyrage.decrypt(sealed, [key]) == package.read_bytes()
    assert (FOLDER / "password.txt").read_text() == PASSWORD + "\n"
    assert (FOLDER / "signing-key.pem").read_bytes() == SIGNING_KEY.public_pem()


def test_the_page_tells_what_a_reader_finds() -> None:
    """Index and link of each row, in the order of files and rows."""
    found = []
    with open_package(FOLDER / "package.zip") as reader:
        for entry in reader.manifest["files"]:
            if "rows" in entry:
                rows = reader.read_rows(entry["path"], 0, entry["rows"])
                found += [
                    f"{entry['path']}  row {row}  index {index}  {link}"
                    for row, (index, link) in enumerate(zip(*rows, strict=True))
                ]
    (block,) = re.findall(r"```text\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block.splitlines() == found
    assert len(found) == 10


def test_the_page_names_each_key_and_file() -> None:
    """What a package says of itself is documented, whole."""
    page = PAGE.read_text("utf-8")
    with open_package(FOLDER / "package.zip") as reader:
        manifest, layout, paths = reader.manifest, reader.layout, reader.source.sizes
    entries = [*manifest["files"], *layout["columns"]]
    keys = {*manifest, *layout, *(key for entry in entries for key in entry)}
    names = {path for path in paths if "/" not in path}
    assert [name for name in sorted(keys | names) if f"`{name}`" not in page] == []


def test_other_programs_open_and_check_it(program: Finder, tmp_path: Path) -> None:
    """As the page tells it: age, 7-Zip, sha256sum and openssl."""

    def run(name: str, *words: str | Path) -> bytes:
        done = subprocess.run(
            [program(name), *words], cwd=tmp_path, check=True, capture_output=True
        )
        return done.stdout

    identity, sealed = FOLDER / "age-identity.txt", FOLDER / "package.zip.age"
    assert run("age", "-d", "-i", identity, sealed) == vector()
    run("7z", "x", f"-p{PASSWORD}", FOLDER / "package-password.zip")
    with zipfile.ZipFile(FOLDER / "package.zip") as archive:
        for name in archive.namelist():
            assert (tmp_path / name).read_bytes() == archive.read(name)
    run("sha256sum", "-c", "SHA256SUMS")
    signed = ("-rawin", "-in", "manifest.json", "-sigfile", "manifest.sig")
    key = ("-inkey", FOLDER / "signing-key.pem")
    run("openssl", "pkeyutl", "-verify", "-pubin", *key, *signed)
    assert json.loads((tmp_path / "manifest.json").read_text())["quantity"] == 10
