"""The page for print houses says the same twice, and what it says works."""

import re
import subprocess
import sys
from pathlib import Path

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Placement
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from printer_export.domain.reports.header import Columns, read_header
from printer_export.domain.reports.reader import Lines, ReportReader
from tests.fixtures.package_vector import FOLDER, PASSWORD
from tests.fixtures.programs import Finder

PAGE = FOLDER.with_name("print-house.md")
BLOCK = re.compile(r"```(?:sh|text)\n(.*?)```", re.DOTALL)
KEYGEN, AGE, SEVEN, CHECK, VERIFY, REPORT = range(6)


def halves() -> tuple[str, str]:
    """Give the Chinese and the English half."""
    chinese, english = PAGE.read_text("utf-8").split("\n## English\n")
    return chinese, english


def test_both_halves_are_whole() -> None:
    """The same commands, steps, rows of tables, links and names of things."""
    chinese, english = halves()
    assert BLOCK.findall(chinese) == BLOCK.findall(english)
    for what in (r"^### \d", r"^\| `\w+`", r"^- ", r"\]\([a-z-]+\.md\)"):
        found = [re.findall(what, half, re.MULTILINE) for half in (chinese, english)]
        assert found[0] == found[1]
    names = [
        set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", each)))
        for each in (chinese, english)
    ]
    assert names[0] == names[1]


def test_the_commands_open_and_check_a_package(program: Finder, tmp_path: Path) -> None:
    """As they stand, in the order of the page, on the package of the test vector."""
    for name in ("bash", "age", "age-keygen", "unzip", "7z", "sha256sum", "openssl"):
        program(name)
    blocks = BLOCK.findall(halves()[1])
    for path, name in (
        ("package.zip.age", "package-7.zip.age"),
        ("signing-key.pem", "crowncap-signing-key.pem"),
        ("age-identity.txt", "key.txt"),
        ("package-password.zip", "closed.zip"),
    ):
        (tmp_path / name).write_bytes((FOLDER / path).read_bytes())

    def shell(script: str, said: str = "") -> str:
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            input=said,
            env={"PATH": path, "LANG": "C.UTF-8"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "age1" in shell("mkdir fresh; cd fresh\n" + blocks[KEYGEN] + "cat key.txt")
    shell(blocks[AGE])
    assert shell(blocks[CHECK]) == "Signature Verified Successfully\n"
    assert "failed" not in shell(blocks[VERIFY])
    shell("rm -r package-7; mv closed.zip package-7.zip")
    shell(blocks[SEVEN], PASSWORD + "\n")
    assert shell(blocks[CHECK]) == "Signature Verified Successfully\n"


def test_the_report_of_the_page_is_read() -> None:
    """Each row of it, by who reads reports."""
    header, *rows = [
        line.split(",") for line in BLOCK.findall(halves()[1])[REPORT].splitlines()
    ]
    columns = read_header(header)
    assert isinstance(columns, Columns)
    batch = Batch(
        *(1, 0, 0, 10_000, None, None, None, Placement.INSIDE, None, None, (), None),
        *("HTTPS://CAPS.CN", LinkForm.SHORT, "ada", utc_datetime(0)),
    )
    reader = ReportReader(columns, batch, EpochKeys.from_masters({0: bytes(32)}))
    read = reader.read(Lines(rows, range(2, 2 + len(rows))))
    assert read.errors == []
