"""Packages over HTTP: ordered by one, approved by another, downloaded and counted."""

import io
import json
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from crowncap.demo import GTIN
from tests.acceptance.test_batch_routes import path_of, refused
from tests.fixtures.programs import Finder
from tests.fixtures.service import Json, Service


@pytest.fixture(scope="module")
def ada(service: Service) -> str:
    """Give the token of who orders."""
    return service.staff_token("issuer", name="ada")


@pytest.fixture(scope="module")
def ben(service: Service) -> str:
    """Give the token of who approves."""
    return service.staff_token("issuer", name="ben")


def order(service: Service, token: str, batch: Json, **body: Any) -> Json:
    """Order a package and give it."""
    answer = service.post(path_of(batch, "/packages"), {"preset": "csv"} | body, token)
    assert answer.status_code == 201, answer.text
    ordered: Json = answer.json()
    return ordered


def approve(service: Service, token: str, package: Json) -> httpx.Response:
    """Approve a package."""
    return service.post(address_of(package, "/approvals"), {}, token)


def download(service: Service, token: str, package: Json) -> httpx.Response:
    """Download a package."""
    return service.get(address_of(package, "/content"), token)


def address_of(package: Json, rest: str = "") -> str:
    """Word a package's address."""
    return f"/v1/packages/{package['package_id']}{rest}"


def fresh(service: Service, quantity: int = 300, **fields: Any) -> Json:
    """Issue a batch that nobody activated."""
    return service.issue(quantity, activate=False, gtin=GTIN, **fields)


def test_a_package_goes_from_order_to_print_house(
    service: Service, ada: str, ben: str
) -> None:
    """Ordered, looked over, approved by a second person, downloaded as ordered."""
    batch = fresh(service)
    package = order(service, ada, batch)
    assert package["state"] == "ordered"
    assert {f["level"] for f in package["preflight"]} == {"ok", "warning"}
    refused(download(service, ada, package), 403, "not_approved")
    refused(approve(service, ada, package), 409, "second_person_needed")
    assert approve(service, ben, package).status_code == 201
    refused(approve(service, ben, package), 409, "already_approved")
    answer = download(service, ada, package)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        rows = archive.read("data/roll-00001-lane-01.csv").decode().split("\r\n")
        manifest = json.loads(archive.read("manifest.json"))
        public = load_pem_public_key(
            service.get("/.well-known/crowncap-signing-key.pem").content
        )
        public.verify(  # type: ignore[call-arg, union-attr] # Ed25519 by contract
            archive.read("manifest.sig"), archive.read("manifest.json")
        )
    codes = service.codes(batch)
    assert rows[0] == "sequence,link,code"
    assert [row.rpartition("/")[2][:16] for row in rows[1:-1]] == codes
    assert manifest["quantity"] == 300
    shown = service.get(address_of(package), ada).json()
    assert shown["state"] == "downloaded"
    assert shown["downloads_left"] == 2
    (taken,) = shown["downloads"]
    assert taken["person"] == "ada"
    assert taken["address"]
    assert taken["size_bytes"] == len(answer.content)


def test_a_host_that_is_not_listed_is_kept_back(
    service: Service, ada: str, ben: str
) -> None:
    """Its issuer is warned; the approver sees the link, and cannot release it."""
    batch = fresh(service, link_base="https://evil.example")
    (warning,) = batch["warnings"]
    assert "evil.example is not among the hosts" in warning
    package = order(service, ada, batch)
    assert package["link_prefix"] == "https://evil.example/C/"
    (red,) = [f for f in package["preflight"] if f["level"] == "blocking"]
    assert red["check"] == "link"
    assert "evil.example" in red["sentence"]
    refused(approve(service, ben, package), 409, "preflight_failed")


def test_an_approval_writes_down_which_link_it_released(
    service: Service, ada: str, ben: str
) -> None:
    """The link stands in the approver's answer and in the audit log."""
    batch = fresh(service, link_base="HTTPS://CAP.CN")
    assert batch["warnings"] == []
    package = order(service, ada, batch)
    shown = approve(service, ben, package).json()
    assert shown["link_prefix"] == "HTTPS://CAP.CN/C/"
    rows = service.query(
        "SELECT detail->>'link' FROM audit_log"
        " WHERE action = 'package.approve' AND subject = %s",
        f"package:{package['package_id']}",
    )
    assert rows == [("HTTPS://CAP.CN/C/",)]


@pytest.mark.parametrize(
    "link_base", ["https://x.cn/a/b?x=1", "https://ann@x.cn", "https://牛奶.cn", ""]
)
def test_a_batch_of_old_with_no_link_to_print_is_refused_in_a_sentence(
    service: Service, ada: str, link_base: str, tmp_path: Path
) -> None:
    """Neither a package nor an export comes of it, and it can still be looked at."""
    batch = fresh(service, 5)
    number = str(batch["batch_id"])
    service.query(
        "UPDATE batches SET link_base = %s WHERE batch_id = %s RETURNING 1",
        link_base,
        batch["batch_id"],
    )
    wanted = {"preset": "csv"}
    answer = service.post(path_of(batch, "/packages"), wanted, ada)
    body = refused(answer, 409, "link_unprintable")
    assert "Issue a new batch." in body["detail"]
    shown = service.get(f"/v1/batches/{number}", ada).json()
    assert shown["symbol"] is None
    done = service.run(
        "batch", "export", number, "--preset", "csv", "--out", str(tmp_path)
    )
    assert done.returncode == 2
    assert "Issue a new batch." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_order_gives_the_same_bytes_and_three_downloads(
    service: Service, ada: str, ben: str
) -> None:
    """Byte for byte; the fourth is refused, and two for the last place give one."""
    package = order(service, ada, fresh(service), lanes=3, codes_per_roll=100)
    approve(service, ben, package)
    first, second = (download(service, ada, package).content for _ in range(2))
    assert first == second
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(download, service, ada, package) for _ in range(4)]
        statuses = sorted(each.result().status_code for each in tries)
    assert statuses == [200, 403, 403, 403]
    refused(download(service, ada, package), 403, "downloads_used_up")


def test_a_range_is_packaged_once_until_its_package_is_cancelled(
    service: Service, ada: str, ben: str
) -> None:
    """A cancelled package that nobody took frees its range; others are untouched."""
    batch = fresh(service)
    package = order(service, ada, batch, from_index=0, to_index=99)
    again = {"preset": "csv", "from_index": 99, "to_index": 120}
    answer = service.post(path_of(batch, "/packages"), again, ada)
    held = f"package {package['package_id']} holds indexes 0 to 99"
    assert held in refused(answer, 409, "already_packaged")["detail"]
    order(service, ada, batch, from_index=100, to_index=199)
    cancel = service.post(
        address_of(package, "/cancellations"), {"reason": "wrong preset"}, ben
    )
    assert cancel.json()["state"] == "cancelled"
    order(service, ada, batch, from_index=0, to_index=99)


def test_a_downloaded_package_takes_its_codes_along_when_cancelled(
    service: Service, ada: str, ben: str
) -> None:
    """Its codes become void; the next order of them is kept back by pre-flight."""
    batch = fresh(service)
    package = order(service, ada, batch, from_index=0, to_index=99)
    approve(service, ben, package)
    download(service, ada, package)
    service.post(address_of(package, "/cancellations"), {"reason": "lost"}, ben)
    counts = service.get(path_of(batch), ada).json()["counts"]
    assert counts["void"] == 100
    second = order(service, ada, batch, from_index=50, to_index=149)
    levels = {f["check"]: f["level"] for f in second["preflight"]}
    assert levels["blocked_ranges"] == "blocking"
    refused(approve(service, ben, second), 409, "preflight_failed")
    refused(download(service, ada, package), 403, "package_cancelled")


def test_active_codes_keep_a_downloaded_package_from_being_cancelled(
    service: Service, ada: str, ben: str
) -> None:
    """Caps in consumers' hands are not voided by the way."""
    batch = fresh(service)
    package = order(service, ada, batch)
    approve(service, ben, package)
    download(service, ada, package)
    service.change(batch, "activations", from_index=5, to_index=5)
    answer = service.post(address_of(package, "/cancellations"), {"reason": "x"}, ben)
    refused(answer, 409, "codes_active")


def test_a_print_house_sees_its_own_packages_only(
    service: Service, ada: str, ben: str
) -> None:
    """Others are not found, listed or downloaded; batches are none of its business."""
    house = service.staff_token("printhouse", name="Sun Print")
    other = service.staff_token("printhouse", name="Moon Print")
    batch = fresh(service)
    package = order(service, ada, batch, printhouse="Sun Print")
    approve(service, ben, package)
    assert download(service, house, package).status_code == 200
    refused(download(service, other, package), 404)
    refused(service.get(address_of(package), other), 404)
    listed = service.get("/v1/packages", other).json()["items"]
    assert listed == []
    (own,) = service.get("/v1/packages", house).json()["items"]
    assert own["package_id"] == package["package_id"]
    refused(service.get(path_of(batch), house), 403)


def test_a_package_for_age_opens_with_its_key_only(
    service: Service, ada: str, ben: str
) -> None:
    """Encrypted to its recipient; wrong recipients are named."""
    identity = pyrage.x25519.Identity.generate()
    closing = {"kind": "age", "age_recipients": [str(identity.to_public())]}
    package = order(service, ada, fresh(service), encryption=closing)
    approve(service, ben, package)
    sealed = download(service, ada, package).content
    assert sealed.startswith(b"age-encryption.org/v1")
    opened = pyrage.decrypt(sealed, [identity])
    assert zipfile.ZipFile(io.BytesIO(opened)).testzip() is None
    wrong = {"preset": "csv", "encryption": {"kind": "age", "age_recipients": ["age1"]}}
    answer = service.post(path_of(fresh(service), "/packages"), wrong, ada)
    body = refused(answer, 422, "invalid_recipient")
    assert body["errors"][0]["pointer"] == "/encryption/age_recipients/0"


def test_a_password_goes_to_the_approver_and_is_kept_wrapped(
    service: Service, ada: str, ben: str, tmp_path: Path, program: Finder
) -> None:
    """Who ordered never learns it; the database and the answers never hold it."""
    package = order(service, ada, fresh(service), encryption={"kind": "password"})
    approve(service, ben, package)
    refused(service.post(address_of(package, "/passwords"), {}, ada), 403)
    told = service.post(address_of(package, "/passwords"), {}, ben)
    password = told.json()["password"]
    assert told.headers["cache-control"] == "no-store"
    file = tmp_path / "package.zip"
    file.write_bytes(download(service, ada, package).content)
    seven_zip = program("7z")
    assert _test_zip(seven_zip, file, password) == 0
    assert _test_zip(seven_zip, file, "guess") != 0
    kept = service.query(
        "SELECT packages::text, encode(wrapped_password, 'escape') FROM packages"
    )
    assert password not in str(kept)
    assert password not in str(service.query("SELECT * FROM audit_log"))
    assert password not in service.log()


def _test_zip(seven_zip: str, file: Path, password: str) -> int:
    return subprocess.run(
        [seven_zip, "t", f"-p{password}", str(file)], capture_output=True, check=False
    ).returncode


def test_overage_and_quantity_choose_the_range(service: Service, ada: str) -> None:
    """A hundred caps with five percent over are 105 codes."""
    package = order(
        service, ada, fresh(service), quantity=100, overage_percent=5, from_index=10
    )
    assert (package["from_index"], package["to_index"]) == (10, 114)
    assert package["net_quantity"] == 100


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"preset": "pdf"}, ""),
        ({"preset": "csv", "to_index": 300}, "out_of_range"),
        ({"preset": "csv", "quantity": 10, "to_index": 5}, "mismatch"),
        ({"preset": "csv", "quantity": 301}, "out_of_range"),
        ({"preset": "csv", "encryption": {"kind": "age"}}, "mismatch"),
        ({"preset": "csv", "lanes": 0}, ""),
        ({"preset": "csv", "download_by": "2026-05-01T08:00:00"}, "no_offset"),
    ],
)
def test_a_wrong_order_is_refused(
    service: Service, ada: str, body: Json, code: str
) -> None:
    """Each wrong field is named, and nothing is packaged."""
    batch = fresh(service)
    refused(service.post(path_of(batch, "/packages"), body, ada), 422, code)
    assert not service.get(f"/v1/packages?batch_id={batch['batch_id']}", ada).json()[
        "items"
    ]


def test_what_is_due_and_not_done_is_listed(service: Service, ada: str) -> None:
    """A package not downloaded, and codes not activated, by the day they were due."""
    batch = fresh(service)
    past = "2026-01-01T00:00:00Z"
    package = order(service, ada, batch, download_by=past, activate_by=past)
    assert package["overdue"] == ["download", "activation"]
    listed = service.get("/v1/packages?overdue=true", ada).json()["items"]
    assert package["package_id"] in [each["package_id"] for each in listed]


def test_samples_are_genuine_and_never_active(
    service: Service, ada: str, ben: str
) -> None:
    """A sample scans as not active, and none of its symbols is of the batch."""
    batch = fresh(service)
    package = order(service, ada, batch)
    approve(service, ben, package)
    with zipfile.ZipFile(
        io.BytesIO(download(service, ada, package).content)
    ) as archive:
        texts = [
            archive.read(name).decode().strip()
            for name in archive.namelist()
            if name.startswith("samples/") and name.endswith(".txt")
        ]
    assert len(set(texts)) == 10
    assert service.scan(texts[0], "eve")["outcome"] == "not_active"
    assert not {text[-16:] for text in texts} & set(service.codes(batch))
