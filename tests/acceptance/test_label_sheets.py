"""Sheets of labels over HTTP: within an approved package, and nowhere else."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.acceptance.test_batch_routes import path_of, refused
from tests.acceptance.test_packages import approve, download, fresh, order
from tests.fixtures.programs import Finder
from tests.fixtures.service import Json, Service


def packed(service: Service, package: Json) -> zipfile.ZipFile:
    """Approve a package and download it."""
    approve(service, service.staff_token("issuer", name="ben"), package)
    answer = download(service, service.issuer, package)
    return zipfile.ZipFile(io.BytesIO(answer.content))


def texts_on(program: Finder, folder: Path, pdf: bytes) -> list[str]:
    """Render the first page, and read all its symbols."""
    (folder / "sheet.pdf").write_bytes(pdf)
    command = (program("pdftoppm"), "-gray", "-r", "300", "-l", "1")
    page = subprocess.run(
        [*command, folder / "sheet.pdf"], check=True, capture_output=True
    )
    with Image.open(io.BytesIO(page.stdout)) as image:
        return sorted(each.text for each in zxingcpp.read_barcodes(image))


def test_a_small_order_holds_its_codes_as_labels(
    service: Service, program: Finder, tmp_path: Path
) -> None:
    """The same codes as its files, hashed and signed with the rest."""
    batch = fresh(service, 30)
    package = order(
        service, service.issuer, batch, preset="lines", sheet="a4", from_index=10
    )
    assert (package["sheet"], package["module_mm"]) == ("a4", None)
    with packed(service, package) as archive:
        pdf = archive.read("data/sheet.pdf")
        links = archive.read("data/roll-00001-lane-01.txt").decode().split()
        (entry,) = (
            each
            for each in json.loads(archive.read("manifest.json"))["files"]
            if each["path"] == "data/sheet.pdf"
        )
        digest = hashlib.sha256(pdf).hexdigest()
        assert entry == {"path": entry["path"], "bytes": len(pdf), "sha256": digest}
        assert f"{digest}  data/sheet.pdf\n".encode() in archive.read("SHA256SUMS")
    assert texts_on(program, tmp_path, pdf) == sorted(links)
    assert len(links) == 20


def test_a_large_order_has_the_samples_as_labels(
    service: Service, program: Finder, tmp_path: Path
) -> None:
    """More than ten thousand codes are no proof; pre-flight says so."""
    batch = fresh(service, 10_001)
    package = order(service, service.issuer, batch, sheet="a4", module_mm=0.6)
    (warning,) = (f for f in package["preflight"] if f["check"] == "sheet")
    assert warning["level"] == "warning"
    with packed(service, package) as archive:
        names = archive.namelist()
        samples = [archive.read(n).decode() for n in names if n.endswith(".txt")]
        pdf = archive.read("proof.pdf")
        svg = archive.read("samples/01.svg").decode()
    assert "data/sheet.pdf" not in names
    assert f'width="{37 * 0.6:.2f}mm"' in svg
    texts = texts_on(program, tmp_path, pdf)
    assert len(texts) == 10
    assert {text + "\n" for text in texts} <= set(samples)


@pytest.mark.parametrize(
    ("batch", "wish", "code"),
    [
        ({"link_base": "https://small.example"}, {"sheet": "a4"}, "no_symbol"),
        ({}, {"sheet": "a5"}, ""),
        ({}, {"sheet": "a4", "module_mm": 0.2}, ""),
        ({}, {"sheet": "a4", "module_mm": 3}, ""),
    ],
)
def test_a_sheet_that_no_phone_reads_is_refused(
    service: Service, batch: Json, wish: Json, code: str
) -> None:
    """Small letters, unknown paper, modules too small or too large."""
    address = path_of(fresh(service, 5, **batch), "/packages")
    answer = service.post(address, {"preset": "csv"} | wish, service.issuer)
    refused(answer, 422, code)
