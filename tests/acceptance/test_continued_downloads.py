"""Downloads that are cut and go on: counted once, never more than was allowed."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_packages import address_of, approve, download, fresh, order
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service

# Several pieces of a stream, so that a download is really cut within.
QUANTITY = 60_000


@pytest.fixture(scope="module")
def ada(service: Service) -> str:
    """Give the token of who orders and takes."""
    return service.staff_token("issuer", name="ada-takes")


@pytest.fixture(scope="module")
def ben(service: Service) -> str:
    """Give the token of who approves, and takes as another person."""
    return service.staff_token("issuer", name="ben-approves")


Ordering = Callable[..., Json]


@pytest.fixture
def approved(service: Service, ada: str, ben: str) -> Ordering:
    """Give a way to order packages that may be taken."""

    def make(quantity: int = QUANTITY, **fields: Any) -> Json:
        package = order(service, ada, fresh(service, quantity), **fields)
        assert approve(service, ben, package).status_code == 201
        return package

    return make


def take(
    service: Service, token: str, package: Json, wanted: str, **headers: str
) -> httpx.Response:
    """Ask for a range of a package."""
    sent = {"authorization": f"Bearer {token}", "range": wanted} | headers
    return service.http.get(address_of(package, "/content"), headers=sent)


def measure(service: Service, token: str, package: Json) -> httpx.Response:
    """Ask for the head of a package's content."""
    headers = {"authorization": f"Bearer {token}"}
    return service.http.head(address_of(package, "/content"), headers=headers)


def left(service: Service, token: str, package: Json) -> int:
    """Tell how many downloads are left."""
    return int(service.get(address_of(package), token).json()["downloads_left"])


def taken(service: Service, token: str, package: Json) -> list[Json]:
    """List the downloads."""
    shown: list[Json] = service.get(address_of(package), token).json()["downloads"]
    return shown


CLOSED = pytest.mark.parametrize("kind", ["none", "password"])


@CLOSED
def test_parts_make_the_whole_and_count_once(
    service: Service, ada: str, approved: Ordering, kind: str
) -> None:
    """In any order; the end is noted when all bytes were taken, with their digest."""
    package = approved(encryption={"kind": kind})
    head = measure(service, ada, package)
    length, etag = int(head.headers["content-length"]), head.headers["etag"]
    assert head.headers["accept-ranges"] == "bytes"
    assert head.content == b""
    assert left(service, ada, package) == 3
    middle = length // 2
    late = take(service, ada, package, f"bytes={middle}-", **{"if-range": etag})
    [half] = taken(service, ada, package)
    assert (half["taken_bytes"], half["finished_at"]) == (length - middle, None)
    early = take(service, ada, package, f"bytes=0-{middle - 1}", **{"if-range": etag})
    assert (early.status_code, late.status_code) == (206, 206)
    assert late.headers["content-range"] == f"bytes {middle}-{length - 1}/{length}"
    assert len(late.content) == length - middle
    whole = early.content + late.content
    [one] = taken(service, ada, package)
    assert (one["requests"], one["taken_bytes"]) == (2, length)
    assert one["sha256"] == hashlib.sha256(whole).hexdigest()
    assert one["size_bytes"] == length
    assert left(service, ada, package) == 2
    answer = download(service, ada, package)
    assert answer.content == whole
    assert answer.headers["etag"] == etag
    assert answer.headers["content-length"] == str(length)
    assert left(service, ada, package) == 1


def test_a_part_of_another_content_is_all_of_this_one(
    service: Service, ada: str, approved: Ordering
) -> None:
    """Sent whole, and counted as such."""
    package = approved(300)
    answer = take(service, ada, package, "bytes=5-", **{"if-range": '"other"'})
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"
    assert left(service, ada, package) == 2


def test_ranges_that_are_not_there_count_nothing(
    service: Service, ada: str, approved: Ordering
) -> None:
    """416 with the length; so does asking for several at once."""
    package = approved(300)
    length = measure(service, ada, package).headers["content-length"]
    for wanted in (f"bytes={length}-", "bytes=0-1,5-6"):
        answer = take(service, ada, package, wanted)
        refused(answer, 416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{length}"
    assert left(service, ada, package) == 3
    assert taken(service, ada, package) == []


def test_nobody_gets_more_copies_by_ranges(
    service: Service, ada: str, approved: Ordering
) -> None:
    """All of it is a download each time, all but a byte twice within one at most."""
    package = approved(300)
    for _ in range(3):
        assert take(service, ada, package, "bytes=0-").status_code == 206
    refused(take(service, ada, package, "bytes=0-"), 403, "downloads_used_up")
    refused(download(service, ada, package), 403, "downloads_used_up")
    other = approved(300)
    copies = 0
    while (answer := take(service, ada, other, "bytes=1-")).status_code == 206:
        copies += 1
    refused(answer, 403, "downloads_used_up")
    assert copies == 2 * 3
    log = service.query(
        "SELECT action, count(*) FROM audit_log WHERE subject = %s"
        " AND action LIKE '%%download' GROUP BY 1 ORDER BY 1",
        f"package:{other['package_id']}",
    )
    assert log == [("package.continue_download", 3), ("package.download", 3)]


def test_another_person_does_not_go_on_with_it(
    service: Service, ada: str, ben: str, approved: Ordering
) -> None:
    """A download is one person's."""
    package = approved(300)
    for token in (ada, ben, ada):
        assert take(service, token, package, "bytes=1-9").status_code == 206
    assert [one["person"] for one in taken(service, ada, package)] == [
        *("ada-takes", "ben-approves")
    ]


def test_the_last_download_goes_on_though_all_are_used(
    service: Service, ada: str, ben: str, approved: Ordering
) -> None:
    """But not once the package was cancelled."""
    package = approved(300, downloads_allowed=1)
    assert take(service, ada, package, "bytes=0-9").status_code == 206
    assert left(service, ada, package) == 0
    assert take(service, ada, package, "bytes=10-").status_code == 206
    wish = {"reason": "lost"}
    service.post(address_of(package, "/cancellations"), wish, ben)
    refused(take(service, ada, package, "bytes=10-"), 403, "package_cancelled")
    assert measure(service, ada, package).status_code == 403


def test_a_download_that_was_cut_says_how_far_it_came(
    service: Service, ada: str, approved: Ordering
) -> None:
    """What was not sent is given back, so that it can go on."""
    package = approved()
    headers = {"authorization": f"Bearer {ada}"}
    path = service.base_url + address_of(package, "/content")
    with httpx.stream("GET", path, headers=headers) as answer:
        next(_pieces(answer))
    wait_for(lambda: taken(service, ada, package)[0]["taken_bytes"] > 0)
    [one] = taken(service, ada, package)
    assert one["finished_at"] is None
    sent = "SELECT bytes_sent FROM package_downloads WHERE package_id = %s"
    [(bytes_sent,)] = service.query(sent, package["package_id"])
    assert bytes_sent == one["taken_bytes"]


def _pieces(answer: httpx.Response) -> Iterator[bytes]:
    return answer.iter_raw(1_024)


@CLOSED
@pytest.mark.parametrize("program", ["curl", "wget"])
def test_the_usual_programs_go_on_where_they_were_cut(  # noqa: PLR0917 - fixtures
    service: Service,
    ada: str,
    approved: Ordering,
    tmp_path: Path,
    kind: str,
    program: str,
) -> None:
    """`curl -C -` and `wget -c`: what is missing, and the second time nothing."""
    package = approved(300, encryption={"kind": kind})
    whole = download(service, ada, package).content
    file = tmp_path / "package.zip"
    file.write_bytes(take(service, ada, package, "bytes=0-9999").content)
    url = service.base_url + address_of(package, "/content")
    token = f"Authorization: Bearer {ada}"
    words = {
        "curl": ("curl", "-sS", "-f", "-C", "-", "-o", file, "-H", token, url),
        "wget": ("wget", "-q", "-c", "-O", file, "--header", token, url),
    }[program]
    for _ in range(2):
        subprocess.run(words, check=False, capture_output=True)
        assert file.read_bytes() == whole
    assert left(service, ada, package) == 2
