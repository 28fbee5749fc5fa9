"""`crowncap batch export`: files that are what they say, and that are written down."""

import csv
import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from codegen.domain.code_text import group
from crowncap.demo import GTIN
from tests.fixtures.service import PROGRAM, Service


def export(service: Service, batch_id: int, preset: str, out: Path) -> Path:
    """Export a batch and check what the command says; gives the file."""
    number = str(batch_id)
    said = json.loads(
        service.cli("batch", "export", number, "--preset", preset, "--out", str(out))
    )
    path = Path(said["path"])
    content = path.read_bytes()
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    rows = service.query(
        "SELECT rows, sha256 FROM code_exports WHERE batch_id = %s"
        " ORDER BY export_id DESC LIMIT 1",
        batch_id,
    )
    assert rows == [(said["rows"], said["sha256"])]
    return path


def test_lines_are_the_links_in_order(service: Service, tmp_path: Path) -> None:
    """What a printer prints, one a line; each opens as the batch's code."""
    batch = service.issue(1_500, link_base="HTTPS://CAP.CN")
    path = export(service, batch["batch_id"], "lines", tmp_path / "new" / "deep")
    content = path.read_bytes()
    assert content.endswith(b"\r\n")
    expected = [f"HTTPS://CAP.CN/C/{code}" for code in service.codes(batch)]
    assert content.decode("ascii").split("\r\n")[:-1] == expected
    assert service.scan(expected[-1], "exported")["outcome"] == "rewarded"


def test_what_may_not_be_printed_is_not_exported_either(
    service: Service, tmp_path: Path
) -> None:
    """A host that is not listed is kept back on every way to paper."""
    batch_id = service.issue(10, link_base="HTTPS://EVIL.EXAMPLE")["batch_id"]
    out = tmp_path / "out"
    to = ("--preset", "lines", "--out", str(out))
    done = service.run("batch", "export", str(batch_id), *to)
    assert done.returncode == 2
    assert done.stderr.startswith("Caps would open evil.example")
    assert not out.exists()


def test_a_batch_with_codes_that_are_kept_from_print_is_not_exported(
    service: Service, tmp_path: Path
) -> None:
    """And of one that was exported, none is kept from print any more."""
    batches = [service.issue(10, activate=False)["batch_id"] for _ in range(2)]
    to = ("--preset", "lines", "--out", str(tmp_path / "out"))
    ask = {"batch_id": batches[0], "quantity": 2}
    analyst = service.staff("analyst")
    assert service.post("/v1/honey-codes", ask, analyst).status_code == 201
    done = service.run("batch", "export", str(batches[0]), *to)
    assert done.returncode == 2
    assert "2 codes that are kept from print" in done.stderr
    assert not (tmp_path / "out").exists()
    export(service, batches[1], "lines", tmp_path)
    late = service.post("/v1/honey-codes", ask | {"batch_id": batches[1]}, analyst)
    assert (late.status_code, late.json()["code"]) == (409, "already_exported")


def test_csv_has_sequence_link_and_grouped_code(
    service: Service, tmp_path: Path
) -> None:
    """RFC 4180, as another program reads it; links keep the batch's own form."""
    batch = service.issue(1_200, link_base="HTTPS://CAP.CN", link_form="gs1")
    path = export(service, batch["batch_id"], "csv", tmp_path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = service.codes(batch)
    assert [row["code"] for row in rows] == [group(code) for code in codes]
    assert [int(row["sequence"]) for row in rows] == list(range(1, 1_201))
    prefix = f"HTTPS://CAP.CN/01/{GTIN}/21/"
    assert [row["link"] for row in rows] == [prefix + code for code in codes]


def test_an_export_is_audited_and_a_wrong_one_is_one_sentence(
    service: Service, tmp_path: Path
) -> None:
    """Who exported what; no such batch, preset or place."""
    batch = service.issue(3)
    number = str(batch["batch_id"])
    export(service, batch["batch_id"], "lines", tmp_path)
    [(person,)] = service.query(
        "SELECT person FROM audit_log WHERE action = 'batch.export' AND subject = %s",
        f"batch:{number}",
    )
    assert person == "operator"
    file = tmp_path / "file"
    file.write_text("")
    for number_, preset, out in (
        ("999999", "lines", tmp_path),
        (number, "no-such", tmp_path),
        (number, "lines", file / "below"),
    ):
        done = service.run(
            "batch", "export", number_, "--preset", preset, "--out", str(out)
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_export_that_is_stopped_leaves_nothing(
    service: Service, tmp_path: Path, number: signal.Signals
) -> None:
    """It stops at the next block, says so, and may be exported later."""
    batch = service.issue(2_000_000)
    words = ("batch", "export", str(batch["batch_id"]), "--preset", "csv", "--out")
    with subprocess.Popen(
        [PROGRAM, *words, str(tmp_path), "--data-dir", str(service.data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=service._environ(),
    ) as child:
        while not any(tmp_path.iterdir()):
            assert child.poll() is None
            os.sched_yield()
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert (out, list(tmp_path.iterdir())) == ("", [])
    assert "stopped" in err
    assert service.query(
        "SELECT count(*) FROM code_exports WHERE batch_id = %s", batch["batch_id"]
    ) == [(0,)]
