"""The whole way: ordered, checked by other programs, printed, reported, reconciled."""

import subprocess
from pathlib import Path

import pyrage
import pytest

from crowncap.demo import CAMPAIGN, GTIN
from tests.acceptance.test_batch_routes import path_of
from tests.acceptance.test_line_reports import send, taken
from tests.acceptance.test_packages import approve, download, order
from tests.fixtures.line_printers import Printer
from tests.fixtures.programs import Finder
from tests.fixtures.service import Service
from tests.integration.test_print_commands import command


def test_other_programs_open_and_believe_a_package(
    service: Service, tmp_path: Path, program: Finder
) -> None:
    """Decrypted by age, extracted by 7-Zip, checked by openssl, read by zbar."""
    ada = service.staff_token("issuer", name="ada")
    ben = service.staff_token("issuer", name="ben")
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"{identity}\n")
    closing = {"kind": "age", "age_recipients": [str(identity.to_public())]}
    batch = service.issue(
        200, activate=False, gtin=GTIN, link_base="HTTPS://CAPS.CN", link_form="gs1"
    )
    package = order(service, ada, batch, encryption=closing)
    approve(service, ben, package)
    (tmp_path / "p.zip.age").write_bytes(download(service, ada, package).content)
    key = service.get("/.well-known/crowncap-signing-key.pem").content
    (tmp_path / "key.pem").write_bytes(key)

    def run(name: str, *words: str) -> str:
        done = subprocess.run(
            [program(name), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        return done.stdout

    run("age", "-d", "-i", "key.txt", "-o", "p.zip", "p.zip.age")
    run("7z", "x", "-y", "p.zip")
    assert "FAILED" not in run("sha256sum", "-c", "SHA256SUMS")
    signed = ("-sigfile", "manifest.sig", "-in", "manifest.json")
    run(
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        *signed,
    )
    for number in range(1, 11):
        stem = f"samples/{number:02d}"
        read = run("zbarimg", "-q", "--raw", f"{stem}.png").strip()
        assert read == (tmp_path / f"{stem}.txt").read_text().strip()
        assert "/01/" in read


async def test_what_was_printed_comes_back_and_adds_up(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an order over a printer's wire to codes that pay, and those that wait."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ada = service.staff_token("issuer", name="ada")
    ben = service.staff_token("issuer", name="ben")
    line = service.staff_token("line", name="lin")
    batch = service.issue(300, activate=False, gtin=GTIN, campaign_id=CAMPAIGN)
    package = order(service, ada, batch, preset="lines")
    approve(service, ben, package)
    (tmp_path / "p.zip").write_bytes(download(service, ada, package).content)
    key = service.get("/.well-known/crowncap-signing-key.pem").content
    (tmp_path / "key.pem").write_bytes(key)
    journal, report = tmp_path / "a.journal", tmp_path / "report.csv"
    printer = Printer("template")
    async with printer.listening() as port:
        code, _, err = await command(
            *("run", tmp_path / "p.zip", "--key", tmp_path / "key.pem"),
            *("--printer", f"template://127.0.0.1:{port}", "--journal", journal),
            *("--to-index", "199"),
        )
    assert code == 0, err
    numbers = [int(sheet.number) for sheet in printer.paper.sheets]
    assert numbers == list(range(200))
    code, _, err = await command("report", journal, "--out", report)
    assert code == 0, err
    body = taken(send(service, line, batch, report.read_text(), activate="now"))
    assert (body["printed"], body["unprinted"], body["indeterminate"]) == (200, 100, 0)
    codes = service.codes(batch)
    assert service.scan(codes[199], "pia")["outcome"] == "rewarded"
    assert service.scan(codes[200], "pia")["outcome"] == "not_active"
    counts = service.get(path_of(batch), ada).json()["counts"]
    assert counts["activated"] == 200
    history = service.get(path_of(batch, "/codes/199"), line).json()
    (packaged,), (reported,) = history["packages"], history["reports"]
    assert (packaged["ordered_by"], packaged["approved_by"]) == ("ada", "ben")
    assert [taking["person"] for taking in packaged["downloads"]] == ["ada"]
    assert (reported["status"], reported["person"]) == ("printed", "lin")
    assert codes[199] not in str(history)
    assert service.get(path_of(batch, "/codes/200"), line).json()["reports"] == []
    assert service.get(path_of(batch, "/codes/300"), line).status_code == 404
    service.audit()
