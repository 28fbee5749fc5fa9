"""Who may take a package: never its file and its password; the print house apart."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.test_batch_routes import refused
from tests.acceptance.test_packages import address_of, approve, download, fresh, order
from tests.fixtures.service import Service


@pytest.fixture(scope="module")
def ada(service: Service) -> str:
    """Give the token of who orders."""
    return service.staff_token("issuer", name="ada")


@pytest.fixture(scope="module")
def ben(service: Service) -> str:
    """Give the token of who approves."""
    return service.staff_token("issuer", name="ben")


def test_nobody_has_a_package_and_its_password(
    service: Service, ada: str, ben: str
) -> None:
    """Who was told takes no file, not a part of it; who took it is never told."""
    closed = {"kind": "password"}
    told, taken = (
        order(service, ada, fresh(service), encryption=closed) for _ in range(2)
    )
    approve(service, ben, told)
    assert service.post(address_of(told, "/passwords"), {}, ben).status_code == 200
    again = service.staff_token("admin", name="ben")
    for token in (ben, again):
        refused(download(service, token, told), 403, "knows_the_password")
    head = {"authorization": f"Bearer {ben}", "range": "bytes=0-9"}
    content = service.http.get(address_of(told, "/content"), headers=head)
    refused(content, 403, "knows_the_password")
    assert download(service, ada, told).status_code == 200
    approve(service, ben, taken)
    part = service.http.get(address_of(taken, "/content"), headers=head)
    assert part.status_code == 206
    refused(service.post(address_of(taken, "/passwords"), {}, ben), 403, "has_the_file")


def test_an_order_names_a_print_house_that_has_a_token(
    service: Service, ada: str
) -> None:
    """A mistyped one would never see its package."""
    batch = fresh(service, 5)
    wanted = {"preset": "csv", "printhouse": "no such press"}
    path = f"/v1/batches/{batch['batch_id']}/packages"
    body = refused(service.post(path, wanted, ada), 422, "invalid_input")
    assert body["errors"][0]["pointer"] == "/printhouse"


def test_who_asks_for_both_at_once_gets_one(
    service: Service, ada: str, ben: str
) -> None:
    """Whichever of the two came first; the row of the package decides."""
    for _ in range(3):
        package = order(
            service, ada, fresh(service, 5), encryption={"kind": "password"}
        )
        approve(service, ben, package)
        with ThreadPoolExecutor(2) as pool:
            file = pool.submit(download, service, ben, package)
            word = pool.submit(service.post, address_of(package, "/passwords"), {}, ben)
        assert sorted([file.result().status_code, word.result().status_code]) == [
            *(200, 403),
        ]


def test_a_print_house_and_the_staff_are_counted_apart(
    service: Service, ada: str, ben: str
) -> None:
    """What the brand looks at is not taken from its printer."""
    house = service.staff_token("printhouse", name="counted press")
    package = order(
        service, ada, fresh(service), printhouse="counted press", downloads_allowed=1
    )
    approve(service, ben, package)
    assert download(service, ada, package).status_code == 200
    refused(download(service, ben, package), 403, "downloads_used_up")
    assert service.get(address_of(package), house).json()["downloads_left"] == 1
    assert download(service, house, package).status_code == 200
    refused(download(service, house, package), 403, "downloads_used_up")
    assert service.get(address_of(package), ada).json()["downloads_left"] == 0
