"""`crowncap print …` as an operator uses it."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from feeder.simulators.printer import Make
from printer_export.files.reading import open_package
from tests.fixtures.commands import run_command
from tests.fixtures.line_printers import FAST, Printer
from tests.fixtures.package_vector import FOLDER

DATA = "data/roll-00001-lane-01.csv"
HELD = b"HTTPS://C.EXAMPLE/C/0123456789ABCDEF"


def small_package(folder: Path, rows: int, columns: str = "link") -> None:
    """Write a package of two lanes as it is after it was extracted."""
    (folder / "data").mkdir(parents=True)
    files: list[dict[str, Any]] = []
    for lane in range(2):
        path = f"data/roll-00001-lane-{lane + 1:02d}.txt"
        lines = [f"HTTPS://C.EXAMPLE/C/{i:016d}\r\n" for i in range(lane, rows, 2)]
        content = "".join(lines).encode()
        (folder / path).write_bytes(content)
        files.append(
            {
                "path": path,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": len(lines),
                "first_index": lane,
                "index_step": 2,
            }
        )
    manifest = {
        "format": "crowncap-package/1",
        "package_id": 3,
        "batch_id": 7,
        "from_index": 0,
        "to_index": rows - 1,
        "preset": "lines",
        "link_prefix": "HTTPS://C.EXAMPLE/C/",
        "files": files,
    }
    columns_ = [{"name": columns, "offset": 0, "length": 36}]
    layout = {"header_bytes": 0, "row_bytes": 38, "columns": columns_}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "layout.json").write_text(json.dumps(layout))


@pytest.fixture(autouse=True)
def _own_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def environment() -> dict[str, str]:
    """Give a command's environment."""
    return {"PATH": "", "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}


async def command(*words: str | Path) -> tuple[int, str, str]:
    """Run `crowncap print …` without any environment but a home for leases."""
    done = await asyncio.to_thread(
        run_command, ["print", *map(str, words)], environment()
    )
    return done.returncode, done.stdout, done.stderr


async def test_a_package_is_printed_reported_and_closed_by_command(
    tmp_path: Path,
) -> None:
    """One range on one journal, the rest on another, nothing from elsewhere."""
    small_package(tmp_path / "package", 400)
    printer = Printer("template")
    a, b = tmp_path / "a.journal", tmp_path / "b.journal"
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        run = ("run", tmp_path / "package", "--printer", url, "--journal")
        code, out, err = await command(*run, a, "--to-index", "99")
        assert (code, json.loads(out.splitlines()[-1])["printed"]) == (0, 100), err
        assert printer.roll == [*range(0, 100, 2), *range(1, 100, 2)]
        code, out, err = await command(*run, b)
        assert code == 2
        assert "a.journal" in err
        code, out, err = await command("close", a)
        assert (code, json.loads(out)["free"]) == (0, 0), err
        code, out, err = await command(*run, b)
        assert (code, json.loads(out.splitlines()[-1])["printed"]) == (0, 300), err
        code, out, err = await command(*run, a)
        assert code == 2
        assert "closed" in err
    code, out, err = await command("report", b, "--out", tmp_path / "b.csv")
    assert (code, json.loads(out)["printed"]) == (0, 300), err
    assert (tmp_path / "b.csv").read_bytes() == (
        b"from_index,to_index,status,reason,grade\r\n100,399,printed,,\r\n"
    )
    assert sorted(printer.roll) == list(range(400))


async def test_an_operator_is_told_in_one_sentence_what_is_wrong(
    tmp_path: Path,
) -> None:
    """Refusals end with 2, a printer that is not there with 4."""
    small_package(tmp_path / "package", 10)
    small_package(tmp_path / "events", 10, columns="epc")
    other = ("--printer", "template://127.0.0.1:1", "--journal", tmp_path / "j")
    code, out, err = await command("run", tmp_path / "package", *other)
    assert (code, json.loads(out)["remaining"]) == (4, 10)
    assert "refused" in err
    code, _, err = await command("run", tmp_path / "events", *other)
    assert code == 2
    assert "holds no links" in err.replace("\n", " ")
    code, _, err = await command(
        "run", tmp_path / "package", "--printer", "ipl://h:1", "--journal", "j"
    )
    assert code == 2
    assert "speaks ipl" in err
    (tmp_path / "package" / "data" / "roll-00001-lane-02.txt").write_bytes(b"0" * 190)
    code, _, err = await command(
        *("run", tmp_path / "package", "--printer", "template://127.0.0.1:2"),
        *("--journal", tmp_path / "k", "--from-index", "11"),
    )
    assert code == 2
    assert "not a range" in err


async def test_a_simulated_printer_that_cannot_stand_there_says_why() -> None:
    """In one sentence, without the words of a library."""
    async with Printer("zpl").listening() as port:
        code, _, err = await command("simulate", "zpl", "--port", str(port))
    sentence = f"Port {port} of 127.0.0.1 cannot be used: address already in use."
    assert (code, " ".join(err.split())) == (2, sentence)
    for wrong in (["--port", "80000"], ["--speed", "nan"], ["--host", "no.invalid"]):
        code, _, err = await command("simulate", "tspl", *wrong)
        assert (code, "Traceback" in err) == (2, False), err


async def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(
    tmp_path: Path,
) -> None:
    """The printer's answers are waited for, and the exit status says it."""
    small_package(tmp_path / "package", 3000)
    printer = Printer("template", make=Make(speed=400.0))
    async with printer.listening() as port:
        url = f"template://127.0.0.1:{port}"
        words = ("run", tmp_path / "package", "--printer", url, "--journal")
        program = Path(sys.executable).with_name("crowncap")
        child = await asyncio.create_subprocess_exec(
            *(program, "print", *words, tmp_path / "j"), stdout=-1, stderr=-1
        )
        while printer.printed < 100:
            assert child.returncode is None
            await asyncio.sleep(0.01)
        child.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(child.communicate(), 30)
        told = json.loads(out.splitlines()[-1])
        assert child.returncode == 3
        assert (told["in_doubt"], told["indeterminate"]) == (0, 0)
        assert told["printed"] == printer.printed
        printer.make = FAST
        code, out_text, err = await command(*words, tmp_path / "j")
        assert (code, json.loads(out_text)["printed"]) == (0, 3000), err
    assert sorted(printer.roll) == list(range(3000))


@pytest.mark.parametrize(
    "url",
    [
        *("zpl://h:9100", "zpl://h:9100?dpi=203&mag=3&width=30"),
        *("tspl://h:9100", "tspl://h:9100?dpi=203&cell=3&width=30"),
    ],
)
async def test_a_preview_shows_the_label_with_a_void_sample(
    tmp_path: Path, url: str
) -> None:
    """As a picture that is read back, and as the bytes; of a package as it arrives."""
    password = ("--password-file", FOLDER / "password.txt")
    words = ("preview", FOLDER / "package-password.zip", *password, "--printer", url)
    code, _, err = await command(*words, "--out", tmp_path / "label.png")
    assert (code, "not checked" in err) == (0, True), err
    with open_package(FOLDER / "package.zip") as reader:
        sample = reader.read("samples/01.txt").decode().strip()
        codes = reader.read_rows(DATA, 0, 3)[1]
    with Image.open(tmp_path / "label.png") as image:
        [symbol] = zxingcpp.read_barcodes(np.asarray(image))
        dpi = 203 if "203" in url else 300
        assert image.size[0] == round((30 if "width" in url else 25) * dpi / 25.4)
    assert symbol.text == sample
    assert sample not in codes
    code, _, err = await command(*words, "--out", tmp_path / "label.prn")
    assert sample.encode() in (tmp_path / "label.prn").read_bytes()


async def test_a_preview_of_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    """A laser draws by itself; the bytes can be looked at all the same."""
    small_package(tmp_path / "package", 4)
    words = ("preview", tmp_path / "package", "--printer", "template://h:1", "--out")
    code, _, err = await command(*words, tmp_path / "x.png")
    assert (code, "drawn by the printer itself" in err) == (2, True)
    code, _, err = await command(*words, tmp_path / "x.txt")
    assert (code, (tmp_path / "x.txt").read_bytes()) == (0, b"\x020|" + HELD + b"\r")
