"""The preset `epcis`: serials for whoever keeps events, in approved packages only."""

import io
import json
import os
import zipfile
from pathlib import Path

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.acceptance.test_packages import approve, download, fresh, order
from tests.fixtures.commands import run_command
from tests.fixtures.epcis import cap_names, capture, faults_of, told
from tests.fixtures.service import Service


def test_a_package_commissions_its_codes_by_name(service: Service) -> None:
    """Valid documents, one for each roll and lane, each name once, in their order."""
    batch = fresh(service, 100, lot="L1", produced_on="2026-05-01")
    package = order(
        service,
        service.issuer,
        batch,
        preset="epcis",
        codes_per_roll=40,
        lanes=2,
        unwind="reverse",
    )
    refused(download(service, service.issuer, package), 403, "not_approved")
    assert approve(service, service.staff("admin"), package).status_code == 201
    content = download(service, service.issuer, package).content
    assert download(service, service.issuer, package).content == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [name for name in archive.namelist() if name.startswith("data/")]
        documents = [json.loads(archive.read(name)) for name in files]
    assert len(files) == 6
    assert all(name.endswith(".jsonld") for name in files)
    names: list[str] = []
    for written in documents:
        assert faults_of(written) == []
        (event,) = written["epcisBody"]["eventList"]
        assert (event["action"], event["bizStep"]) == ("ADD", "commissioning")
        assert event["ilmd"]["cbvmda:lotNumber"] == "L1"
        names += event["epcList"]
    assert names[0] == cap_names(GTIN, service.codes(batch, 38, 38))[0]
    assert sorted(names) == sorted(cap_names(GTIN, service.codes(batch)))


def test_what_a_package_tells_can_be_captured(service: Service) -> None:
    """A line's own system sends the event back once the codes are on caps."""
    batch = fresh(service, 10)
    package = order(service, service.issuer, batch, preset="epcis")
    approve(service, service.staff("admin"), package)
    content = download(service, service.issuer, package).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        written = json.loads(archive.read("data/roll-00001-lane-01.jsonld"))
    job = capture(service, service.issuer, *written["epcisBody"]["eventList"]).json()
    assert job["activated"] == 10
    (event,) = told(service, batch, service.issuer)
    assert event["quantityList"][0]["quantity"] == 10


def test_codes_are_printed_from_one_package_and_told_in_another(
    service: Service,
) -> None:
    """Each holds a code once."""
    batch = fresh(service, 20)
    for preset in ("csv", "epcis"):
        order(service, service.issuer, batch, preset=preset, from_index=0, to_index=9)
    for preset in ("lines", "epcis"):
        body = {"preset": preset, "from_index": 9, "to_index": 19}
        again = service.post(path_of(batch, "/packages"), body, service.issuer)
        refused(again, 409, "already_packaged")


def test_an_event_names_a_product(service: Service) -> None:
    batch = service.issue(10, activate=False, gtin=None, campaign_id=None)
    answer = service.post(
        path_of(batch, "/packages"), {"preset": "epcis"}, service.issuer
    )
    refused(answer, 422, "gtin_needed")


def test_it_can_be_checked_and_not_be_printed(service: Service, tmp_path: Path) -> None:
    """The feeder says which packages hold something to print."""
    batch = fresh(service, 10)
    package = order(service, service.issuer, batch, preset="epcis")
    approve(service, service.staff("admin"), package)
    path = tmp_path / "package.zip"
    path.write_bytes(download(service, service.issuer, package).content)

    def command(*words: str) -> tuple[int, str]:
        done = run_command(words, os.environ)
        return done.returncode, done.stdout + done.stderr

    code, said = command("package", "verify", str(path))
    assert code == 0, said
    where = ("--printer", "zpl://127.0.0.1:9", "--journal", str(tmp_path / "j"))
    code, said = command("print", "run", str(path), *where)
    assert code
    assert "holds no links to print" in said


def test_an_export_in_the_clear_has_no_events(service: Service, tmp_path: Path) -> None:
    """Serials for whoever keeps events leave in a package, with two persons' names."""
    batch = fresh(service, 10)
    number = str(batch["batch_id"])
    done = service.run(
        "batch", "export", number, "--preset", "epcis", "--out", str(tmp_path)
    )
    assert done.returncode == 2
    assert "'lines', 'csv'" in done.stderr
